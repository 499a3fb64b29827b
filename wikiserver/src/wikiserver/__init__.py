"""The embedded wiki: a small Confluence, Cloud or Data Center, to try the bot on. It imports nothing of the bot."""
