"""v1: who watches a page or a space; permission checks."""

from typing import Any, Final

from flask import jsonify

from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_readable, text_of
from wikiserver.rest.v1.paging import paginate
from wikiserver.rest.v1.people_json import user_json
from wikiserver.rights import Act, user_may, user_may_read, visible_space
from wikiserver.site import get_site, get_store, get_user, space_of
from wikiserver.store import Content, ForbiddenError, InvalidError, User


def _watchers(kind: str, target: str) -> list[Json]:
    people = get_store().people
    found = [people.find(account) for account in get_store().watches.watchers(kind, target)]
    wanted = Expand(["operations", "personalSpace"])
    return [user_json(user, wanted) | {"personalSpace": None} for user in found if user is not None]


@api.get("/content/<content_id>/notification/child-created")
def list_page_watches(content_id: str) -> Any:
    """List who watches a page."""
    content = get_readable(content_id)
    found = [
        {"type": "Watch", "watcher": watcher, "contentId": content.id}
        for watcher in _watchers("content", str(content.id))
    ]
    return jsonify(paginate(found, dict, default=200))


@api.get("/content/<content_id>/notification/created")
def list_space_watches(content_id: str) -> Any:
    """List who watches the space of a page."""
    return _space_watches(space_of(get_readable(content_id)).key)


@api.get("/space/<key>/watch")
def list_watches_of_space(key: str) -> Any:
    """List who watches a space."""
    return _space_watches(visible_space(key).key)


def _space_watches(key: str) -> Any:
    found = [{"type": "SpaceWatch", "watcher": watcher, "spaceKey": key} for watcher in _watchers("space", key)]
    return jsonify(paginate(found, dict, default=200))


@api.get("/content/<content_id>/watchers")
def list_watchers(content_id: str) -> Any:
    """List who watches a page or its space (Data Center); only administrators may."""
    content = get_readable(content_id)
    if not get_user().is_admin:
        raise ForbiddenError("Only administrators list the watchers of a page")
    found = {each["userKey"]: each for each in _watchers("content", str(content.id))}
    found |= {each["userKey"]: each for each in _watchers("space", space_of(content).key)}
    return jsonify(paginate(list(found.values()), dict, default=25))


@api.post("/content/<content_id>/permission/check")
def check_permission(content_id: str) -> Any:
    """Return whether a user may read or change a content."""
    content, body = get_readable(content_id), json_object()
    user = get_store().people.get(text_of(body, "subject", "identifier") or "")
    return jsonify({"hasPermission": _may(user, content, text_of(body, "operation") or ""), "errors": []})


_ACTS: Final[dict[str, Act]] = {
    "update": "edit",
    "move": "edit",
    "delete": "delete",
    "create": "add",
    "archive": "archive",
    "restrict_content": "restrict",
}


def _may(user: User, content: Content, operation: str) -> bool:
    if operation == "read":
        return user_may_read(user, content)
    if operation not in _ACTS:
        raise InvalidError(f"Unknown operation: {operation}")
    return user_may(user, _ACTS[operation], content, is_super=user.is_admin and not get_site().is_cloud)
