"""Finding the content that a v1 request is about, as far as the caller may see it."""

from flask import g, request

from wikiserver.site import get_site, get_store, may_read, may_update, parse_id
from wikiserver.store import Content, ForbiddenError, InvalidError, NotFoundError

from .paging import Json


def get_readable(text: str, *, statuses: tuple[str, ...] = ()) -> Content:
    """Return a content by id; one that is restricted is not found, as is one in a status not asked for."""
    content = get_store().contents.get(parse_id(text))
    if not may_read(content):
        g.is_hidden = True
        raise NotFoundError(
            f"No content found with id: {text}"
            if not get_site().answers_forbidden
            else f"User not permitted to view content with id: {text}"
        )
    if statuses and content.status not in statuses:
        raise NotFoundError(f"No content found with id: ContentId{{id={text}}}, status: {','.join(statuses)}")
    return content


def get_editable(text: str) -> Content:
    """Return a content that the caller may change."""
    content = get_readable(text)
    if not may_update(content):
        raise ForbiddenError(f"User not permitted to edit content with id: {text}")
    return content


def json_object() -> Json:
    """Return the JSON object that a request carries."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidError("Request body must be a JSON object")
    return body


def text_of(body: Json, *path: str) -> str | None:
    """Return the text at a path inside a JSON object, None where the path leads nowhere."""
    value: object = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return None
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise InvalidError(f"{'.'.join(path)} must be a string")
    return str(value)


def number_of(body: Json, *path: str) -> int | None:
    """Return the whole number at a path inside a JSON object; a number in quotes will do, as with Jackson."""
    text = text_of(body, *path)
    if text is None:
        return None
    if not text.removeprefix("-").isdecimal():
        raise InvalidError(f"{'.'.join(path)} must be a number")
    return int(text)
