"""One capture run: select pages, fetch their data, compare with the archive, convert, write, and count.

Classes of the gateway are not used outside this package: `recorded_values` converts them to values of a record, and
`rendition` converts a record to the context of the converter. May import `archive`, the gateway port, `bot.storage`,
`bot.convert` and `bot.config.policy`.
"""
