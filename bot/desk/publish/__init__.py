"""Plan, edits on the wiki, runs, pages, settings and health.

May import `desk`, `runtime`, `operations`, `present`, `sync`, `snapshot`, `wiki`, `config` and `storage`.
"""

from flask import Blueprint

blueprint = Blueprint("publish", __name__)
