"""v1: users, groups, and what people watch."""

from typing import Any

from flask import Response, jsonify, request

from wikiserver.cql import find_users
from wikiserver.rest.arguments import json_object
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_readable, text_of
from wikiserver.rest.v1.paging import base_links, paginate
from wikiserver.rest.v1.people_json import anonymous_json, group_json, user_json
from wikiserver.rights import check_administrator, visible_space
from wikiserver.site import get_site, get_store, get_user
from wikiserver.store import Group, InvalidError, NotFoundError, User


def asked_user() -> User:
    """Return the user in the query; Cloud accepts account ids only."""
    names = ("accountId",) if get_site().is_cloud else ("key", "username")
    for name in names:
        if name in request.args:
            return get_store().people.get(request.args[name])
    raise InvalidError(f"One of {', '.join(names)} is required")


def _outermost(user: User) -> Any:
    answer = user_json(user, Expand.of_request())
    answer["_links"] |= base_links()
    return jsonify(answer)


@api.get("/user")
def get_one_user() -> Any:
    """Return one user."""
    return _outermost(asked_user())


@api.get("/user/current")
def get_current_user() -> Any:
    """Return the caller."""
    return _outermost(get_user())


@api.get("/user/anonymous")
def get_anonymous() -> Any:
    """Return the user who is not logged in."""
    answer = anonymous_json()
    answer["_links"] |= base_links()
    return jsonify(answer)


@api.get("/user/bulk")
def get_users_in_bulk() -> Any:
    """Return many users by account id."""
    wanted = [one for text in request.args.getlist("accountId") for one in text.split(",")]
    found = [user for one in wanted if (user := get_store().people.find(one)) is not None]
    return jsonify(paginate(found, user_json, default=200))


@api.get("/user/list")
def list_users() -> Any:
    """List all users (Data Center)."""
    return jsonify(paginate(get_store().people.all(), user_json, default=200))


@api.get("/user/memberof")
def list_groups_of_user() -> Any:
    """List the groups that a user is in."""
    groups = get_store().people.groups_of(asked_user().account_id)
    return jsonify(paginate(groups, group_json, default=200))


@api.get("/user/email")
def get_email() -> Any:
    """Return the email of a user."""
    user = get_store().people.get(request.args.get("accountId", ""))
    return jsonify({"accountId": user.account_id, "email": user.email})


@api.get("/user/email/bulk")
def get_emails() -> Any:
    """Return the emails of many users."""
    users = [get_store().people.get(one) for one in request.args.getlist("accountId")]
    return jsonify([{"accountId": user.account_id, "email": user.email} for user in users])


@api.get("/group")
def list_groups() -> Any:
    """List all groups."""
    return jsonify(paginate(get_store().people.groups(), group_json, default=200))


@api.get("/group/picker")
def pick_groups() -> Any:
    """List the groups whose name contains a text."""
    query = request.args.get("query", "").casefold()
    found = [group_json(one) for one in get_store().people.groups() if query in one.name]
    return jsonify(paginate(found, dict, default=200) | {"totalSize": len(found)})


@api.post("/group")
def create_group() -> Any:
    """Create a group; administrators only."""
    check_administrator()
    name = text_of(json_object(), "name")
    if not name:
        raise InvalidError("A group needs a name")
    return jsonify(group_json(get_store().people.create_group(name))), 201


@api.delete("/group/by-id")
@api.delete("/group")
def delete_group() -> Response:
    """Remove a group; administrators only."""
    check_administrator()
    get_store().people.remove_group(_asked_group())
    return Response(status=204)


@api.get("/group/by-id")
@api.get("/group/by-name")
def get_group_by_query() -> Any:
    """Return the group that the query names."""
    return _group_answer(_asked_group())


@api.get("/group/<name>")
def get_group(name: str) -> Any:
    """Return one group."""
    return _group_answer(get_store().people.get_group(name))


@api.get("/group/member")
def list_members_by_query() -> Any:
    """List the users in the group that the query names."""
    return _members(_asked_group())


@api.get("/group/<group>/member")
@api.get("/group/<group>/membersByGroupId")
def list_members(group: str) -> Any:
    """List the users in a group."""
    return _members(get_store().people.get_group(group))


@api.post("/group/userByGroupId")
@api.post("/group/user")
def join_group() -> Any:
    """Put a user into a group; administrators only."""
    check_administrator()
    user = get_store().people.get(text_of(json_object(), "accountId") or "")
    get_store().people.join(_asked_group(), user.account_id)
    return jsonify({}), 201


@api.delete("/group/userByGroupId")
@api.delete("/group/user")
def leave_group() -> Response:
    """Take a user out of a group; administrators only."""
    check_administrator()
    get_store().people.leave(_asked_group(), get_store().people.get(request.args.get("accountId", "")).account_id)
    return Response(status=204)


@api.get("/search/user")
def search_users() -> Any:
    """Search users: `user.fullname ~ "text"`."""
    found = [
        {
            "user": user_json(user),
            "title": user.display_name,
            "excerpt": "",
            "url": f"/people/{user.account_id}",
            "breadcrumbs": [],
            "entityType": "user",
            "iconCssClass": "aui-icon content-type-profile",
            "lastModified": "1970-01-01T00:00:00.000Z",
            "score": 0,
        }
        for user in find_users(request.args.get("cql", ""), get_store(), get_user())
    ]
    page = paginate(found, dict)
    more = {"totalSize": len(found), "cqlQuery": request.args.get("cql", ""), "searchDuration": 1}
    return jsonify(page | more | {"archivedResultCount": 0})


def _members(group: Group) -> Any:
    return jsonify(paginate(get_store().people.members(group), user_json, default=200))


def _group_answer(group: Group) -> Any:
    answer = group_json(group)
    answer["_links"] |= base_links()
    return jsonify(answer)


def _asked_group() -> Group:
    for name in ("id", "groupId", "name"):
        if name in request.args:
            return get_store().people.get_group(request.args[name])
    raise InvalidError("Name a group by id")


@api.route("/user/watch/<kind>/<target>", methods=["GET", "POST", "DELETE"])
def watch(kind: str, target: str) -> Any:
    """Return whether a user watches something; start or stop watching."""
    target = _watched(kind, target)
    watches, user = get_store().watches, _watcher()
    if request.method == "POST":
        watches.add(user.account_id, kind, target)
        return Response(status=204 if get_site().is_cloud else 200)
    if request.method == "DELETE":
        watches.remove(user.account_id, kind, target)
        return Response(status=204)
    return jsonify({"watching": watches.has(user.account_id, kind, target)})


def _watched(kind: str, target: str) -> str:
    match kind:
        case "content":
            return str(get_readable(target).id)
        case "space":
            return visible_space(target).key
        case "label":
            return target
    raise NotFoundError(f"Cannot watch a {kind}")


def _watcher() -> User:
    """Return the user who watches; only administrators name another one."""
    for name in ("accountId", "key", "username"):
        if name in request.args:
            user = get_store().people.get(request.args[name])
            if user.account_id != get_user().account_id:
                check_administrator()
            return user
    return get_user()
