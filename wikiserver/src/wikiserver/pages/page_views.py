"""Spaces, pages under all their addresses, the page tree, and the wiki's own images."""

import re
from typing import Any
from urllib.parse import unquote_plus

from flask import Response, redirect, render_template, request

from wikiserver.addresses import space_webui, tiny_to_id
from wikiserver.bodies import view_context
from wikiserver.pages.blueprint import pages
from wikiserver.pages.page_comments import comments_of
from wikiserver.pages.shell import current_user, get_page, level, name_of, shell_of_page, shell_of_space, url_of
from wikiserver.rights import check_creates_spaces, may, may_read, visible_space, visible_spaces
from wikiserver.site import get_store, space_of
from wikiserver.space_life import create_space
from wikiserver.store import Content, InvalidError, NotFoundError, Selection, Space, StoreError
from wikiserver.view import render_view
from wikiserver.view.emoticons import PICTURES

_LISTED_AT_ONCE = 200
_LIVE = ("current", "archived")
_SPACE_KEY = re.compile("[A-Za-z0-9]{1,255}")


@pages.get("/index.action")
@pages.get("/dashboard.action")
@pages.get("/")
@pages.get("/spaces")
def spaces() -> Any:
    """List the spaces."""
    return _list_spaces()


def _list_spaces(*, key: str = "", name: str = "", problem: str = "") -> str:
    listed = [(space, request.script_root + space_webui(space)) for space in visible_spaces()]
    return render_template("wiki/spaces.html", spaces=listed, key=key, name=name, problem=problem)


@pages.post("/spaces")
def new_space() -> Any:
    """Create a space with a home page."""
    key, name = request.form.get("key", "").strip(), request.form.get("name", "").strip()
    try:
        if not _SPACE_KEY.fullmatch(key):
            raise InvalidError("The key of a space is made of letters and digits, 255 at most.")
        check_creates_spaces()
        space = create_space(get_store(), key, name, creator=current_user().account_id)
    except StoreError as error:
        return _list_spaces(key=key, name=name, problem=str(error)), 400
    return redirect(request.script_root + space_webui(space))


@pages.get("/spaces/<key>")
@pages.get("/spaces/<key>/overview")
@pages.get("/display/<key>")
def space_home(key: str) -> Any:
    """Show the home page of a space, or a substitute if there is none."""
    space = visible_space(key)
    home = get_store().contents.find(space.homepage_id) if space.homepage_id else None
    if home is None or home.status != "current":
        return all_pages(key)
    return _show(get_page(home.id))


@pages.get("/spaces/<key>/pages/<int:page_id>")
@pages.get("/spaces/<key>/pages/<int:page_id>/<path:title>")
@pages.get("/spaces/<key>/blog/<path:day>/<int:page_id>/<path:title>")
def page(key: str, page_id: int, title: str = "", day: str = "") -> Any:
    """Show a page, also if it was moved to another space."""
    del title, day
    found = get_page(page_id)
    return _show(found) if space_of(found).key.casefold() == key.casefold() else redirect(url_of(found))


@pages.get("/display/<key>/<path:title>")
def page_by_title(key: str, title: str) -> Any:
    """Show a page by title, encoded as in Data Center's addresses: a space is a plus, a plus is `%2B`."""
    written = str(request.environ.get("REQUEST_URI", "")).partition("?")[0].rpartition("/display/")[2].partition("/")[2]
    return _show(_find(visible_space(key), unquote_plus(written), title.replace("+", " "), title))


@pages.get("/pages/viewpage.action")
def page_by_query(page_id: str = "") -> Any:
    """Show a page by `pageId`, or by `spaceKey` and `title`."""
    page_id = request.args.get("pageId", page_id)
    if page_id:
        return redirect(url_of(get_page(page_id)))
    space = visible_space(request.args.get("spaceKey", ""))
    return redirect(url_of(_find(space, request.args.get("title", ""))))


@pages.get("/x/<key>")
def page_by_tiny_link(key: str) -> Any:
    """Follow a short link."""
    try:
        return redirect(url_of(get_page(tiny_to_id(key))))
    except (ValueError, OverflowError) as error:
        raise NotFoundError("No such short link") from error


def _find(space: Space, *titles: str) -> Content:
    for title in titles:
        found = get_store().contents.find_page(space.id, title, statuses=_LIVE)
        if found is not None and may_read(found):
            return found
    raise NotFoundError(f"No page called {titles[0]}")


def _show(page: Content) -> str:
    store = get_store()
    shown = render_view(store.contents.body(page.id), view_context(page), representation="page")
    return render_template(
        "wiki/page.html",
        shell=shell_of_page(page),
        page=page,
        shown=shown,
        author=name_of(page.creator),
        updater=name_of(page.updater),
        labels=store.labels.of(page.id),
        state=store.states.find(page.id),
        is_watched=store.watches.has(current_user().account_id, "content", str(page.id)),
        draft=store.contents.find_draft(page.id) if may("edit", page) else None,
        is_restricted=any(any(kind.values()) for kind in store.restrictions.of(page.id).values()),
        files=store.attachments.of(page.id),
        comments=comments_of(page, "footer"),
        inline_comments=comments_of(page, "inline"),
    )


@pages.get("/spaces/<key>/pages")
def all_pages(key: str) -> Any:
    """List the pages of a space by title; archived and trashed pages are listed separately."""
    space = visible_space(key)
    status = request.args.get("status", "current")
    if status not in {"current", "archived", "trashed"}:
        raise InvalidError(f"Pages are current, archived or trashed, not {status}.")
    start = request.args.get("start", 0, int)
    selection = Selection(
        ("space_id = ?", "type = 'page'", "status = ?"),
        (space.id, status),
        order_by="title_key",
        limit=_LISTED_AT_ONCE + 1,
        offset=max(start, 0),
    )
    found = get_store().contents.select(selection)
    listed = [(one, url_of(one), name_of(one.updater)) for one in found[:_LISTED_AT_ONCE] if may_read(one)]
    more = max(start, 0) + _LISTED_AT_ONCE if len(found) > _LISTED_AT_ONCE else None
    return render_template("wiki/all_pages.html", shell=shell_of_space(space), pages=listed, status=status, more=more)


@pages.get("/pages/tree")
def tree() -> Any:
    """Return one level of the page tree as an HTML list."""
    parent = get_page(request.args.get("parent", ""))
    nodes = level(parent.id, open_ids=set(), current_id=request.args.get("current", None, int))
    return render_template("wiki/_tree.html", nodes=nodes)


@pages.get("/pages/<int:page_id>/source")
@pages.get("/plugins/viewstorage/viewpagestorage.action", defaults={"page_id": 0})
def source(page_id: int) -> Any:
    """Show the storage format of a page."""
    page = get_page(page_id or request.args.get("pageId", ""))
    body = get_store().contents.body(page.id)
    return render_template("wiki/source.html", shell=shell_of_page(page), page=page, body=body)


@pages.get("/images/icons/emoticons/<name>.svg")
def emoticon(name: str) -> Response:
    """Return the image of an emoticon."""
    return _picture(PICTURES.get(name, PICTURES["smile"]))


@pages.get("/images/icons/attachments/missing.svg")
def missing_image() -> Response:
    """Return the placeholder for an image that does not exist."""
    return _picture('<path d="M1 1h14v14H1z M1 15L15 1" fill="none" stroke="#888"/>')


def _picture(content: str) -> Response:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16" height="16">{content}</svg>'
    return Response(svg, mimetype="image/svg+xml", headers={"Cache-Control": "max-age=86400"})
