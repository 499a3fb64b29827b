"""`/pages/movepage.action`, with which browsers and older clients move pages."""

from typing import Any, Final

from flask import Blueprint, Response, g, jsonify, request

from wikiserver.downloads import check_xsrf
from wikiserver.site import authenticate, get_site, get_store, may_read, may_update, parse_id
from wikiserver.store import ForbiddenError, NotFoundError, StoreError

movepage: Final = Blueprint("movepage", __name__)

_POSITIONS: Final = {"above": "before", "below": "after", "append": "append", "topLevel": "append"}


@movepage.post("/pages/movepage.action")
def move() -> Any:
    """Move the page `pageId` to `position` (above, below, append) of `targetId` or `targetTitle`.

    The request needs the header `X-Atlassian-Token: no-check`; the caller must be allowed to edit the page and to see
    the target.
    """
    g.user = authenticate(request.headers.get("Authorization"), get_store())
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
    page = store.contents.get(parse_id(asked.get("pageId", "")))
    if not may_read(page):
        raise NotFoundError("The page to move does not exist")
    if not may_update(page):
        raise ForbiddenError("You are not permitted to move this page")
    space_key = asked.get("spaceKey")
    if asked.get("targetId"):
        target_id = parse_id(asked["targetId"])
    else:
        space_id = store.spaces.get_by_key(space_key).id if space_key else page.space_id
        titled = store.contents.find_page(space_id, asked.get("targetTitle", ""))
        homepage_id = store.spaces.get(space_id).homepage_id
        target_id = titled.id if titled is not None else parse_id(str(homepage_id or ""))
    if not may_read(store.contents.get(target_id)):
        raise NotFoundError("The target page does not exist")
    moved = store.pages.move(page.id, target_id, _POSITIONS.get(asked.get("position", "append"), "append"))
    return jsonify({"page": {"id": str(moved.id), "title": moved.title}})
