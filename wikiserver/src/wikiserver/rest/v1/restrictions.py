"""v1: who may read and change a content."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.rest.arguments import Json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable
from wikiserver.rest.v1.paging import base_links, envelope
from wikiserver.rest.v1.people_json import group_json, user_json
from wikiserver.rest.v1.restriction_json import (
    OPERATIONS,
    restriction_json,
    restrictions_by_operation,
    restrictions_hash,
)
from wikiserver.site import get_site, get_store
from wikiserver.store import Content, Group, InvalidError, NotFoundError, User

_ALL = "restrictions.user,restrictions.group"


def _list(content: Content) -> Any:
    results = [restriction_json(content, one, Expand.of_request(_ALL)) for one in OPERATIONS]
    answer = envelope(results, start=0, limit=100, has_more=False, restrictionsHash=restrictions_hash(content))
    return jsonify(answer)


@api.get("/content/<content_id>/restriction")
def list_restrictions(content_id: str) -> Any:
    """List the restrictions of a content."""
    return _list(get_readable(content_id))


@api.get("/content/<content_id>/restriction/byOperation")
def get_restrictions(content_id: str) -> Any:
    """Return the restrictions of a content by operation."""
    answer = restrictions_by_operation(get_readable(content_id), Expand.of_request())
    answer["_links"] |= base_links()
    return jsonify(answer)


@api.get("/content/<content_id>/restriction/byOperation/<operation>")
def get_restrictions_for(content_id: str, operation: str) -> Any:
    """Return who may do one operation."""
    answer = restriction_json(get_readable(content_id), _checked(operation), Expand.of_request(_ALL))
    answer["_links"] |= base_links()
    return jsonify(answer)


@api.get("/content/<content_id>/restriction/relevantViewRestrictions")
def get_relevant_view_restrictions(content_id: str) -> Any:
    """Return the effective view restrictions: those of the page and of all its ancestors."""
    content = get_readable(content_id)
    pages = [*get_store().hierarchy.ancestors(content.id), content]
    binding = [one for one in pages if any(get_store().restrictions.of(one.id)["read"].values())]
    results = [restriction_json(one, "read", Expand.of_request(_ALL)) for one in binding]
    return jsonify(envelope(results, start=0, limit=100, has_more=False))


@api.post("/content/<content_id>/restriction")
def add_restrictions(content_id: str) -> Any:
    """Add users and groups to the restrictions of a content."""
    content = get_editable(content_id, "restrict")
    with get_store().transaction():
        _add(content)
    return _list(content)


@api.put("/content/<content_id>/restriction")
def replace_restrictions(content_id: str) -> Any:
    """Replace the restrictions of a content."""
    content = get_editable(content_id, "restrict")
    with get_store().transaction():
        get_store().restrictions.clear(content.id)
        _add(content)
    return _list(content)


@api.delete("/content/<content_id>/restriction")
def remove_restrictions(content_id: str) -> Any:
    """Remove all restrictions of a content."""
    content = get_editable(content_id, "restrict")
    get_store().restrictions.clear(content.id)
    return _list(content)


def _add(content: Content) -> None:
    body = request.get_json(silent=True)
    items = body.get("results") if isinstance(body, dict) and "results" in body else body
    for item in items if isinstance(items, list) else [items]:
        if not isinstance(item, dict):
            raise InvalidError("Restrictions must be objects with operation and restrictions")
        named = item.get("restrictions") or {}
        for user in _results(named.get("user")):
            subject = _user(user)
            get_store().restrictions.add(content.id, _checked(item.get("operation")), "user", subject.account_id)
        for group in _results(named.get("group")):
            found = get_store().people.get_group(str(group.get("id") or group.get("name")))
            get_store().restrictions.add(content.id, _checked(item.get("operation")), "group", found.id)


def _results(value: object) -> list[Json]:
    items = value.get("results", []) if isinstance(value, dict) else value
    return [one for one in items if isinstance(one, dict)] if isinstance(items, list) else []


def _user(value: Json) -> User:
    key = value.get("accountId") or value.get("userKey") or value.get("username") or value.get("key")
    return get_store().people.get(str(key))


def _checked(operation: object) -> str:
    if operation not in OPERATIONS:
        raise InvalidError(f"Unknown operation: {operation}")
    return str(operation)


def _asked_user() -> User:
    for name in ("accountId", "key", "username", "userName"):
        if name in request.args:
            return get_store().people.get(request.args[name])
    raise InvalidError("Name a user by accountId" if get_site().is_cloud else "Name a user by key or username")


@api.route("/content/<content_id>/restriction/byOperation/<operation>/user", methods=["GET", "PUT", "DELETE"])
def user_restriction(content_id: str, operation: str) -> Any:
    """Look up, add or remove one user."""
    return _one(content_id, operation, "user", _asked_user())


@api.route(
    "/content/<content_id>/restriction/byOperation/<operation>/byGroupId/<group>", methods=["GET", "PUT", "DELETE"]
)
@api.route("/content/<content_id>/restriction/byOperation/<operation>/group/<group>", methods=["GET", "PUT", "DELETE"])
def group_restriction(content_id: str, operation: str, group: str) -> Any:
    """Look up, add or remove one group."""
    return _one(content_id, operation, "group", get_store().people.get_group(group))


def _one(content_id: str, operation: str, kind: str, subject: User | Group) -> Any:
    store, key = get_store(), subject.account_id if isinstance(subject, User) else subject.id
    operation = _checked(operation)
    if request.method == "PUT":
        store.restrictions.add(get_editable(content_id, "restrict").id, operation, kind, key)
        return Response(status=200)
    content = get_readable(content_id)
    if request.method == "DELETE":
        store.restrictions.remove(get_editable(content_id, "restrict").id, operation, kind, key)
        return Response(status=200)
    if key not in store.restrictions.of(content.id)[operation][kind]:
        raise NotFoundError(f"{key} is not among the restrictions of content {content_id}")
    return jsonify(user_json(subject) if isinstance(subject, User) else group_json(subject))
