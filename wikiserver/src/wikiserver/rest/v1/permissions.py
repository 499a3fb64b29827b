"""v1: the permissions of a space: one at a time on Cloud, by user and group on Data Center."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import text_of
from wikiserver.rights import check_administrator, get_administered
from wikiserver.site import base_url, get_store, parse_id
from wikiserver.store import SITE_ID, DuplicateError, Grant, InvalidError, Operation, Space


@api.post("/space/<key>/permission")
def add_permission(key: str) -> Any:
    """Allow one operation to a user or group (Cloud)."""
    space, body = get_administered(key), json_object()
    kind, identifier = text_of(body, "subject", "type") or "", text_of(body, "subject", "identifier") or ""
    operation = Operation(text_of(body, "operation", "key") or "", text_of(body, "operation", "target") or "")
    try:
        grant = get_store().space_permissions.add(space.id, kind, _subject(kind, identifier), operation)
    except DuplicateError as error:
        raise InvalidError(str(error)) from error
    return jsonify(_cloud_json(grant, space))


@api.delete("/space/<key>/permission/<grant_id>")
def remove_permission(key: str, grant_id: str) -> Response:
    """Withdraw one permission (Cloud); without `read space`, the user or group has no other either."""
    space = get_administered(key)
    grant = get_store().space_permissions.get(space.id, parse_id(grant_id, what="permission"))
    get_store().space_permissions.revoke(space.id, grant.subject, (grant.operation,))
    return Response(status=204)


def _cloud_json(grant: Grant, space: Space) -> Json:
    return {
        "id": grant.id,
        "subject": {"type": grant.subject_type, "identifier": grant.subject},
        "operation": {"key": grant.operation.key, "target": grant.operation.target},
        "_links": {"base": base_url(), "self": f"{base_url()}/rest/api/space/{space.key}/permission/{grant.id}"},
    }


def _subject(kind: str, identifier: str) -> str:
    """Return the id of a user or group; raises InvalidError for any other type of subject."""
    people = get_store().people
    if kind == "user":
        return people.get(identifier).account_id
    group = people.find_group(identifier) if kind == "group" else None
    if group is None:
        raise InvalidError(f"No {kind or 'subject'} found with the identifier: {identifier}")
    return group.id


@api.get("/space/<key>/permissions")
def list_permissions(key: str) -> Any:
    """List who may do what in a space (Data Center)."""
    space = get_administered(key)
    return jsonify([_server_json(one, space) for one in get_store().space_permissions.of(space.id)])


@api.post("/space/<key>/permissions")
def set_permissions(key: str) -> Any:
    """Replace the permissions of the named users and groups (Data Center)."""
    space, items = get_administered(key), request.get_json(silent=True)
    permissions = get_store().space_permissions
    with get_store().transaction():
        for item in items if isinstance(items, list) else []:
            kind, name = ("user", item.get("userKey")) if item.get("userKey") else ("group", item.get("groupName"))
            subject = _subject(kind, str(name))
            permissions.revoke(space.id, subject, [one.operation for one in permissions.of(space.id, subject)])
            permissions.grant(space.id, kind, subject, _operations(item.get("operations")))
    return jsonify({})


def register(kind: str) -> None:
    """Add the operations on the permissions of a user or a group (Data Center)."""

    @api.get(f"/space/<key>/permissions/{kind}/<name>", endpoint=f"list_permissions_of_{kind}")
    def list_permissions_of(key: str, name: str) -> Any:
        space = get_administered(key)
        found = get_store().space_permissions.of(space.id, _subject(kind, name))
        return jsonify([_server_json(one, space) for one in found])

    for change in ("grant", "revoke"):
        register_change(kind, change)


def register_change(kind: str, change: str) -> None:
    """Add the operations that grant or revoke permissions, in a space and for the whole wiki (Data Center)."""

    @api.put(f"/space/<key>/permissions/{kind}/<name>/{change}", endpoint=f"{change}_to_{kind}")
    def change_permissions(key: str, name: str) -> Response:
        return _changed(get_administered(key).id, kind, name, change)

    @api.put(f"/permissions/{kind}/<name>/{change}", endpoint=f"{change}_to_{kind}_globally")
    def change_global_permissions(name: str) -> Response:
        check_administrator()
        return _changed(SITE_ID, kind, name, change)


for _kind in ("user", "group"):
    register(_kind)


def _changed(space_id: int, kind: str, name: str, change: str) -> Response:
    subject, operations = _subject(kind, name), _operations(request.get_json(silent=True))
    if change == "grant":
        get_store().space_permissions.grant(space_id, kind, subject, operations)
    else:
        get_store().space_permissions.revoke(space_id, subject, operations)
    return Response(status=204)


def _operations(items: object) -> list[Operation]:
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise InvalidError("Operations must be a list of objects with operationKey and targetType")
    return [Operation(str(one.get("operationKey")), str(one.get("targetType"))) for one in items]


def _server_json(grant: Grant, space: Space) -> Json:
    people = get_store().people
    subject: Json = {"type": grant.subject_type}
    if grant.subject_type == "user":
        user = people.find(grant.subject)
        subject |= {"displayName": user.display_name if user is not None else grant.subject}
    else:
        group = people.find_group(grant.subject)
        subject |= {"displayName": group.name if group is not None else grant.subject}
    operation = {"targetType": grant.operation.target, "operationKey": grant.operation.key}
    return {"operation": operation, "subject": subject, "spaceKey": space.key, "spaceId": space.id}
