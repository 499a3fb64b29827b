"""The editor: bodies as edited in a browser, comparison of versions, and merging of concurrent changes.

Pure functions on bodies. May import `view` and `storage_tree`, but no requests and no store.
"""
