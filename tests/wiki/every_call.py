"""Every call that the gateway makes, of both dialects, for tests that look at all of them."""

from collections.abc import Iterator
from typing import Any

from bot.wiki import rest_v1
from bot.wiki.dialect import Call, Dialect
from bot.wiki.dialect_cloud import CloudDialect
from bot.wiki.dialect_data_center import DataCenterDialect
from bot.wiki.gateway import Comment, ContentState, PageStatus, Space, TreeKind
from bot.wiki.upload_form import UploadForm
from tests.wiki.refs import make_page

SPACE = Space("5", "WS2", "Workstream 2")
CLOUD = CloudDialect(lambda: "http://wiki", lambda _call: SPACE)
DATA_CENTER = DataCenterDialect(lambda: "http://wiki")


def iter_calls(dialect: Dialect) -> Iterator[Call[Any]]:
    """Return each call of *dialect* and the calls that both share; optional ones only where there is one."""
    page = make_page("12", "<p>x</p>")
    comment = Comment("9", "", page.ref.version)
    yield from (rest_v1.current_user(), rest_v1.labelled("WS2", "x"), rest_v1.restrictions("12"))
    yield rest_v1.add_labels("12", ["x"])
    yield from (rest_v1.upload("12", UploadForm("a.pdf", b"%PDF-"), replaces) for replaces in (None, "13"))
    yield dialect.readers(SPACE)
    yield from (rest_v1.titled_like("WS2", "Final Rep"), dialect.user("u"), dialect.space("WS2"), dialect.spaces())
    if isinstance(dialect, CloudDialect):
        yield from (dialect.space_by_id("5"), rest_v1.conversion_result("12"))
    for status in (PageStatus.CURRENT, PageStatus.ARCHIVED, PageStatus.TRASHED):
        listings = (
            dialect.refs(SPACE, status),
            dialect.refs_again(SPACE, status),
            dialect.bodies(SPACE, status),
            dialect.titled(SPACE, "t", status),
        )
        yield from (call for call in listings if call is not None)
    yield from (
        dialect.page("12"),
        dialect.view("12"),
        dialect.conversion("<p>y</p>", page.ref),
        dialect.page_version("12", 3),
        dialect.draft("12"),
        dialect.pages(["12", "13"]),
    )
    yield from dialect.versions("12")
    yield from dialect.watchers("12")
    state = dialect.state("12")
    if state is not None:
        yield from (state, rest_v1.set_state("12", ContentState("In progress", "#0052cc")))
    yield from (dialect.labels("12"), dialect.operations("12"), dialect.attachments("12"), *dialect.comments("12"))
    yield dialect.space_labels(SPACE)
    yield from (rest_v1.counted_by_search("WS2"), rest_v1.found_by_search("WS2"))
    yield rest_v1.counted_on_page("12", "attachment")
    in_bulk = (
        dialect.label_ids(SPACE),
        dialect.label_pages(SPACE, "7"),
        dialect.captures(["12", "13"]),
        dialect.newest_attachments(),
        *dialect.newest_comments(),
    )
    yield from (call for call in in_bulk if call is not None)
    yield from (dialect.newest_pages(SPACE), dialect.listed(SPACE), rest_v1.parts_of(["12", "13"], is_kept=True))
    for kind in TreeKind:
        nodes = (dialect.descendants(kind, "12"), dialect.container(kind, "12") if kind is not TreeKind.PAGE else None)
        yield from (call for call in nodes if call is not None)
    replies = (dialect.replies(comment, is_inline=is_inline) for is_inline in (True, False))
    yield from (call for call in replies if call is not None)
    yield from (dialect.new_comment("12", "<p>c</p>", parent) for parent in (None, "9"))
    yield dialect.update(page, "<p>y</p>", message="m", is_minor=True)
    yield dialect.create(SPACE, title="t", body="<p>y</p>", parent_id="12", message="m")
