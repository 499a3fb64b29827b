"""Verify a snapshots folder and return findings, each with the file and the problem.

This package only reads. May import `archive` and `witness`.
"""
