"""One capture run: select pages, fetch what belongs to them, compare with the archive, convert, write, and count.

The classes of the gateway end here: `recorded_values` turns them into what a record holds, and `rendition` turns a
record into what the converter needs. Imports `archive`, the gateway port, `bot.storage`, `bot.convert` and
`bot.config.policy`.
"""
