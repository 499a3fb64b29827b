"""Footer and inline comments."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request

from wikiserver.bodies import view_context
from wikiserver.pages.blueprint import pages
from wikiserver.pages.shell import current_user, get_changeable, get_page, name_of, shell_of_page, url_of
from wikiserver.rights import Act, check, check_readable, page_of
from wikiserver.site import get_store
from wikiserver.store import Content, InvalidError, NotFoundError
from wikiserver.view import html, render_view


@dataclass(frozen=True, slots=True)
class ShownComment:
    """A comment as shown, with its replies."""

    id: int
    author: str
    when: datetime
    shown: str
    selection: str
    marker_ref: str
    is_resolved: bool
    is_own: bool
    replies: Sequence["ShownComment"]


def comments_of(page: Content, location: str) -> list[ShownComment]:
    """Return the comments on a page, `footer` or `inline`, oldest first, each with its replies."""
    return [_shown(comment, page) for comment in get_store().comments.of(page.id, location=location)]


def _shown(comment: Content, page: Content) -> ShownComment:
    store = get_store()
    detail = store.comments.detail(comment.id)
    body = store.contents.body(comment.id)
    return ShownComment(
        id=comment.id,
        author=name_of(comment.creator),
        when=comment.created_at,
        shown=render_view(body, view_context(page), representation="page"),
        selection=detail.selection or "",
        marker_ref=detail.marker_ref or "",
        is_resolved=detail.resolution == "resolved",
        is_own=comment.creator == current_user().account_id,
        replies=[_shown(reply, page) for reply in store.comments.replies(comment.id)],
    )


def typed_as_storage(typed: str) -> str:
    """Return plain text as storage format: empty lines separate paragraphs, everything else is text."""
    paragraphs = re.split(r"\n\s*\n", typed.replace("\r\n", "\n").strip())
    return "".join(f"<p>{html.text(one).replace(chr(10), '<br />')}</p>" for one in paragraphs)


@pages.post("/pages/<int:page_id>/comments")
def add_comment(page_id: int) -> Any:
    """Add a comment: a reply, an inline comment, or a footer comment."""
    page = get_changeable(page_id, "comment")
    typed, selection = request.form.get("body", "").strip(), request.form.get("selection", "").strip()
    if not typed:
        raise InvalidError("The comment is empty.")
    comments, author = get_store().comments, current_user().account_id
    body = typed_as_storage(typed)
    if request.form.get("parent"):
        parent = _comment(request.form.get("parent", 0, int))
        if parent.container_id != page.id:
            raise NotFoundError(f"Comment {parent.id} is on another page")
        added = comments.add(page.id, body, author=author, parent_id=parent.id)
    elif selection:
        try:
            added = comments.add_inline(page.id, body, author=author, selection=selection)
        except InvalidError as error:
            shell = shell_of_page(page)
            return render_template("wiki/comment.html", shell=shell, page=page, body=typed, problem=str(error)), 400
    else:
        added = comments.add(page.id, body, author=author)
    return redirect(f"{url_of(page)}#comment-{added.id}")


@pages.post("/comments/<int:comment_id>/resolve")
def resolve_comment(comment_id: int) -> Any:
    """Resolve or reopen a comment."""
    comment = _comment(comment_id, "comment")
    is_resolved = get_store().comments.detail(comment.id).resolution == "resolved"
    get_store().comments.resolve(comment.id, is_resolved=not is_resolved, by=current_user().account_id)
    return redirect(f"{url_of(get_page(page_of(comment).id))}#comment-{comment.id}")


@pages.post("/comments/<int:comment_id>/delete")
def delete_comment(comment_id: int) -> Any:
    """Delete one's own comment with its replies; administrators of the space may delete any comment."""
    comment = _comment(comment_id, "delete")
    get_store().comments.delete(comment.id)
    return redirect(f"{url_of(get_page(page_of(comment).id))}#comments")


def _comment(comment_id: int, act: Act = "comment") -> Content:
    comment = check_readable(get_store().contents.find(comment_id), f"No comment with id {comment_id}")
    if comment.type != "comment":
        raise NotFoundError(f"No comment with id {comment_id}")
    return check(act, comment, "Only its author can remove a comment.")
