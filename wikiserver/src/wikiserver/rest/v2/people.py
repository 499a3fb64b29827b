"""v2: people in bulk, types of ids, search."""

from typing import Any, Final

from flask import Response, jsonify, request

from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.search import search_everything
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import parse_number
from wikiserver.rest.v2.paging import paginate
from wikiserver.rights import check_administrator, may_read
from wikiserver.site import get_store, get_user
from wikiserver.store import Content, InvalidError, User

_MAX_IDS: Final = 100


def _user_json(user: User) -> Json:
    return {
        "displayName": user.display_name,
        "timeZone": "Etc/UTC",
        "isExternalCollaborator": False,
        "accountStatus": "active" if user.is_active else "inactive",
        "accountId": user.account_id,
        "email": user.email,
        "accountType": "atlassian",
        "publicName": user.display_name,
        "profilePicture": {"path": "/images/icons/profilepics/default.svg", "isDefault": True},
    }


@api.post("/users-bulk")
def get_users() -> Any:
    """Return many users by account id."""
    wanted = json_object().get("accountIds")
    if not isinstance(wanted, list) or not wanted:
        raise InvalidError("'accountIds' must list at least one account")
    found = [user for one in wanted if (user := get_store().people.find(str(one))) is not None]
    return paginate(found, _user_json, limit=250)


@api.post("/content/convert-ids-to-types")
def get_types() -> Any:
    """Return the type of each content id."""
    wanted = json_object().get("contentIds")
    if not isinstance(wanted, list) or len(wanted) > _MAX_IDS:
        raise InvalidError(f"'contentIds' must be a list of at most {_MAX_IDS} ids")
    found = {str(one): get_store().contents.find(parse_number(str(one), "contentIds")) for one in wanted}
    types = {one: _type(content) if content and may_read(content) else None for one, content in found.items()}
    return jsonify({"results": types})


def _type(content: Content) -> str:
    if content.type != "comment":
        return content.type
    return f"{get_store().comments.detail(content.id).location}-comment"


@api.get("/search")
def search() -> Any:
    """Search by CQL; not in Atlassian's documents, but used by a client."""
    if "query" in request.args and "cql" not in request.args:
        raise InvalidError("'cql' is required")
    return search_everything()


@api.route("/admin-key", methods=["GET", "POST", "DELETE"])
def admin_key() -> Any:
    """Read, activate or deactivate the admin key, with which an administrator bypasses restrictions."""
    check_administrator()
    if request.method == "DELETE":
        return Response(status=204)
    return jsonify({"accountId": get_user().account_id, "expirationTime": iso(get_store().clock())})
