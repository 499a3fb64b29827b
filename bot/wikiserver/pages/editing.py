"""Writing: new pages, changes as text or as source, drafts, and what to do when somebody else was quicker."""

import json
from typing import Any

from flask import redirect, render_template, request, url_for

from bot.wikiserver.bodies import view_context
from bot.wikiserver.site import get_store, may_update
from bot.wikiserver.storage_tree import BadBody, parse
from bot.wikiserver.store import Content, ForbiddenError, InvalidError, StoreError, VersionConflictError
from bot.wikiserver.view import render_view

from .blueprint import pages
from .compare import compare
from .merge import merge
from .rich import apply_edits, render_editable
from .shell import current_user, get_page, name_of, shell_of_page, shell_of_space, url_of


@pages.get("/pages/editpage.action", defaults={"page_id": 0})
@pages.get("/pages/resumedraft.action", defaults={"page_id": 0})
@pages.get("/spaces/<key>/pages/edit-v2/<int:page_id>")
@pages.get("/pages/<int:page_id>/edit")
def edit(page_id: int, key: str = "") -> Any:
    """Open a page for typing in, or its source (`mode=source`)."""
    del key
    page = _editable(page_id or request.args.get("pageId") or request.args.get("draftId", ""))
    draft = get_store().contents.find_draft(page.id)
    uses_draft = draft is not None and request.args.get("draft") == "use"
    body = draft.body if draft and uses_draft else get_store().contents.body(page.id)
    title = draft.title if draft and uses_draft else page.title
    if request.args.get("mode") == "source" or uses_draft:
        return _source_form(
            page, title=title, body=body, base=page.version, has_draft=draft is not None and not uses_draft
        )
    return render_template(
        "wiki/edit_rich.html",
        shell=shell_of_page(page),
        page=page,
        shown=render_editable(body, view_context(page)),
        draft=draft,
        drafter=name_of(draft.author) if draft else "",
    )


@pages.post("/pages/<int:page_id>/edit")
def save(page_id: int) -> Any:
    """Save what was typed, on top of the version that it was made from."""
    page = _editable(page_id)
    base = request.form.get("version", 0, int)
    title = request.form.get("title", page.title).strip()
    body = _typed_body(page, base)
    message = request.form.get("message", "").strip()
    try:
        parse(body)
        get_store().pages.update(
            page.id,
            author=current_user().account_id,
            number=base + 1,
            title=title,
            body=body,
            message=message,
            is_minor=bool(request.form.get("minor")),
        )
    except VersionConflictError:
        return _conflict(page, title=title, body=body, base=base, message=message), 409
    except BadBody as error:
        return _source_form(page, title=title, body=body, base=base, problem=error, message=message), 400
    except StoreError as error:
        return _source_form(page, title=title, body=body, base=base, refusal=str(error), message=message), 400
    return redirect(url_of(get_page(page_id)))


def _typed_body(page: Content, base: int) -> str:
    """Return the body that was sent: as source, or as edits to the version they were made from."""
    if "edits" not in request.form:
        return request.form.get("body", "").replace("\r\n", "\n")
    try:
        edits = {int(number): str(typed) for number, typed in json.loads(request.form["edits"]).items()}
        return apply_edits(get_store().contents.body(page.id, base), edits)
    except (ValueError, AttributeError) as error:
        raise InvalidError(f"The edits could not be understood: {error}") from error


def _source_form(
    page: Content,
    *,
    title: str,
    body: str,
    base: int,
    problem: BadBody | None = None,
    refusal: str = "",
    message: str = "",
    has_draft: bool = False,
) -> str:
    return render_template(
        "wiki/edit_source.html",
        shell=shell_of_page(page),
        page=page,
        title=title,
        body=body,
        base=base,
        problem=problem,
        refusal=refusal,
        message=message,
        has_draft=has_draft,
        action=url_for("pages.save", page_id=page.id),
    )


def _conflict(page: Content, *, title: str, body: str, base: int, message: str) -> str:
    """Show what the other person did and what this one typed; nothing typed is lost."""
    contents = get_store().contents
    page = get_page(page.id)
    current = contents.body(page.id)
    before = contents.body(page.id, base) if 1 <= base < page.version else current
    merged = merge(before, body, current)
    return render_template(
        "wiki/conflict.html",
        shell=shell_of_page(page),
        page=page,
        title=title,
        body=body,
        merged=merged,
        message=message,
        other=name_of(page.updater),
        theirs=compare(before, current),
        mine=compare(current, merged or body),
    )


@pages.post("/pages/<int:page_id>/draft")
def save_draft(page_id: int) -> Any:
    """Keep what was typed as unpublished changes."""
    page = _editable(page_id)
    body = _typed_body(page, request.form.get("version", page.version, int))
    title = request.form.get("title", page.title).strip()
    try:
        parse(body)
    except BadBody as error:
        if request.headers.get("X-CSRF-Token"):
            return {"problem": str(error)}, 400
        return _source_form(page, title=title, body=body, base=page.version, problem=error), 400
    draft = get_store().pages.save_draft(page.id, title=title, body=body, author=current_user().account_id)
    if request.headers.get("X-CSRF-Token"):
        return {"saved": f"{draft.updated_at:%H:%M:%S}"}
    return redirect(url_of(page))


@pages.post("/pages/<int:page_id>/draft/discard")
def discard_draft(page_id: int) -> Any:
    """Throw unpublished changes away."""
    page = _editable(page_id)
    get_store().pages.discard_draft(page.id)
    return redirect(url_of(page))


@pages.post("/pages/preview")
def preview() -> Any:
    """Show what source would look like on a page."""
    page = get_page(request.form.get("page", ""))
    try:
        return render_view(request.form.get("body", ""), view_context(page), representation="page")
    except BadBody as error:
        return str(error), 400


@pages.get("/pages/createpage.action", defaults={"key": ""})
@pages.get("/spaces/<key>/pages/new")
def new_page(key: str) -> Any:
    """Open a form for a page that is not there yet."""
    space = get_store().spaces.get_by_key(key or request.args.get("spaceKey", ""))
    parent_id = request.args.get("parentId") or request.args.get("fromPageId") or space.homepage_id
    return _new_form(space.key, str(parent_id or ""), request.args.get("title", ""), "<p></p>")


@pages.post("/spaces/<key>/pages/new")
def create(key: str) -> Any:
    """Create a page under the chosen parent."""
    space = get_store().spaces.get_by_key(key)
    title, body = request.form.get("title", "").strip(), request.form.get("body", "").replace("\r\n", "\n")
    parent_id = request.form.get("parent", "")
    try:
        parent = get_page(parent_id) if parent_id else None
        if parent is not None and not may_update(parent):
            raise ForbiddenError("You may not put pages below this one.")
        parse(body)
        page = get_store().pages.create(
            space.id, title, body, author=current_user().account_id, parent_id=parent.id if parent else None
        )
    except (BadBody, StoreError) as error:
        return _new_form(key, parent_id, title, body, problem=error), 400
    return redirect(url_of(page))


def _new_form(key: str, parent_id: str, title: str, body: str, problem: Exception | None = None) -> str:
    space = get_store().spaces.get_by_key(key)
    parent = get_page(parent_id) if parent_id.isdecimal() else None
    return render_template(
        "wiki/new.html",
        shell=shell_of_space(space),
        space=space,
        parent=parent,
        title=title,
        body=body,
        problem=problem,
        row=problem.row if isinstance(problem, BadBody) else None,
    )


def _editable(page_id: int | str) -> Content:
    page = get_page(page_id)
    if not may_update(page):
        raise ForbiddenError("You may read this page but not change it.")
    if page.status == "archived":
        raise InvalidError("This page is archived: it cannot be edited.")
    return page
