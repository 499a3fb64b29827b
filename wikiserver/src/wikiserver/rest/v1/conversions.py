"""v1: convert bodies from one representation to another."""

import uuid
from typing import Any, Final

from flask import jsonify, request

from wikiserver.bodies import READABLE
from wikiserver.macro_lookup import find_macro
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.content_json import body_json
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_readable, text_of
from wikiserver.rest.v1.paging import base_links
from wikiserver.rights import may_read, visible_space, visible_spaces
from wikiserver.sent_bodies import convert_to_storage
from wikiserver.site import base_url, get_site, get_store, get_user, parse_id
from wikiserver.store import Content, InvalidError, NotFoundError

_MAX_KEPT: Final = 100


def _context() -> Content:
    """Return the page that is the context of a conversion: the named page, else the home of the named space."""
    store = get_store()
    content_id = request.args.get("contentIdContext")
    if content_id:
        return get_readable(content_id)
    key = request.args.get("spaceKeyContext")
    for space in [visible_space(key)] if key else visible_spaces():
        home = store.contents.find(space.homepage_id) if space.homepage_id is not None else None
        if home is not None and may_read(home):
            return home
    raise InvalidError("A page or a space is needed to convert in: contentIdContext or spaceKeyContext")


def _converted(to: str) -> Json:
    body = json_object()
    value, representation = text_of(body, "value"), text_of(body, "representation")
    if value is None or representation is None:
        raise InvalidError("value and representation are required")
    if to not in READABLE:
        raise InvalidError(f"Cannot convert from {representation} to {to}")
    answer = body_json(_context(), get_store().normalise(convert_to_storage(value, representation)), to)
    return answer | {"_links": base_links() if get_site().is_cloud else {}}


@api.post("/contentbody/convert/<to>")
def convert(to: str) -> Any:
    """Convert a body synchronously."""
    return jsonify(_converted(to))


@api.post("/contentbody/convert/async/<to>")
def convert_later(to: str) -> Any:
    """Convert a body asynchronously; the answer contains the task whose result can be requested."""
    kept = get_site().conversions
    while len(kept) >= _MAX_KEPT:
        kept.pop(next(iter(kept)))
    task_id = str(uuid.uuid4())
    kept[task_id] = _converted(to) | {"owner": get_user().account_id}
    return jsonify({"asyncId": task_id})


@api.get("/contentbody/convert/async/<task_id>")
def get_conversion(task_id: str) -> Any:
    """Return the result of a conversion."""
    found = dict(get_site().conversions.get(task_id) or {})
    if found.pop("owner", None) != get_user().account_id:
        raise NotFoundError(f"No conversion with id: {task_id}")
    return jsonify(found | {"status": "COMPLETED", "renderTaskId": task_id})


@api.get("/content/<content_id>/history/<number>/macro/id/<macro_id>")
def get_macro(content_id: str, number: str, macro_id: str) -> Any:
    """Return one macro of a version: its name, parameters and body."""
    content = get_readable(content_id)
    version = parse_id(number, what="version") or None
    macro = find_macro(get_store().contents.body(content.id, version), macro_id)
    links = {"self": f"{base_url()}{request.path}"} | base_links()
    return jsonify({"name": macro.name, "body": macro.body, "parameters": macro.parameters, "_links": links})
