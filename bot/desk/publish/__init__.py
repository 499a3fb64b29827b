"""Plan, edits on the wiki, runs, pages, settings and health.

May import `desk`, `examination`, `jobs`, `runtime`, `operations`, `present`, `adopt`, `sync`, `snapshot`, `wiki`,
`config` and `storage`.
"""

from flask import Blueprint

blueprint = Blueprint("publish", __name__)
