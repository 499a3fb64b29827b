"""Captured pages, their versions, checkpoints and reports.

May import `desk`, `runtime`, `operations`, `present`, `sync`, `snapshot`, `wiki`, `config` and `storage`.
"""

from flask import Blueprint

blueprint = Blueprint("archive", __name__)
