"""What people ask the snapshots: history, differences, search, reports and exports.

This room only reads the archive and never asks the wiki; the search index is a cache that can be deleted. It may import
all other rooms of `bot.snapshot`.
"""
