"""The history of a page: its versions, one old version, a comparison of two, restoring one."""

from typing import Any

from flask import redirect, render_template, request

from wikiserver.bodies import view_context
from wikiserver.editor.compare import compare
from wikiserver.pages.blueprint import pages
from wikiserver.pages.shell import current_user, get_changeable, get_page, name_of, shell_of_page, url_of
from wikiserver.site import get_store
from wikiserver.store import NotFoundError
from wikiserver.view import render_view

_VERSIONS_AT_ONCE = 100


@pages.get("/pages/viewpreviousversions.action", defaults={"page_id": 0})
@pages.get("/pages/<int:page_id>/history")
def versions(page_id: int) -> Any:
    """List the versions of a page, newest first."""
    page = get_page(page_id or request.args.get("pageId", ""))
    start = max(request.args.get("start", 0, int), 0)
    found = get_store().contents.versions(page.id, limit=_VERSIONS_AT_ONCE + 1, offset=start)
    listed = [(version, name_of(version.author)) for version in found[:_VERSIONS_AT_ONCE]]
    more = start + _VERSIONS_AT_ONCE if len(found) > _VERSIONS_AT_ONCE else None
    return render_template("wiki/history.html", shell=shell_of_page(page), page=page, versions=listed, more=more)


@pages.get("/pages/<int:page_id>/versions/<int:number>")
def version(page_id: int, number: int) -> Any:
    """Show an old version of a page."""
    page = get_page(page_id)
    old = get_store().contents.version(page.id, number)
    shown = render_view(get_store().contents.body(page.id, number), view_context(page), representation="page")
    return render_template(
        "wiki/version.html", shell=shell_of_page(page), page=page, version=old, author=name_of(old.author), shown=shown
    )


@pages.get("/pages/<int:page_id>/compare")
def comparison(page_id: int) -> Any:
    """Show what changed between two versions; by default between the last two."""
    page = get_page(page_id)
    contents = get_store().contents
    after = request.args.get("to", page.version, int)
    before = request.args.get("from", after - 1, int)
    before, after = sorted((before, after))
    if before < 1:
        raise NotFoundError("The first version has nothing before it")
    old, new = contents.version(page.id, before), contents.version(page.id, after)
    return render_template(
        "wiki/compare.html",
        shell=shell_of_page(page),
        page=page,
        before=old,
        after=new,
        before_author=name_of(old.author),
        after_author=name_of(new.author),
        lines=compare(contents.body(page.id, before), contents.body(page.id, after)),
    )


@pages.post("/pages/<int:page_id>/restore")
def restore(page_id: int) -> Any:
    """Save an old version as the newest version; the history is preserved."""
    page = get_changeable(page_id)
    number = request.form.get("version", 0, int)
    get_store().pages.restore_version(
        page.id, number, author=current_user().account_id, message=f"Restored version {number}", with_title=False
    )
    return redirect(url_of(get_page(page_id)))
