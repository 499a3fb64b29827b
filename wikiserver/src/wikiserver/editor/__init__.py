"""The editor: bodies as people edit them in a browser, comparison of versions, and merging of two people's changes.

Pure functions on bodies. May import `view` and `storage_tree`; knows no request and no store.
"""
