"""A small Confluence, Cloud or Data Center, that answers over HTTP: for demonstrations and tests.

The rooms, from the top. Each imports only those below it, and none imports the bot (contracts in `pyproject.toml`).

- `commands`, `testing`: the command line, and a running wiki for tests
- `server`, `application`, `faults`, `seed`, `export`: HTTP, the Flask application, simulated faults, worlds in files
- `pages`, `rest`: what people and programs ask for
- `bodies`, `sent_bodies`, `content_search`, `copies`, `downloads`: what `pages` and `rest` share
- `editor`, `adf`, `cql`, `view`: edited text, documents, queries, rendered bodies
- `site`, `store`, `normalise`, `storage_tree`: one running wiki, its database, its bodies
"""
