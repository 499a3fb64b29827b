"""One capture run: select pages, fetch their data, compare with the archive, convert, write, and count.

Classes of the gateway are not used outside this package: `observation` converts them to values of a record, and
`rendition` converts a record to the context of the converter. May import `archive`, `verify`, `mirror`, `witness`,
`convert`, `wiki`, `config` and `storage`.
"""
