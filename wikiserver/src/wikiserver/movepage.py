"""`/pages/movepage.action`, with which browsers and older clients move pages."""

from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, request

from wikiserver.downloads import check_xsrf
from wikiserver.rights import check_move, check_readable, may_read, visible_space
from wikiserver.site import authenticate, get_site, get_store, parse_id
from wikiserver.store import StoreError

movepage: Final = Blueprint("movepage", __name__)

_POSITIONS: Final = {"above": "before", "below": "after", "append": "append", "topLevel": "append"}


@movepage.post("/pages/movepage.action")
def move() -> Any:
    """Move the page `pageId` to `position` (above, below, append) of `targetId` or `targetTitle`.

    The request needs the header `X-Atlassian-Token: no-check`; the caller must be allowed to edit the page and to
    add pages below the target.
    """
    g.user = authenticate(request.headers.get("Authorization"), get_site())
    if g.user is None:
        return Response(status=401)
    if get_site().is_read_only:
        return jsonify({"actionErrors": ["Confluence is in read-only mode."]}), 405
    try:
        check_xsrf()
        return _moved()
    except StoreError as error:
        return jsonify({"actionErrors": [str(error)]})


def _moved() -> Response:
    store, asked = get_store(), request.values
    page = check_readable(store.contents.find(parse_id(asked.get("pageId", ""))), "The page to move does not exist")
    space_key = asked.get("spaceKey")
    if asked.get("targetId"):
        target_id = parse_id(asked["targetId"])
    else:
        space_id = visible_space(space_key).id if space_key else page.space_id
        titled = store.contents.find_page(space_id, asked.get("targetTitle", ""))
        homepage_id = store.spaces.get(space_id).homepage_id
        target_id = titled.id if titled is not None and may_read(titled) else parse_id(str(homepage_id or ""))
    target = check_readable(store.contents.find(target_id), "The target page does not exist")
    position = _POSITIONS.get(asked.get("position", "append"), "append")
    check_move(page, target, position)
    moved = store.pages.move(page.id, target_id, position)
    return jsonify({"page": {"id": str(moved.id), "title": moved.title}})
