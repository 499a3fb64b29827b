"""Captured pages, their versions, checkpoints and reports.

May import `desk`, `runtime`, `operations`, `present`, `sync`, `snapshot`, `wiki`, `config` and `storage`.
"""

from flask import Blueprint

from bot.escape import visible

blueprint = Blueprint("archive", __name__)
blueprint.add_app_template_filter(lambda text: visible(str(text)), "visible")
