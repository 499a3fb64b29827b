"""Restrictions as v1 shows them."""

import hashlib

from wikiserver.rest.arguments import Json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.people_json import group_json, user_by_id
from wikiserver.site import base_url, get_site, get_store
from wikiserver.store import Content

OPERATIONS = ("read", "update")


def restrictions_by_operation(content: Content, expand: Expand) -> Json:
    """Return the restrictions of a content, an object for each operation."""
    link = f"/rest/api/content/{content.id}/restriction/byOperation"
    answer: Json = {}
    wanted = expand or Expand(OPERATIONS)
    for operation in OPERATIONS:
        if operation in wanted:
            answer[operation] = restriction_json(content, operation, wanted[operation])
    left = {operation: f"{link}/{operation}" for operation in OPERATIONS}
    return answer | {"_expandable": wanted.split(left), "_links": {"self": base_url() + link}}


def restriction_json(content: Content, operation: str, expand: Expand) -> Json:
    """Return who may do one operation on a content; empty lists mean everyone."""
    named = get_store().restrictions.of(content.id)[operation]
    link = f"/rest/api/content/{content.id}/restriction/byOperation/{operation}"
    inner = expand["restrictions"]
    users = [user_by_id(one) for one in named["user"]]
    groups = [group_json(group) for one in named["group"] if (group := get_store().people.find_group(one))]
    answer: Json = {"operation": operation}
    shown: Json = {}
    for name, people in (("user", users), ("group", groups)):
        if name in inner or not inner:
            shown[name] = {"results": people, "start": 0, "limit": 200, "size": len(people)}
            if get_site().is_cloud and name == "user":
                shown[name]["_links"] = {"self": f"{base_url()}{link}/user"}
    answer["restrictions"] = shown | {"_expandable": inner.split({"user": "", "group": ""}) if inner else {}}
    answer["_expandable"] = {"content": f"/rest/api/content/{content.id}"}
    return answer | {"_links": {"self": base_url() + link}}


def restrictions_hash(content: Content) -> str:
    """Return a digest that changes with the restrictions of a content."""
    named = get_store().restrictions.of(content.id)
    return hashlib.sha256(repr(sorted(named.items())).encode()).hexdigest()[:32]
