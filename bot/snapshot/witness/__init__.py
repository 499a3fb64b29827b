"""Places outside the snapshots folder that confirm the head: wiki page, webhook, git remote, time stamp authority.

`rounds` has the one protocol: read back, compare with the own chain, write, read back. The other modules are the kinds
of witnesses. May import `archive`, `storage` and `wiki`.
"""
