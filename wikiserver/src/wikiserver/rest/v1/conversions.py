"""v1: convert bodies from one representation to another.

Data Center 10 converts at once and documents no context (operation convert): a link or file without a space key belongs
to no space. Cloud converts in the background, to `export_view` only (asyncConvertContentBodyRequest).
"""

import uuid
from typing import Any, Final

from flask import jsonify, request

from wikiserver.bodies import VIEWS
from wikiserver.macro_lookup import find_macro
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.content_json import body_json
from wikiserver.rest.v1.content_pieces import view_expandable
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_readable, text_of
from wikiserver.rest.v1.paging import base_links
from wikiserver.rights import may_read, visible_space
from wikiserver.sent_bodies import convert_to_storage
from wikiserver.site import base_url, get_site, get_store, get_user, parse_id
from wikiserver.store import Content, ForbiddenError, InvalidError, NotFoundError
from wikiserver.store_view import StoreViewContext
from wikiserver.view import render_view

_MAX_KEPT: Final = 100
_VIEWS: Final = ("view", "export_view", "styled_view")
_AT_ONCE: Final = {"storage": (*_VIEWS, "editor"), "editor": ("storage",), "wiki": ("storage",)}
"""The conversions of Data Center; that from wiki markup is observed, not documented."""
_LATER: Final = ("export_view",)
_SOURCES: Final = ("storage", "atlas_doc_format")


def _context() -> Content:
    """Return the page that is the context of a conversion: the named page, or the home of the named space."""
    content_id, key = request.args.get("contentIdContext"), request.args.get("spaceKeyContext")
    if content_id:
        return get_readable(content_id)
    space = visible_space(key) if key else None
    home = get_store().contents.find(space.homepage_id) if space and space.homepage_id is not None else None
    if home is None or not may_read(home):
        raise InvalidError("A page or a space is needed to convert in: contentIdContext or spaceKeyContext")
    return home


def _sent() -> tuple[str, str]:
    """Return value and representation of the body in the request."""
    body = json_object()
    value, representation = text_of(body, "value"), text_of(body, "representation")
    if value is None or representation is None:
        raise InvalidError("value and representation are required")
    return value, representation


@api.post("/contentbody/convert/<to>")
def convert(to: str) -> Any:
    """Convert a body synchronously, without the context of a page or a space."""
    value, representation = _sent()
    if to not in _AT_ONCE.get(representation, ()):
        raise InvalidError(f"Cannot convert from {representation} to {to}")
    storage = get_store().normalise(convert_to_storage(value, representation))
    return jsonify({"value": _without_context(storage, to), "representation": to, "_expandable": view_expandable()})


def _without_context(storage: str, to: str) -> str:
    if to not in VIEWS:
        return storage
    context = StoreViewContext(title="", base_url=base_url(), store=get_store())
    return render_view(storage, context, representation=VIEWS[to])


@api.post("/contentbody/convert/async/<to>")
def convert_later(to: str) -> Any:
    """Convert a body asynchronously; the answer contains the task whose result can be requested."""
    value, representation = _sent()
    if to not in _LATER or representation not in _SOURCES:
        raise InvalidError(f"Cannot convert from {representation} to {to}")
    result = body_json(_context(), get_store().normalise(convert_to_storage(value, representation)), to)
    kept = get_site().conversions
    while len(kept) >= _MAX_KEPT:
        kept.pop(next(iter(kept)))
    task_id = str(uuid.uuid4())
    kept[task_id] = {"result": result, "owner": get_user().account_id, "asked": 0}
    return jsonify({"asyncId": task_id})


@api.get("/contentbody/convert/async/<task_id>")
def get_conversion(task_id: str) -> Any:
    """Return the result of a conversion; the first requests for it find the task at work (`Site.conversion_polls`)."""
    try:
        uuid.UUID(task_id)
    except ValueError:
        raise InvalidError(f"Invalid async id: {task_id}") from None
    found = get_site().conversions.get(task_id)
    if found is None:
        raise NotFoundError(f"No conversion with id: {task_id}")
    if found["owner"] != get_user().account_id:
        raise ForbiddenError("The conversion was requested by another user")
    found["asked"] += 1
    answer: Json = {"renderTaskId": task_id, "_links": base_links()}
    if found["asked"] <= get_site().conversion_polls:
        return jsonify(answer | {"status": "WORKING"})
    return jsonify(answer | found["result"] | {"status": "COMPLETED"})


@api.get("/content/<content_id>/history/<number>/macro/id/<macro_id>")
def get_macro(content_id: str, number: str, macro_id: str) -> Any:
    """Return one macro of a version: its name, parameters and body."""
    content = get_readable(content_id)
    version = parse_id(number, what="version") or None
    macro = find_macro(get_store().contents.body(content.id, version), macro_id)
    links = {"self": f"{base_url()}{request.path}"} | base_links()
    return jsonify({"name": macro.name, "body": macro.body, "parameters": macro.parameters, "_links": links})
