"""v1: content states (Cloud)."""

from typing import Any, Final

from flask import jsonify, request

from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.content_json import contents_json
from wikiserver.rest.v1.expand import Expand
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import get_editable, get_readable, text_of
from wikiserver.rest.v1.paging import envelope, start_and_limit
from wikiserver.rights import may_read, visible_space
from wikiserver.site import get_store, get_user, parse_id
from wikiserver.store import Content, InvalidError, State

SUGGESTED: Final = (
    {"id": 0, "name": "Rough draft", "color": "#ffc400"},
    {"id": 1, "name": "In progress", "color": "#2684ff"},
    {"id": 2, "name": "Ready for review", "color": "#57d9a3"},
    {"id": 3, "name": "Verified", "color": "#6554c0"},
)
_FIRST_CUSTOM_ID: Final = 100


def _answer(state: State | None) -> Any:
    if state is None:
        return jsonify({})
    shown = {"id": state.state_id, "name": state.name, "color": state.color}
    return jsonify({"contentState": shown, "lastUpdated": iso(state.set_at)})


@api.get("/content/<content_id>/state")
def get_state(content_id: str) -> Any:
    """Return the state of a content."""
    return _answer(get_store().states.find(get_readable(content_id).id))


@api.put("/content/<content_id>/state")
def set_state(content_id: str) -> Any:
    """Set the state of a content; on a published page this creates a new version with the same body."""
    content, wanted = get_editable(content_id), _wanted(json_object())
    store, who = get_store(), get_user().account_id
    with store.transaction():
        if request.args.get("status", "current") == "current":
            store.pages.update(content.id, author=who, message=f"Status changed to {wanted['name']}", is_minor=True)
        state = store.states.set(content.id, state_id=wanted["id"], name=wanted["name"], color=wanted["color"], by=who)
    return _answer(state)


def _wanted(body: Json) -> Json:
    if body.get("id") is not None:
        for state in SUGGESTED:
            if state["id"] == body["id"]:
                return dict(state)
        raise InvalidError(f"There is no content state with id {body['id']}")
    name, color = text_of(body, "name"), text_of(body, "color")
    if not name or not color:
        raise InvalidError("A content state needs an id, or a name and a color")
    for state in SUGGESTED:
        if state["name"] == name:
            return dict(state)
    return {"id": _FIRST_CUSTOM_ID + sum(map(ord, name)), "name": name[:20], "color": color}


@api.delete("/content/<content_id>/state")
def remove_state(content_id: str) -> Any:
    """Remove the state."""
    get_store().states.clear(get_editable(content_id).id)
    return _answer(None)


@api.get("/content/<content_id>/state/available")
def list_available_states(content_id: str) -> Any:
    """Return the states that a content can have."""
    get_editable(content_id)
    return jsonify({"spaceContentStates": list(SUGGESTED), "customContentStates": []})


@api.get("/content-states")
def list_custom_states() -> Any:
    """Return the custom states of the caller."""
    return jsonify([])


@api.get("/space/<key>/state")
def list_space_states(key: str) -> Any:
    """Return the states that a space suggests."""
    visible_space(key)
    return jsonify(list(SUGGESTED))


@api.get("/space/<key>/state/settings")
def get_state_settings(key: str) -> Any:
    """Return whether states are allowed in a space."""
    visible_space(key)
    names = ("contentStatesAllowed", "customContentStatesAllowed", "spaceContentStatesAllowed")
    return jsonify(dict.fromkeys(names, True) | {"spaceContentStates": list(SUGGESTED)})


@api.get("/space/<key>/state/content")
def list_content_with_state(key: str) -> Any:
    """Return the content of a space that has a state."""
    space = visible_space(key)
    state_id = parse_id(request.args.get("state-id", ""), what="state")
    expand = Expand.of_request()
    start, limit = start_and_limit(expand=expand)
    with_state = get_store().contents.get_many(get_store().states.all_in(space.id, state_id))
    found: list[Content] = [one for one in with_state if may_read(one)]
    page = contents_json(found[start : start + limit], expand)
    return jsonify(envelope(page, start=start, limit=limit, has_more=len(found) > start + limit))
