"""Spaces as v1 shows them."""

from collections.abc import Callable

from wikiserver.addresses import space_webui
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.people_json import user_by_id
from wikiserver.rights import may_read
from wikiserver.site import CLOUD_ID, base_url, get_site, get_store
from wikiserver.store import Content, Label, Space

_ICON = {"path": "/images/logo/default-space-logo-256.png", "width": 48, "height": 48, "isDefault": False}


def space_json(space: Space, expand: Expand, homepage: Callable[[Content, Expand], Json] | None = None) -> Json:
    """Return one space. *homepage* renders the home page if it is requested."""
    link = f"/rest/api/space/{space.key}"
    answer: Json = {"id": space.id, "key": space.key}
    if get_site().is_cloud:
        answer |= {"alias": space.key, "ari": f"ari:cloud:confluence:{CLOUD_ID}:space/{space.id}"}
    answer |= {"name": space.name, "type": space.type, "status": space.status}
    if "description" in expand:
        answer["description"] = _description(space, expand["description"])
    if "icon" in expand:
        answer["icon"] = _ICON
    home = get_store().contents.find(space.homepage_id) if "homepage" in expand and space.homepage_id else None
    if homepage is not None and home is not None and may_read(home):
        answer["homepage"] = homepage(home, expand["homepage"])
    if "metadata" in expand:
        answer["metadata"] = _metadata(space, expand["metadata"])
    if "history" in expand:
        answer["history"] = {"createdDate": iso(space.created_at), "createdBy": user_by_id(space.creator)}
    for empty in ("permissions", "operations"):
        if empty in expand:
            answer[empty] = []
    homepage_link = f"/rest/api/content/{space.homepage_id}" if space.homepage_id is not None else ""
    expandable = {"metadata": "", "icon": "", "description": "", "homepage": homepage_link}
    if get_site().is_cloud:
        expandable |= {"settings": f"{link}/settings", "operations": "", "lookAndFeel": f"{link}/settings"}
        expandable |= {"permissions": "", "theme": f"{link}/theme", "history": "", "identifiers": ""}
    else:
        expandable |= {"retentionPolicy": ""}
    answer["_expandable"] = expand.split(expandable)
    answer["_links"] = {"webui": space_webui(space), "self": base_url() + link}
    return answer


def label_json(label: Label) -> Json:
    """Return one label."""
    answer = {"prefix": label.prefix, "name": label.name, "id": str(label.id)}
    return answer | {"label": label.name}


def labels_envelope(labels: list[Label], self_link: str) -> Json:
    """Return all labels in the shape of the metadata."""
    return {
        "results": [label_json(label) for label in labels],
        "start": 0,
        "limit": 200,
        "size": len(labels),
        "_links": {"self": base_url() + self_link},
    }


def _description(space: Space, expand: Expand) -> Json:
    answer: Json = {}
    for representation in ("plain", "view"):
        if representation in expand:
            answer[representation] = {
                "value": space.description,
                "representation": representation,
                "embeddedContent": [],
            }
    return answer | {"_expandable": expand.split({"view": "", "plain": ""})}


def _metadata(space: Space, expand: Expand) -> Json:
    answer: Json = {}
    if "labels" in expand:
        found = get_store().labels.of_space(space.id)
        answer["labels"] = labels_envelope(found, f"/rest/api/space/{space.key}/label")
    return answer | {"_expandable": expand.split({"labels": "", "currentuser": ""})}
