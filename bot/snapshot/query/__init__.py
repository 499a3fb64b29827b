"""Query the snapshots: history, differences, search, reports and exports.

This package only reads the archive and sends no requests to the wiki; the search index is a cache that can be deleted.
May import `capture`, `verify`, `archive`, `convert` and `config`.
"""
