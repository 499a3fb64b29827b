"""Redact a page everywhere: its own files, and what the records and renditions of other pages show of it.

    erasure = find_traces(library, page)      before anything is written: where title and text are
    redact(writer, erasure, reason=…, by=…)   one run: remove the page, clean the other pages, render them again
    find_leftovers(root, others, erasure)     afterwards: every file that still has title, file names or text

May import `capture`, `archive` and `storage`.
"""
