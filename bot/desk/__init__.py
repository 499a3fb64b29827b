"""The web desk: what the bot does, for people with a browser.

`application.create_app` makes the Flask application of a `Desk`; `server` serves it. Each area of the desk is a package
with a `blueprint`. A view is declared with the least role that may use it (`roles.requires`); an application with a
view without that does not start. Templates, styles and the catalogue of texts are in `templates/desk/`. Nothing but
the commands imports this package. May import `runtime`, `operations`, `present`, `adopt`, `sync`, `snapshot`,
`convert`, `inline`, `wiki`, `config` and `storage`, the rooms below `operations` for their values only.
"""
