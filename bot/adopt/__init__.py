"""Convert a page that people wrote into values of the data model, and merge these with the data file.

`proposal` proposes which sections of the page become which regions; `blocks` and `phrases` read their content, `values`
with `status_values`, `link_values` and `news_values` converts it; `merge` merges it with the values of the data file.
May import `sync`, `render`, `item_id`, `inline`, `config`, `storage` and `wiki`.
"""
