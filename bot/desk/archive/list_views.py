"""Captured pages as list and tree, and the search."""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus

from flask import Response, abort, render_template, request, url_for
from markupsafe import Markup, escape
from pydantic_core import to_jsonable_python

from bot.desk.archive import blueprint
from bot.desk.archive.opened_archive import OpenedArchive, current_archive
from bot.desk.archive.task_views import waiting_page
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.errors import SnapshotError
from bot.escape import visible
from bot.operations import archive as operation
from bot.present.archive_lists import hits_as_csv
from bot.present.csv_table import csv_table
from bot.snapshot.archive.library import Library, full_path
from bot.snapshot.query.page_lists import (
    UNSTATED,
    CapturedNode,
    CapturedPageLine,
    Facet,
    FacetCount,
    Order,
    PageFilter,
    PageList,
    State,
    count_facets,
    iter_list,
    list_branch,
    list_pages,
    state_of_page,
)
from bot.snapshot.query.search import END, START, Hit

_HITS = 30
_LIST_COLUMNS = ("page_id", "title", "path", "space", "version", "changed", "captured", "state", "losses")
ArchiveAnswer = str | Response | tuple[str, int]


@dataclass(frozen=True, slots=True)
class FacetLink:
    """A value of a facet with the address of the list that has it, or that has it no longer."""

    text: str
    number: int
    href: str
    is_chosen: bool


@blueprint.get("/a")
@requires(Role.AUDITOR)
def pages() -> ArchiveAnswer:
    """List the captured pages, or show their tree."""
    archive = current_archive()
    if archive.is_empty:
        return render_template("archive_empty.html.j2", root=archive.reader.root)
    task = archive.build_index()
    if task:
        return waiting_page(task)
    if request.args.get("view") == "tree":
        return _tree(archive)
    wanted = _wanted()
    match request.args.get("format"):
        case "csv":
            return _list_as_csv(archive, wanted)
        case "json":
            return _list_as_json(archive, wanted)
    with archive.database() as database:
        found, facets = list_pages(database, wanted), count_facets(database)
    rows = tuple(_confirmed(archive.library, found.rows))
    return render_template(
        "captured_pages.html.j2",
        rows=rows,
        total=found.total,
        wanted=wanted,
        facets=[(facet, _facet_name(facet), _links(facet, facets[facet], wanted)) for facet in Facet],
        chosen=[
            (_facet_name(facet), _value_name(facet, v), _address(wanted, facet, None))
            for facet, v in wanted.facets.items()
        ],
        more=_next_address(found, wanted),
        first="" if wanted.after is None else _list_address(wanted),
        unreadable=archive.unreadable,
        orders=[
            (_order_name(each), _list_address(replace(wanted, order=each)), each is wanted.order) for each in Order
        ],
        as_csv=_list_address(wanted, format="csv"),
        head=archive.library.head,
        state_words=_state_words(),
    )


@blueprint.get("/a/search")
@requires(Role.AUDITOR)
def search() -> ArchiveAnswer:
    """Find pages by words."""
    archive = current_archive()
    task = archive.build_index()
    if task:
        return waiting_page(task)
    words, problem = request.args.get("q", "").strip(), ""
    hits: tuple[Hit, ...] = ()
    unreadable = 0
    if words:
        try:
            found = operation.search_pages(archive.reader, words, limit=_HITS)
        except SnapshotError as error:
            problem = str(error)
        else:
            hits, unreadable = found.hits, found.unreadable
    match request.args.get("format"):
        case "csv":
            return csv_download(hits_as_csv(hits), "search.csv")
        case "json":
            rows = [{**asdict(hit), "snippet": hit.plain_snippet} for hit in hits]
            return json_answer({"query": words, "hits": rows, "unreadable": unreadable})
    return render_template(
        "captured_search.html.j2",
        words=words,
        hits=[(hit, _marked(hit.snippet)) for hit in hits],
        problem=problem,
        unreadable=unreadable,
        most=_HITS,
    )


def _tree(archive: OpenedArchive) -> ArchiveAnswer:
    library = archive.library
    spaces = sorted({bag.space_key for bag in library.bags.values()})
    space = request.args.get("space") or (spaces[0] if len(spaces) == 1 else "")
    under = request.args.get("under", "")
    if not space:
        return render_template(
            "captured_tree.html.j2", spaces=spaces, space="", above=(), rows=(), more="", state_words={}
        )
    with archive.database() as database:
        branch = list_branch(database, space, under, _cursor_of(request.args.get("after", "")))
    if under and not branch.above:
        abort(HTTPStatus.NOT_FOUND)
    more = ""
    if branch.after:
        more = url_for("archive.pages", view="tree", space=space, under=under or None, after=_token(branch.after))
    return render_template(
        "captured_tree.html.j2",
        spaces=spaces,
        space=space,
        above=[_true_node(library, node) for node in branch.above],
        rows=[(_true_node(library, node), _state_of(library, node)) for node in branch.rows],
        more=more,
        state_words=_state_words(),
    )


def _confirmed(library: Library, rows: Iterable[CapturedPageLine]) -> Iterator[CapturedPageLine]:
    """Yield the rows with what the list of the bag says: the index is a cache and proves nothing."""
    for row in rows:
        bag = library.find_bag_of(row.page_id)
        if bag is None:
            continue
        entry = bag.entries[row.page_id]
        yield replace(
            row,
            title=entry.title,
            path=full_path(bag, entry),
            space=entry.space_key,
            version=entry.version,
            changed=entry.version_when.isoformat(),
            captured=entry.captured_at.isoformat(),
            state=state_of_page(entry).value,
        )


def _true_node(library: Library, node: CapturedNode) -> CapturedNode:
    entry = library.find_entry(node.page_id) if node.page_id else None
    return replace(node, title=entry.title) if entry else replace(node, page_id=None)


def _state_of(library: Library, node: CapturedNode) -> State | None:
    entry = library.find_entry(node.page_id) if node.page_id else None
    return state_of_page(entry) if entry else None


def _wanted() -> PageFilter:
    facets = {facet: value for facet in Facet if (value := request.args.get(facet.value, ""))}
    order = request.args.get("order")
    after = _cursor_of(request.args.get("after", ""))
    key = (str(after[0]), int(after[1])) if after else None
    return PageFilter(facets, Order(order) if order in set(Order) else Order.TITLE, key)


def _cursor_of(token: str) -> tuple[str, str] | None:
    """Return the place that an address states; 404 if nobody made it."""
    if not token:
        return None
    try:
        first, second = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, TypeError, RecursionError):
        abort(HTTPStatus.NOT_FOUND)
    return str(first), str(second)


def _token(place: tuple[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _next_address(found: PageList, wanted: PageFilter) -> str:
    return "" if found.after is None else _list_address(wanted, after=_token(found.after))


def _links(facet: Facet, counts: Iterable[FacetCount], wanted: PageFilter) -> list[FacetLink]:
    chosen = wanted.facets.get(facet)
    return [
        FacetLink(
            _value_name(facet, each.value),
            each.number,
            _address(wanted, facet, None if each.value == chosen else each.value),
            each.value == chosen,
        )
        for each in counts
    ]


def _address(wanted: PageFilter, facet: Facet, value: str | None) -> str:
    """Return the address of the list with another value of a facet."""
    facets = {key: found for key, found in {**wanted.facets, facet: value}.items() if found}
    return _list_address(replace(wanted, facets=facets))


def _list_address(wanted: PageFilter, **more: str) -> str:
    """Return the address of the beginning of a list."""
    values = {key.value: value for key, value in wanted.facets.items()} | more
    order = wanted.order.value if wanted.order is not Order.TITLE else None
    return url_for("archive.pages", order=order, **values)  # type: ignore[arg-type]


def _facet_name(facet: Facet) -> str:
    return {
        Facet.SPACE: _("Space"),
        Facet.REASON: _("Archived because"),
        Facet.STATE: _("State"),
        Facet.YEAR: _("Year of the last change"),
        Facet.LOSSES: _("In Markdown"),
        Facet.LABEL: _("Label"),
    }[facet]


def _value_name(facet: Facet, value: str) -> str:
    if facet is Facet.LOSSES:
        return _("something is missing") if value == "some" else _("complete")
    if facet is Facet.STATE:
        return _state_words().get(value, (value, "", ""))[0]
    if facet is Facet.REASON:
        return reason_words(value)
    return visible(value)


def reason_words(reason: str) -> str:
    """Return why a page is archived, in words."""
    if reason == UNSTATED:
        return _("a rule that the archive does not state")
    if reason.startswith("label "):
        return _("label %(name)s", name=visible(reason[6:]))
    if reason.startswith("below "):
        return _("below %(name)s", name=visible(reason[6:]))
    if reason == "on the roster":
        return _("on the roster")
    return _("archived in the wiki")


def _order_name(order: Order) -> str:
    return {Order.TITLE: _("by title"), Order.NEWEST: _("last changed first")}[order]


def _state_words() -> dict[str, tuple[str, str, str]]:
    """Return the words, kind and icon of each state."""
    return {
        State.IN_WIKI: (_("in the wiki"), "ok", "ok"),
        State.LEFT: (_("no longer archived"), "", "box"),
        State.GONE: (_("gone from the wiki"), "warn", "clash"),
        State.REDACTED: (_("redacted"), "bad", "trash"),
    }


def _list_as_csv(archive: OpenedArchive, wanted: PageFilter) -> Response:
    with archive.database() as database:
        rows = [
            [*(getattr(row, name) for name in _LIST_COLUMNS), ", ".join(row.reasons), ", ".join(row.labels)]
            for row in _confirmed(archive.library, iter_list(database, wanted))
        ]
    return csv_download(csv_table((*_LIST_COLUMNS, "reasons", "labels"), rows), "pages.csv")


def _list_as_json(archive: OpenedArchive, wanted: PageFilter) -> Response:
    with archive.database() as database:
        found = list_pages(database, wanted)
    rows = [asdict(row) for row in _confirmed(archive.library, found.rows)]
    return json_answer({"total": found.total, "next": _next_address(found, wanted) or None, "pages": rows})


def json_answer(value: object) -> Response:
    """Return a value as JSON."""
    return Response(json.dumps(to_jsonable_python(value), ensure_ascii=True, indent=1), mimetype="application/json")


def csv_download(text: str, name: str) -> Response:
    """Return a list for a spreadsheet."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type="text/csv; charset=utf-8", headers=headers)


def _marked(snippet: str) -> Markup:
    """Return a snippet as HTML with its matches marked."""
    first, *rest = snippet.split(START)
    parts = [escape(visible(first))]
    for part in rest:
        word, _end, after = part.partition(END)
        parts.append(Markup("<mark>{}</mark>{}").format(visible(word), visible(after)))
    return Markup("").join(parts)
