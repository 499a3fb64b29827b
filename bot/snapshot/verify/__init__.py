"""Verify a snapshots folder and return findings, each with the file and the problem.

This room only reads. It imports `archive`, and nothing from the wiki or the converter.
"""
