"""Content in the shape of v1: pages, blog posts, comments and attachments, with the requested expansions."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from wikiserver.bodies import READABLE, represent
from wikiserver.moments import friendly, iso
from wikiserver.rest.arguments import Json
from wikiserver.rest.v1.content_pieces import (
    PAGES,
    api_id,
    child_types_json,
    collaborators_json,
    content_links,
    expandable_links,
    extensions_json,
    operations_json,
    properties_json,
    view_expandable,
)
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.people_json import user_by_id
from wikiserver.rest.v1.restriction_json import restrictions_by_operation
from wikiserver.rest.v1.space_json import labels_envelope, space_json
from wikiserver.rights import may_read
from wikiserver.site import CLOUD_ID, base_url, get_site, get_store
from wikiserver.store import Content, Space, Version

DEFAULT_EXPAND = "history,space,version"


def content_json(content: Content, expand: Expand) -> Json:
    """Return one content."""
    return ContentRenderer([content], expand).render(content)


def contents_json(contents: Sequence[Content], expand: Expand) -> list[Json]:
    """Return many contents; shared data is read once."""
    renderer = ContentRenderer(contents, expand)
    return [renderer.render(content) for content in contents]


class ContentRenderer:
    """Renders several contents together; bodies, labels, spaces and people are each read with one query."""

    def __init__(self, contents: Sequence[Content], expand: Expand, *, version: int | None = None) -> None:
        self._contents, self._expand, self._version = contents, expand, version
        self._spaces: dict[int, Space] = {}

    @cached_property
    def _bodies(self) -> dict[int, str]:
        return get_store().contents.bodies(one.id for one in self._contents)

    def _space(self, content: Content) -> Space:
        if content.space_id not in self._spaces:
            self._spaces[content.space_id] = get_store().spaces.get(content.space_id)
        return self._spaces[content.space_id]

    def render(self, content: Content) -> Json:
        """Return one of the contents."""
        expand, space, link = self._expand, self._space(content), f"/rest/api/content/{api_id(content)}"
        answer: Json = {"id": api_id(content), "type": content.type}
        if get_site().is_cloud:
            ari = f"ari:cloud:confluence:{CLOUD_ID}:{content.type}/{content.id}"
            answer |= {"ari": ari, "base64EncodedAri": base64.b64encode(ari.encode()).decode()}
        answer |= {"status": content.status, "title": content.title}
        for name, part in self._parts(content, space).items():
            if name in expand:
                answer[name] = part
        if get_site().is_cloud:
            answer["macroRenderedOutput"] = {}
        else:
            answer["position"] = content.position
        answer["extensions"] = extensions_json(content)
        answer["_expandable"] = expand.split(expandable_links(content, space, link))
        answer["_links"] = content_links(content, space) | {"self": base_url() + link}
        return answer

    def _parts(self, content: Content, space: Space) -> Json:
        """Return the requested parts; each part is computed only if it was requested."""
        expand = self._expand
        makers: dict[str, Callable[[], Any]] = {
            "space": lambda: space_json(space, expand["space"], self._homepage),
            "history": lambda: history_json(content, expand["history"]),
            "version": lambda: version_json(content, self._shown_version(content), expand["version"]),
            "ancestors": lambda: self._ancestors(content),
            "container": lambda: self._container(content, space),
            "body": lambda: self._body(content),
            "metadata": lambda: self._metadata(content),
            "restrictions": lambda: restrictions_by_operation(content, expand["restrictions"]),
            "children": lambda: children_json(content, expand["children"], "child"),
            "descendants": lambda: children_json(content, expand["descendants"], "descendant"),
            "childTypes": lambda: child_types_json(content),
            "operations": lambda: operations_json(content),
        }
        wanted = {name: make() for name, make in makers.items() if name in expand}
        if content.type == "attachment" and "metadata" not in wanted:
            expand.add("metadata")
            wanted["metadata"] = self._metadata(content)
        return wanted

    def _homepage(self, page: Content, expand: Expand) -> Json:
        return content_json(page, expand)

    def _shown_version(self, content: Content) -> Version:
        return shown_version(content, self._version)

    def _ancestors(self, content: Content) -> list[Json]:
        page_id = content.id if content.container_id is None else content.parent_id
        if page_id is None or content.type == "attachment":
            return []
        if content.type == "comment":
            return contents_json([get_store().contents.get(page_id)], self._expand["ancestors"])
        readable = [one for one in get_store().hierarchy.ancestors(page_id) if may_read(one)]
        return contents_json(readable, self._expand["ancestors"])

    def _container(self, content: Content, space: Space) -> Json:
        if content.container_id is None:
            return space_json(space, self._expand["container"], self._homepage)
        return content_json(get_store().contents.get(content.container_id), self._expand["container"])

    def _body(self, content: Content) -> Json:
        expand, answer = self._expand["body"], Json()
        if self._version is None:
            body = self._bodies.get(content.id, "")
        else:
            body = get_store().contents.body(content.id, self._version)
        for representation in READABLE:
            if representation in expand:
                answer[representation] = body_json(content, body, representation)
        names = (*READABLE, "dynamic") if get_site().is_cloud else READABLE
        return answer | {"_expandable": expand.split(dict.fromkeys(names, ""))}

    def _metadata(self, content: Content) -> Json:
        expand, answer = self._expand["metadata"], Json()
        if content.type == "attachment":
            file = get_store().attachments.file(content.id)
            answer["mediaType"] = file.media_type
            if file.comment:
                answer["comment"] = file.comment
        if "labels" in expand:
            found = get_store().labels.of(content.id)
            answer["labels"] = labels_envelope(found, f"/rest/api/content/{api_id(content)}/label")
        if "properties" in expand:
            answer["properties"] = properties_json(content, expand["properties"])
        if "currentuser" in expand:
            answer["currentuser"] = {"_expandable": {"favourited": "", "lastmodified": "", "viewed": ""}}
        if content.type == "attachment" and not expand:
            return answer
        left = {"currentuser": "", "properties": "", "frontend": "", "editorHtml": "", "labels": ""}
        return answer | {"_expandable": expand.split(left)}


def body_json(content: Content, body: str, representation: str) -> Json:
    """Return one representation of a body."""
    return {
        "value": represent(content, body, representation),
        "representation": representation,
        **({"embeddedContent": []} if representation == "storage" and get_site().is_cloud else {}),
        "_expandable": (
            {"content": f"/rest/api/content/{api_id(content)}"}
            if representation == "storage"
            else view_expandable() | {"content": f"/rest/api/content/{api_id(content)}"}
        ),
    }


def shown_version(content: Content, number: int | None = None) -> Version:
    """Return a version of a content; the current version needs no query."""
    if number is not None and number != content.version:
        return get_store().contents.version(content.id, number)
    return content.current_version


def version_json(content: Content, version: Version, expand: Expand) -> Json:
    """Return one version of a content."""
    link = f"/rest/api/content/{api_id(content)}"
    answer: Json = {"by": user_by_id(version.author, expand["by"]), "when": iso(version.created_at)}
    if get_site().is_cloud:
        answer["friendlyWhen"] = friendly(version.created_at, _now())
    answer |= {"message": version.message, "number": version.number, "minorEdit": version.is_minor}
    if get_site().is_cloud:
        answer["contentTypeModified"] = False
        if "collaborators" in expand:
            answer["collaborators"] = collaborators_json(content)
        self_link = f"{link}/version/{version.number}"
    else:
        answer["hidden"] = False
        self_link = f"/rest/experimental/content/{content.id}/version/{version.number}"
    if "content" in expand:
        answer["content"] = ContentRenderer([content], expand["content"], version=version.number).render(content)
    left = {"collaborators": "", "content": link} if get_site().is_cloud else {"content": link}
    return answer | {"_expandable": expand.split(left), "_links": {"self": base_url() + self_link}}


def history_json(content: Content, expand: Expand) -> Json:
    """Return who created a content and who changed it last."""
    link = f"/rest/api/content/{api_id(content)}/history"
    answer: Json = {"latest": True, "createdBy": user_by_id(content.creator), "createdDate": iso(content.created_at)}
    if "lastUpdated" in expand:
        answer["lastUpdated"] = version_json(content, shown_version(content), Expand())
    if "previousVersion" in expand and content.version > 1:
        answer["previousVersion"] = version_json(content, shown_version(content, content.version - 1), Expand())
    if "contributors" in expand:
        answer["contributors"] = {"publishers": collaborators_json(content)}
    left = {"lastUpdated": "", "previousVersion": "", "contributors": "", "nextVersion": ""}
    if get_site().is_cloud:
        left["ownedBy"] = ""
    return answer | {"_expandable": expand.split(left), "_links": {"self": base_url() + link}}


def children_json(content: Content, expand: Expand, kind: str) -> Json:
    """Return the children of a content, a list for each requested type."""
    link = f"/rest/api/content/{api_id(content)}/{kind}"
    answer: Json = {}
    for name, found in _children(content, kind, expand).items():
        answer[name] = {
            "results": contents_json(found[:25], expand[name]),
            "start": 0,
            "limit": 25,
            "size": min(len(found), 25),
            "_links": {"self": f"{base_url()}{link}/{name}"}
            | ({"next": f"{link}/{name}?start=25&limit=25"} if len(found) > 25 else {}),
        }
    left = {name: f"{link}/{name}" for name in ("attachment", "comment", "page")}
    return answer | {"_expandable": expand.split(left), "_links": {"self": base_url() + link}}


def _children(content: Content, kind: str, expand: Expand) -> dict[str, list[Content]]:
    store, found = get_store(), dict[str, list[Content]]()
    if "page" in expand and kind == "child":
        found["page"] = [one for one in store.hierarchy.children(content.id, kinds=PAGES) if may_read(one)]
    elif "page" in expand:
        found["page"] = [one for one, _ in store.hierarchy.descendants(content.id, kinds=PAGES) if may_read(one)]
    if "comment" in expand:
        found["comment"] = store.comments.of(content.id) if kind == "child" else store.comments.all_of(content.id)
    if "attachment" in expand:
        found["attachment"] = store.attachments.of(content.id)
    return found


def _now() -> datetime:
    return get_store().clock()
