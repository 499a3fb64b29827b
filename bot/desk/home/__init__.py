"""The overview, the areas of the desk that everyone needs, and the public health check.

May import `desk`, `jobs`, `runtime`, `operations`, `present`, `sync`, `snapshot`, `wiki`, `config` and `storage`.
"""

from flask import Blueprint

blueprint = Blueprint("home", __name__)
