"""Search, labels, people."""

import re
from typing import Any
from urllib.parse import urlencode

from flask import redirect, render_template, request, url_for

from wikiserver.content_search import search
from wikiserver.editor.compare import readable_lines
from wikiserver.pages.blueprint import pages
from wikiserver.pages.shell import get_page, name_of, url_of
from wikiserver.rights import page_of, visibility, visible_spaces
from wikiserver.site import get_store, space_of
from wikiserver.storage_tree import BadBody
from wikiserver.store import Content, Selection, StoreError

_HITS_AT_ONCE = 25
_EXCERPT_LENGTH = 240


@pages.get("/dosearchsite.action")
@pages.get("/search")
def search_page() -> Any:
    """Find pages by words, in one space or below one page, or by a CQL query."""
    words = (request.args.get("text") or request.args.get("queryString", "")).strip()
    cql = request.args.get("cql", "").strip()
    query = cql or _query(words)
    hits, total, cursor, problem = [], 0, None, ""
    if query:
        try:
            found = search(query, limit=_HITS_AT_ONCE, cursor=request.args.get("cursor") or None)
            bodies = get_store().contents.bodies(one.id for one in found.contents)
            hits = [_hit(content, bodies.get(content.id, ""), words) for content in found.contents]
            hits.sort(key=lambda hit: words.casefold() not in str(hit["title"]).casefold())
            total, cursor = found.total, found.next_cursor
        except StoreError as error:
            problem = str(error)
    again = urlencode({**request.args.to_dict(), "cursor": cursor})
    following = f"{url_for('pages.search_page')}?{again}" if cursor else None
    ancestor = request.args.get("ancestor", "")
    return render_template(
        "wiki/search.html",
        words=words,
        cql=cql,
        space_key=request.args.get("space", ""),
        ancestor=get_page(ancestor) if ancestor.isdecimal() else None,
        spaces=visible_spaces(),
        hits=hits,
        total=total,
        following=following,
        problem=problem,
        query=query,
    )


def _query(words: str) -> str:
    """Return the CQL of a search."""
    conditions = [f"(title ~ {_quoted(words)} OR text ~ {_quoted(words)})"] if words else []
    if request.args.get("label"):
        conditions.append(f"label = {_quoted(request.args['label'])}")
    if not conditions:
        return ""
    conditions.append("type = page")
    if request.args.get("space"):
        conditions.append(f"space = {_quoted(request.args['space'])}")
    if request.args.get("ancestor", "").isdecimal():
        conditions.append(f"ancestor = {request.args['ancestor']}")
    return " AND ".join(conditions) + " ORDER BY lastmodified DESC"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _hit(content: Content, body: str, words: str) -> dict[str, object]:
    return {
        "title": content.title,
        "type": content.type,
        "url": url_of(page_of(content)),
        "space": space_of(content).name,
        "excerpt": excerpt(body, words),
        "updated_at": content.updated_at,
        "updater": name_of(content.updater),
    }


def excerpt(body: str, words: str) -> list[tuple[str, bool]]:
    """Return an excerpt of a body around the first of *words*, in pieces, each with whether it is one of *words*."""
    try:
        text = " ".join(line for line in readable_lines(body))
    except BadBody:
        return []
    wanted = re.compile("|".join(re.escape(word) for word in words.split()) or "(?!)", re.IGNORECASE)
    first = wanted.search(text)
    start = max(first.start() - _EXCERPT_LENGTH // 3, 0) if first else 0
    start = text.rfind(" ", 0, start) + 1 if start else 0
    piece = text[start : start + _EXCERPT_LENGTH]
    pieces: list[tuple[str, bool]] = [("… ", False)] if start else []
    cursor = 0
    for match in wanted.finditer(piece):
        pieces += [(piece[cursor : match.start()], False), (match[0], True)]
        cursor = match.end()
    return [*pieces, (piece[cursor:] + (" …" if start + _EXCERPT_LENGTH < len(text) else ""), False)]


@pages.get("/label/<name>")
@pages.get("/label/<key>/<name>")
def by_label(name: str, key: str = "") -> Any:
    """Find the pages that have a label."""
    return redirect(url_for("pages.search_page", label=name, space=key or None))


@pages.get("/display/~<account_id>")
@pages.get("/people/<account_id>")
def person(account_id: str) -> Any:
    """Show a person and their last changes."""
    user = get_store().people.get(account_id)
    hidden, more = visibility()
    selection = Selection(
        ("content.updater = ?", "content.type = 'page'", "content.status = 'current'", *hidden),
        (user.account_id, *more),
        order_by="content.updated_at",
        is_descending=True,
        limit=20,
    )
    changed = [(page, url_of(page), space_of(page)) for page in get_store().contents.select(selection)]
    return render_template("wiki/person.html", person=user, changed=changed)
