"""Signing in and out, the own account, all accounts and the audit log.

May import `desk`, `runtime`, `operations`, `present`, `sync`, `snapshot`, `wiki`, `config` and `storage`.
"""

from flask import Blueprint

blueprint = Blueprint("account", __name__)
