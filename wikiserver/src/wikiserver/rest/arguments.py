"""Read the arguments of a request: its JSON object, its query, and its address."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from wikiserver.store import InvalidError

Json = dict[str, Any]


def json_object() -> Json:
    """Return the JSON object in a request."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise InvalidError("Request body must be a JSON object")
    return body


def find_text(body: Json, path: tuple[str, ...], *, shown_as: str) -> str | None:
    """Return the text at a path inside a JSON object, or None; a number is converted to text."""
    value: object = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return None
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise InvalidError(f"{shown_as} must be a string")
    return str(value)


def many(name: str) -> list[str]:
    """Return a query parameter that may be repeated or contain commas."""
    return [one.strip() for text in request.args.getlist(name) for one in text.split(",") if one.strip()]


def path_and_query(changes: Mapping[str, str] | None = None) -> str:
    """Return the address of the request below the context path, with some query parameters replaced."""
    arguments = request.args.to_dict(flat=False) | {name: [value] for name, value in (changes or {}).items()}
    query = urlencode(arguments, doseq=True)
    return request.path + (f"?{query}" if query else "")
