"""Move, copy, archive and trash pages; change their labels."""

from typing import Any

from flask import redirect, render_template, request

from wikiserver.pages.blueprint import pages
from wikiserver.pages.shell import current_user, get_changeable, get_page, shell_of_page, url_of
from wikiserver.rights import check, check_move, check_readable, may_read
from wikiserver.site import get_store, parse_id, space_of
from wikiserver.store import Content, InvalidError, NotFoundError


@pages.get("/pages/<int:page_id>/move")
def where_to(page_id: int) -> Any:
    """Show the form for moving a page."""
    page = get_changeable(page_id)
    return render_template("wiki/move.html", shell=shell_of_page(page), page=page, target="", problem="")


@pages.post("/pages/<int:page_id>/move")
def move(page_id: int) -> Any:
    """Move a page under, before or after another page of its space, given by title or id."""
    page = get_changeable(page_id)
    wanted = request.form.get("target", "").strip()
    target = _find(page, wanted)
    if target is None:
        problem = f"There is no page called “{wanted}” in this space."
        return render_template(
            "wiki/move.html", shell=shell_of_page(page), page=page, target=wanted, problem=problem
        ), 400
    position = request.form.get("position", "append")
    check_move(page, target, position)
    get_store().pages.move(page.id, target.id, position)
    return redirect(url_of(get_page(page_id)))


def _find(page: Content, wanted: str) -> Content | None:
    contents = get_store().contents
    found = contents.find_page(page.space_id, wanted)
    if found is None and wanted.isdecimal():
        found = contents.find(parse_id(wanted))
    return found if found is not None and may_read(found) else None


@pages.post("/pages/<int:page_id>/archive")
def archive(page_id: int) -> Any:
    """Archive a page: it stays readable at its address, but is not in the tree and the search."""
    page = get_changeable(page_id, "archive")
    if page.id == space_of(page).homepage_id:
        raise InvalidError("The home page of a space cannot be archived.")
    get_store().pages.archive([page.id])
    return redirect(url_of(get_page(page_id)))


@pages.post("/pages/<int:page_id>/unarchive")
def unarchive(page_id: int) -> Any:
    """Restore an archived page to the tree."""
    page = get_changeable(page_id, "archive")
    if page.status != "archived":
        raise InvalidError("This page is not archived.")
    get_store().pages.set_status(page.id, "current")
    return redirect(url_of(get_page(page_id)))


@pages.post("/pages/<int:page_id>/trash")
def trash(page_id: int) -> Any:
    """Move a page to the trash; its children move up."""
    page = get_changeable(page_id, "delete")
    space = space_of(page)
    if page.id == space.homepage_id:
        raise InvalidError("The home page of a space cannot be removed.")
    above = get_store().hierarchy.ancestors(page.id)
    get_store().pages.trash(page.id)
    return redirect(url_of(above[-1]) if above else f"{request.script_root}/spaces/{space.key}")


@pages.post("/pages/<int:page_id>/untrash")
def untrash(page_id: int) -> Any:
    """Restore a page from the trash, as a new version."""
    page = check_readable(get_store().contents.find(page_id), f"No page {page_id} in the trash")
    if page.type != "page" or page.status != "trashed":
        raise NotFoundError(f"No page {page_id} in the trash")
    check("edit", page, "You may read this page but not change it.")
    get_store().pages.update(
        page.id, author=current_user().account_id, status="current", message="Taken out of the trash"
    )
    return redirect(url_of(get_page(page_id)))


@pages.post("/pages/<int:page_id>/labels")
def add_labels(page_id: int) -> Any:
    """Add labels to a page, separated by spaces or commas."""
    page = get_changeable(page_id)
    for name in request.form.get("labels", "").replace(",", " ").split():
        get_store().labels.add(page.id, name)
    return redirect(f"{url_of(page)}#labels")


@pages.post("/pages/<int:page_id>/labels/remove")
def remove_label(page_id: int) -> Any:
    """Remove a label from a page."""
    page = get_changeable(page_id)
    get_store().labels.remove(page.id, request.form.get("label", ""))
    return redirect(f"{url_of(page)}#labels")


@pages.post("/pages/<int:page_id>/watch")
def watch(page_id: int) -> Any:
    """Start or stop watching a page."""
    page = get_page(page_id)
    watches, account_id = get_store().watches, current_user().account_id
    change = watches.remove if watches.has(account_id, "content", str(page.id)) else watches.add
    change(account_id, "content", str(page.id))
    return redirect(url_of(page))
