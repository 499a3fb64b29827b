"""Archived pages as Markdown, with evidence that public tools can check.

Four rooms, each of which imports only the rooms below it: `query` (what people ask), `capture` (what a run takes from
the wiki), `verify` (what can be wrong), `archive` (files on disk). The rooms import `bot.storage`, `bot.convert`,
`bot.wiki` and `bot.config.policy`; they know neither settings nor commands.
"""
