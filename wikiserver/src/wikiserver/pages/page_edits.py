"""Create and edit pages as rich text or as source; drafts; edit conflicts."""

from typing import Any

from flask import redirect, render_template, request

from wikiserver.bodies import view_context
from wikiserver.editor.compare import compare
from wikiserver.editor.rich_text import render_editable
from wikiserver.pages.blueprint import pages
from wikiserver.pages.shell import (
    current_user,
    get_changeable,
    get_page,
    name_of,
    shell_of_page,
    shell_of_space,
    url_of,
)
from wikiserver.pages.submission import Submission, read_submission, rebase
from wikiserver.person_saves import respelled
from wikiserver.rights import check_creates, visible_space
from wikiserver.site import get_site, get_store
from wikiserver.storage_tree import BadBody, parse
from wikiserver.store import Content, InvalidError, StoreError, VersionConflictError
from wikiserver.view import render_view


@pages.get("/pages/editpage.action", defaults={"page_id": 0})
@pages.get("/pages/resumedraft.action", defaults={"page_id": 0})
@pages.get("/spaces/<key>/pages/edit-v2/<int:page_id>")
@pages.get("/pages/<int:page_id>/edit")
def edit(page_id: int, key: str = "") -> Any:
    """Open the editor (`editor=cloud`, `datacenter` or `none`), or the source of a page (`mode=source`)."""
    del key
    page = _editable(page_id or request.args.get("pageId") or request.args.get("draftId", ""))
    draft = get_store().contents.find_draft(page.id)
    if draft is not None and request.args.get("draft") == "use":
        original = get_store().contents.body(page.id, draft.base_version)
        return _source_form(page, Submission(draft.title, draft.body, draft.base_version, original))
    body = get_store().contents.body(page.id)
    if request.args.get("mode") == "source":
        return _source_form(page, Submission(page.title, body, page.version, body), has_draft=draft is not None)
    return render_template(
        "wiki/edit_rich.html",
        shell=shell_of_page(page),
        page=page,
        body=body,
        shown=render_editable(body, view_context(page)),
        editor=request.args.get("editor", ""),
        draft=draft,
        drafter=name_of(draft.author) if draft else "",
    )


@pages.post("/pages/<int:page_id>/edit")
def save(page_id: int) -> Any:
    """Save an edit on top of the version that it is based on."""
    page = _editable(page_id)
    submission = read_submission(page)
    try:
        parse(submission.body)
        if submission.base == page.version:
            rebased = rebase(submission, get_store().contents.body(page.id))
            if rebased is None:
                return _conflict(page, submission), 409
            submission = rebased
        _store(page, submission)
    except VersionConflictError:
        return _conflict(page, submission), 409
    except BadBody as error:
        return _source_form(page, submission, problem=error), 400
    except StoreError as error:
        return _source_form(page, submission, refusal=str(error)), 400
    return redirect(url_of(get_page(page_id)))


def _store(page: Content, submission: Submission) -> None:
    get_store().pages.update(
        page.id,
        author=current_user().account_id,
        number=submission.base + 1,
        title=submission.title,
        body=respelled(get_site(), page, submission.body, submission.editor),
        message=submission.message,
        is_minor=submission.is_minor,
    )


def _source_form(
    page: Content, submission: Submission, *, problem: BadBody | None = None, refusal: str = "", has_draft: bool = False
) -> str:
    return render_template(
        "wiki/edit_source.html",
        shell=shell_of_page(page),
        page=page,
        submission=submission,
        message=submission.message,
        problem=problem,
        refusal=refusal,
        has_draft=has_draft,
    )


def _conflict(page: Content, submission: Submission) -> str:
    """Show both conflicting edits; no typed text is lost."""
    page = get_page(page.id)
    current = get_store().contents.body(page.id)
    rebased = rebase(submission, current)
    return render_template(
        "wiki/conflict.html",
        shell=shell_of_page(page),
        page=page,
        submission=submission,
        message=submission.message,
        merged=rebased.body if rebased is not None else None,
        current=current,
        other=name_of(page.updater),
        theirs=compare(submission.original, current),
        mine=compare(current, rebased.body if rebased is not None else submission.body),
    )


@pages.post("/pages/<int:page_id>/draft")
def save_draft(page_id: int) -> Any:
    """Save an edit as unpublished changes."""
    page = _editable(page_id)
    submission = read_submission(page)
    is_script = "X-CSRF-Token" in request.headers
    try:
        parse(submission.body)
    except BadBody as error:
        return ({"problem": str(error)} if is_script else _source_form(page, submission, problem=error)), 400
    rebased = rebase(submission, get_store().contents.body(page.id))
    if rebased is None:
        return ({"problem": "somebody else saved"} if is_script else _conflict(page, submission)), 409
    author = current_user().account_id
    body = respelled(get_site(), page, rebased.body, rebased.editor)
    draft = get_store().pages.save_draft(page.id, title=rebased.title, body=body, author=author)
    return {"saved": f"{draft.updated_at:%H:%M:%S}"} if is_script else redirect(url_of(page))


@pages.post("/pages/<int:page_id>/draft/discard")
def discard_draft(page_id: int) -> Any:
    """Discard unpublished changes."""
    page = _editable(page_id)
    get_store().pages.discard_draft(page.id)
    return redirect(url_of(page))


@pages.post("/pages/preview")
def preview() -> Any:
    """Show a preview of edited source."""
    page = get_page(request.form.get("page", ""))
    try:
        return render_view(request.form.get("body", ""), view_context(page), representation="page")
    except BadBody as error:
        return str(error), 400


@pages.get("/pages/createpage.action", defaults={"key": ""})
@pages.get("/spaces/<key>/pages/new")
def new_page(key: str) -> Any:
    """Show the form for a new page."""
    space = visible_space(key or request.args.get("spaceKey", ""))
    parent_id = request.args.get("parentId") or request.args.get("fromPageId") or space.homepage_id
    return _new_form(space.key, str(parent_id or ""), request.args.get("title", ""), "<p></p>")


@pages.post("/spaces/<key>/pages/new")
def create(key: str) -> Any:
    """Create a page under the chosen parent."""
    space = check_creates(visible_space(key), "page")
    title, body = request.form.get("title", "").strip(), request.form.get("body", "").replace("\r\n", "\n")
    parent_id = request.form.get("parent", "")
    try:
        parent = get_changeable(parent_id, "add") if parent_id else None
        parse(body)
        page = get_store().pages.create(
            space.id, title, body, author=current_user().account_id, parent_id=parent.id if parent else None
        )
    except (BadBody, StoreError) as error:
        return _new_form(key, parent_id, title, body, problem=error), 400
    return redirect(url_of(page))


def _new_form(key: str, parent_id: str, title: str, body: str, problem: Exception | None = None) -> str:
    space = visible_space(key)
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
    if page.status == "archived":
        raise InvalidError("This page is archived: it cannot be edited.")
    return get_changeable(page.id)
