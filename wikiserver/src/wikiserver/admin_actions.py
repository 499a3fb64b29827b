"""Actions of people that a test asks for: `POST /_admin/editor`."""

from typing import Any, Final

from flask import Blueprint, Response, jsonify, request

from wikiserver.person_saves import open_and_save
from wikiserver.site import authenticate, get_site, parse_id
from wikiserver.store import StoreError

admin_actions: Final = Blueprint("admin_actions", __name__)


@admin_actions.post("/_admin/editor")
def save_in_editor() -> Any:
    """Let a person open and save a page: `{"page": ID, "person": "ana", "editor": "cloud", "seed": 1}`."""
    user = authenticate(request.headers.get("Authorization"), get_site())
    if user is None or not user.is_admin:
        return _refuse(403, "Only administrators save pages as other people")
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict) or "page" not in asked:
        return _refuse(400, 'Send {"page": ID}; "person", "editor", "seed" and "message" are optional')
    try:
        page = open_and_save(
            get_site(),
            parse_id(str(asked["page"])),
            str(asked.get("person", "ana")),
            editor=str(asked.get("editor", "")),
            seed=asked.get("seed"),
            message=str(asked.get("message", "")),
        )
    except StoreError as error:
        return _refuse(400, str(error))
    return jsonify({"page": str(page.id), "version": page.version})


def _refuse(status: int, message: str) -> Response:
    answer = jsonify({"statusCode": status, "message": message})
    answer.status_code = status
    return answer
