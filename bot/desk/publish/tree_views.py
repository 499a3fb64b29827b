"""The page tree of a workspace, with a filter; read in the background and shown as it was then."""

from dataclasses import replace
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from bot.desk.desk import current_desk, workspace_named
from bot.desk.publish import blueprint
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.history import JobResult
from bot.operations.view import TreePage, read_tree, unchanged_since, with_names
from bot.wiki.gateway import TreeKind

_PAGE = 100
"""Pages of the wiki on one page of the list: with more, the first load is over 100 kB."""
_MOST_DAYS = 36_500


@blueprint.get("/w/<workspace>/pages")
@requires(Role.AUDITOR)
def pages(workspace: str) -> str:
    """Show the page tree as it was read last; reads it in the background if nobody has yet."""
    desk = current_desk()
    kept = desk.trees.get(workspace)
    if kept is None:
        _begin_reading(workspace)
    words, status = request.args.get("q", "").strip(), request.args.get("status", "")
    start = max(0, request.args.get("start", 0, type=int))
    days = max(0, request.args.get("unchanged", 0, type=int))
    pages = kept.tree.pages if kept else ()
    if kept and days:
        pages = tuple(unchanged_since(kept.tree, desk.runtime.clock() - timedelta(days=min(days, _MOST_DAYS))))
    found = [page for page in pages if _matches(page, words, status)]

    def at(position: int) -> str:
        return url_for(
            "publish.pages",
            workspace=workspace,
            q=words or None,
            status=status or None,
            unchanged=days or None,
            start=position,
        )

    return render_template(
        "pages.html.j2",
        kept=kept,
        found=found[start : start + _PAGE],
        count=len(found),
        words=words,
        status=status,
        unchanged=days,
        spans=sorted({90, 180, 365, 730, *([days] if days else [])}),
        is_filtered=bool(words or status or days),
        earlier=at(max(0, start - _PAGE)) if start else "",
        later=at(start + _PAGE) if len(found) > start + _PAGE else "",
        going_on=desk.errands.find(_name(workspace)),
    )


@blueprint.post("/w/<workspace>/pages")
@requires(Role.AUDITOR)
def pages_read(workspace: str) -> Response:
    """Read the page tree again."""
    return redirect(url_for("publish.runs_one", number=_begin_reading(workspace)))


def _matches(page: TreePage, words: str, status: str) -> bool:
    if status and page.is_archived != (status == "archived"):
        return False
    return all(word in page.title.casefold() for word in words.casefold().split())


def _name(workspace: str) -> str:
    return f"read pages of {workspace}"


def _begin_reading(workspace: str) -> int:
    desk = current_desk()
    runtime, one = desk.runtime, workspace_named(workspace)

    def work() -> JobResult:
        tree = read_tree(runtime.gateway(), one)
        tree = replace(tree, pages=with_names(runtime.gateway(), tree.pages))
        desk.keep_tree(workspace, tree)
        pages = sum(page.kind is TreeKind.PAGE for page in tree.pages)
        return JobResult({"pages": pages, "left out": tree.left_out}, tree.problems)

    return desk.errands.begin(_name(workspace), signed_in().name, work)
