"""Render plans, page diffs and period reports for people as text, Markdown or HTML.

Each view function takes a value of `sync` or `snapshot` and returns a string; layout is in `templates/present/`.
May import `sync`, `snapshot` and `storage`; uses no network, clock or log. This package
is above `sync` and `snapshot`, because its signatures use their values.
"""
