"""Convert a page that people wrote into values of the data model, and merge these with the data file.

`proposal` proposes which sections of the page become which regions; `blocks`, `phrases` and `values` convert their
content; `merge` merges it with the values of the data file. May import `sync`, `render`, `inline`, `config`, `storage`
and `wiki`.
"""
