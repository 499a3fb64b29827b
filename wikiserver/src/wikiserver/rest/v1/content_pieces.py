"""Parts of content in the shape of v1 that need no rendering of other content."""

import json

from wikiserver.addresses import download_path, page_links, thumbnail_path, webui
from wikiserver.rest.arguments import Json
from wikiserver.rest.media_files import media_type_description
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.people_json import user_by_id
from wikiserver.rights import may_read, operations_of
from wikiserver.site import base_url, get_site, get_store
from wikiserver.store import Content, Space

PAGES = ("page",)


def api_id(content: Content) -> str:
    """Return the id of a content in the API; on Cloud, ids of attachments have the prefix `att`."""
    return f"att{content.id}" if content.type == "attachment" and get_site().is_cloud else str(content.id)


def extensions_json(content: Content) -> Json:
    """Return the type-specific data: position, file, place of a comment."""
    store = get_store()
    if content.type == "attachment":
        file = store.attachments.file(content.id)
        answer: Json = {"mediaType": file.media_type, "fileSize": file.size, "comment": file.comment}
        if get_site().is_cloud:
            answer |= {"mediaTypeDescription": media_type_description(file.media_type), "fileId": file.file_id}
            answer["collectionName"] = f"contentId-{content.container_id}"
        return answer
    if content.type == "comment":
        detail = store.comments.detail(content.id)
        answer = {"location": detail.location}
        if detail.location == "inline":
            answer["inlineProperties"] = {
                "originalSelection": detail.selection or "",
                "markerRef": detail.marker_ref or "",
            }
            answer["resolution"] = {"status": store.comments.resolution(content)}
        return answer
    return {"position": content.position}


def properties_json(content: Content, expand: Expand) -> Json:
    """Return the properties with the requested keys."""
    answer: Json = {}
    for one in get_store().properties.of(content.id):
        if one.key in expand:
            link = f"{base_url()}/rest/api/content/{content.id}/property/{one.key}"
            answer[one.key] = {
                "id": str(one.id),
                "key": one.key,
                "value": json.loads(one.value),
                "_links": {"self": link},
            }
    return answer


def collaborators_json(content: Content) -> Json:
    """Return everyone who saved a version of a content."""
    accounts = get_store().contents.contributors(content.id)
    people = [user_by_id(one) for one in accounts]
    keys = [user.user_key for one in accounts if (user := get_store().people.find(one)) is not None]
    return {"users": people, "userKeys": keys, "_links": {"base": base_url()}}


def child_types_json(content: Content) -> Json:
    """Return whether a content has children of each type."""
    store, link = get_store(), f"{base_url()}/rest/api/content/{api_id(content)}/child"
    has = {
        "attachment": bool(store.attachments.of(content.id)),
        "comment": bool(store.comments.of(content.id)),
        "page": any(may_read(one) for one in store.hierarchy.children(content.id, kinds=PAGES)),
    }
    return {name: {"value": value, "_links": {"self": f"{link}/{name}"}} for name, value in has.items()}


def operations_json(content: Content) -> list[Json]:
    """Return the operations that the caller may perform on a content."""
    return [{"operation": one.key, "targetType": one.target} for one in operations_of(content)]


def expandable_links(content: Content, space: Space, link: str) -> Json:
    """Return the parts that can be requested, each with its address."""
    container = f"/rest/api/content/{content.container_id}" if content.container_id else f"/rest/api/space/{space.key}"
    answer = {
        "container": container,
        "metadata": "",
        "restrictions": f"{link}/restriction/byOperation",
        "history": f"{link}/history",
        "body": "",
        "version": "",
        "descendants": f"{link}/descendant",
        "space": f"/rest/api/space/{space.key}",
        "operations": "",
        "children": f"{link}/child",
        "ancestors": "",
    }
    if get_site().is_cloud:
        return answer | {"childTypes": "", "schedulePublishInfo": "", "schedulePublishDate": "", "draftVersion": ""}
    return answer | {"relevantViewRestrictions": f"{link}/restriction/relevantViewRestrictions"}


def view_expandable() -> Json:
    """Return the expandable parts of a rendered body."""
    left: Json = {"webresource": "", "embeddedContent": ""}
    return left | {"mediaToken": ""} if get_site().is_cloud else left


def content_links(content: Content, space: Space) -> Json:
    """Return the links of a content: view, edit, download."""
    if content.type == "attachment":
        links = {"webui": webui(content, space), "download": download_path(content)}
        file_kind = get_store().attachments.file(content.id).media_type
        if not get_site().is_cloud and file_kind.startswith("image/"):
            links["thumbnail"] = thumbnail_path(content)
        return links
    if content.type == "comment":
        return {"webui": webui(content, space)}
    return page_links(content, space)
