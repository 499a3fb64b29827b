"""Verification: the folder of snapshots → findings, which say of each flaw the file and what is wrong.

This room only reads. It imports `archive`, and nothing from the wiki or the converter.
"""
