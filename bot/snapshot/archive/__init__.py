"""The files of the snapshots: their formats, and the transaction that changes them.

Each kind of file has one module: records, page entries, events, bags, checkpoint, redactions, journal. `library` reads
the files; `writer` checks the current state and then writes a run as one transaction. All other packages of
`bot.snapshot` may import this one. May import foundations such as `files`.
"""
