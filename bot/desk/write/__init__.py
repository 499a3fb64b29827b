"""News, quick links, banner, drafts and the history of edits.

May import `desk`, `jobs`, `runtime`, `operations`, `present`, `sync`, `snapshot`, `convert`, `item_id`,
`inline`, `wiki`, `config` and `storage`.
"""

from flask import Blueprint

blueprint = Blueprint("write", __name__)
