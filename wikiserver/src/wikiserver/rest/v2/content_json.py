"""Pages, versions, labels and properties in the shape of v2."""

import json
from collections.abc import Sequence

from flask import request

from wikiserver.addresses import page_links
from wikiserver.bodies import represent
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json
from wikiserver.rights import operations_of
from wikiserver.site import base_url, get_store
from wikiserver.store import Content, InvalidError, Label, Property, Space, Version

BULK_FORMATS = ("storage", "atlas_doc_format")
SINGLE_FORMATS = (*BULK_FORMATS, "view", "export_view", "anonymous_export_view", "styled_view", "editor")


def wanted_format(allowed: Sequence[str]) -> str | None:
    """Return the requested representation of the body; None for no body."""
    text = request.args.get("body-format")
    if text is None:
        return None
    if text.lower() not in allowed:
        expected = ", ".join(one.upper() for one in allowed)
        raise InvalidError(f"Provided value {{{text}}} for 'body-format' is not one of {expected}")
    return text.lower()


def version_json(version: Version) -> Json:
    """Return one version."""
    return {
        "number": version.number,
        "message": version.message,
        "minorEdit": version.is_minor,
        "authorId": version.author,
        "createdAt": iso(version.created_at),
        "ncsStepVersion": None,
    }


def body_json(content: Content, body: str | None, representation: str | None) -> Json:
    """Return the `body` object: empty unless a representation was requested."""
    if representation is None or body is None:
        return {}
    value = represent(content, body, representation)
    return {representation: {"representation": representation, "value": value}}


def parent_json(content: Content, parent: Content | None = None) -> Json:
    """Return the parent of a content; *parent* saves a query."""
    if content.parent_id is None:
        return {"parentType": None, "parentId": None}
    parent = parent or get_store().contents.find(content.parent_id)
    return {"parentType": parent.type if parent is not None else "page", "parentId": str(content.parent_id)}


def page_json(
    content: Content,
    body: str | None = None,
    representation: str | None = None,
    *,
    space: Space | None = None,
    parent: Content | None = None,
) -> Json:
    """Return one page or blog post; listings pass its space and parent to save queries."""
    space = space or get_store().spaces.get(content.space_id)
    answer: Json = {}
    if content.type == "page":
        answer = parent_json(content, parent)
        answer |= {"ownerId": content.creator, "lastOwnerId": None, "position": content.position}
        answer["subtype"] = content.subtype or None
    return answer | {
        "authorId": content.creator,
        "createdAt": iso(content.created_at),
        "version": version_json(content.current_version),
        "id": str(content.id),
        "body": body_json(content, body, representation),
        "status": content.status,
        "title": content.title,
        "spaceId": str(content.space_id),
        "_links": page_links(content, space),
    }


def outermost(answer: Json) -> Json:
    """Return *answer* with the link that only the outermost object of a response has."""
    answer.setdefault("_links", {})["base"] = base_url()
    return answer


def included(results: list[Json], link: str | None = None) -> Json:
    """Return a list inside an answer, as requested by `include-…`: the first 50 items."""
    return {"results": results[:50], "meta": {"hasMore": len(results) > 50}, "_links": {"self": link or request.path}}


def label_json(label: Label) -> Json:
    """Return one label."""
    return {"id": str(label.id), "name": label.name, "prefix": label.prefix}


def property_json(one: Property) -> Json:
    """Return one property."""
    version = {
        "number": one.version,
        "message": one.message,
        "minorEdit": one.is_minor,
        "authorId": one.author,
        "createdAt": iso(one.created_at),
    }
    return {"id": str(one.id), "key": one.key, "value": json.loads(one.value), "version": version}


def operations_json(content: Content) -> list[Json]:
    """Return the operations that the caller may perform on a content."""
    return [{"operation": one.key, "targetType": one.target} for one in operations_of(content)]
