"""Archived pages as Markdown, with evidence that public tools can verify.

Five packages, each of which imports only the packages below it: `query` (history, search, reports), `capture` (capture
runs), `verify` (verification), `witness` (places that confirm the head), `archive` (files on disk). They may import
`bot.storage`, `bot.convert`, `bot.wiki` and `bot.config.policy`, but no settings and no commands.
"""
