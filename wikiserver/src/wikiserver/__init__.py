"""A small Confluence, Cloud or Data Center, that serves HTTP for demonstrations and tests.

The packages and modules, from the top. Each imports only those below it; none imports the bot (see `pyproject.toml`).

- `commands`, `testing`: the command line, and a running wiki for tests
- `server`, `application`, `faults`, `seed`, `export`: HTTP, the Flask application, simulated faults, world folders
- `pages`, `rest`: the pages for browsers and the REST APIs
- `bodies`, `sent_bodies`, `content_search`, `copies`, `downloads`: what `pages` and `rest` share
- `editor`, `adf`, `cql`, `view`: edited text, documents, queries, rendered bodies
- `site`, `store`, `normalise`, `storage_tree`: one running wiki, its database, its bodies
"""
