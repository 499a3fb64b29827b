"""Everything shown to people as text, Markdown or HTML: plans, page diffs, period reports.

Each view function takes a value of `sync` or `snapshot` and returns a string; layout is in `templates/present/`.
May import `sync`, `snapshot`, `storage`, `text_diff`, `escape` and `resources`; no network, clock or log. This room is
above `sync` and `snapshot`, because it names their values in its signatures.
"""
