"""Footer and inline comments, with replies and resolution."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import datetime

from wikiserver.store.contents import Contents
from wikiserver.store.database import Database
from wikiserver.store.errors import InvalidError, NotFoundError
from wikiserver.store.pages import Pages
from wikiserver.store.values import Comment, Content, from_milliseconds, to_milliseconds


class Comments:
    """A comment is content inside a page; the parent of a reply is the comment that it replies to."""

    def __init__(
        self,
        database: Database,
        contents: Contents,
        pages: Pages,
        *,
        clock: Callable[[], datetime],
        normalise: Callable[[str], str],
    ) -> None:
        self._database, self._contents, self._pages = database, contents, pages
        self._clock, self._normalise = clock, normalise

    def of(self, page_id: int, *, location: str | None = None) -> list[Content]:
        """Return the comments on a page that are not replies, by id."""
        rows = self._database.rows(
            "SELECT content.id FROM content JOIN comments ON content_id = content.id WHERE container_id = ?"
            " AND type = 'comment' AND status = 'current' AND parent_id IS NULL AND (location = ?"
            " OR ? IS NULL) ORDER BY content.id",
            (page_id, location, location),
        )
        return self._contents.get_many(row["id"] for row in rows)

    def all_of(self, page_id: int) -> list[Content]:
        """Return all comments on a page, replies included, by id."""
        rows = self._database.rows(
            "SELECT id FROM content WHERE container_id = ? AND type = 'comment' AND status = 'current' ORDER BY id",
            (page_id,),
        )
        return self._contents.get_many(row["id"] for row in rows)

    def all(self, location: str) -> list[Content]:
        """Return all comments of one kind in the wiki, by id."""
        rows = self._database.rows(
            "SELECT content.id FROM content JOIN comments ON content_id = content.id"
            " WHERE type = 'comment' AND status = 'current' AND location = ? ORDER BY content.id",
            (location,),
        )
        return self._contents.get_many(row["id"] for row in rows)

    def replies(self, comment_id: int) -> list[Content]:
        """Return the direct replies to a comment, by id."""
        rows = self._database.rows(
            "SELECT id FROM content WHERE parent_id = ? AND type = 'comment' AND status = 'current' ORDER BY id",
            (comment_id,),
        )
        return self._contents.get_many(row["id"] for row in rows)

    def detail(self, comment_id: int) -> Comment:
        """Return the place of a comment; raises NotFoundError if the content is not a comment."""
        row = self._database.row("SELECT * FROM comments WHERE content_id = ?", (comment_id,))
        if row is None:
            raise NotFoundError(f"No comment found with id: {comment_id}")
        return Comment(
            content_id=row["content_id"],
            location=row["location"],
            marker_ref=row["marker_ref"],
            selection=row["selection"],
            resolution=row["resolution"],
            resolved_by=row["resolved_by"],
            resolved_at=from_milliseconds(row["resolved_at"]) if row["resolved_at"] is not None else None,
        )

    def resolution(self, comment: Content) -> str:
        """Return `open`, `reopened` or `resolved`; `dangling` if the marked text was removed from the page."""
        detail = self.detail(comment.id)
        if detail.marker_ref is None or detail.resolution == "resolved" or comment.container_id is None:
            return detail.resolution
        is_marked = f'ac:ref="{detail.marker_ref}"' in self._contents.body(comment.container_id)
        return detail.resolution if is_marked else "dangling"

    def add(
        self,
        page_id: int,
        body: str,
        *,
        author: str,
        parent_id: int | None = None,
        marker_ref: str | None = None,
        selection: str | None = None,
        when: datetime | None = None,
    ) -> Content:
        """Add a comment: inline if *marker_ref* is set or the parent is inline, else a footer comment."""
        with self._database.transaction():
            page = self._contents.get(page_id)
            location = "inline" if marker_ref is not None else "footer"
            if parent_id is not None:
                location = self.detail(parent_id).location
            content_id = self._pages.insert(
                kind="comment",
                status="current",
                title=f"Re: {page.title}",
                body=self._normalise(body),
                space_id=page.space_id,
                parent_id=parent_id,
                container_id=page_id,
                author=author,
                when=when,
            )
            self._database.execute(
                "INSERT INTO comments (content_id, location, marker_ref, selection) VALUES (?, ?, ?, ?)",
                (content_id, location, marker_ref, selection),
            )
        return self._contents.get(content_id)

    def add_inline(
        self,
        page_id: int,
        body: str,
        *,
        author: str,
        selection: str,
        match_index: int = 0,
        when: datetime | None = None,
    ) -> Content:
        """Add an inline comment: the body of the page gets a marker, its version does not change."""
        with self._database.transaction():
            marker_ref = str(uuid.uuid4())
            page_body = self._contents.body(page_id)
            self._pages.replace_body_unversioned(page_id, mark(page_body, selection, marker_ref, match_index))
            return self.add(page_id, body, author=author, marker_ref=marker_ref, selection=selection, when=when)

    def update(self, comment_id: int, body: str, *, number: int | None, author: str, message: str = "") -> Content:
        """Save a new version of a comment, with the same version check as pages."""
        return self._pages.update(comment_id, number=number, body=body, author=author, message=message)

    def resolve(self, comment_id: int, *, is_resolved: bool, by: str) -> None:
        """Resolve or reopen an inline comment."""
        self._database.execute(
            "UPDATE comments SET resolution = ?, resolved_by = ?, resolved_at = ? WHERE content_id = ?",
            ("resolved" if is_resolved else "reopened", by, to_milliseconds(self._clock()), comment_id),
        )

    def delete(self, comment_id: int) -> None:
        """Delete a comment and its replies."""
        with self._database.transaction():
            for reply in self.replies(comment_id):
                self.delete(reply.id)
            self._pages.purge(comment_id)


def mark(body: str, selection: str, marker_ref: str, match_index: int = 0) -> str:
    """Return *body* with an inline comment marker around the chosen text.

    The text must be inside one run, without markup.
    """
    outside_markup = r"(?![^<]*>)"
    wanted = re.escape(html.escape(selection, quote=False))
    matches = list(re.finditer(wanted + outside_markup, body))
    if not selection or match_index >= len(matches):
        raise InvalidError(f"The text {selection!r} is not on the page")
    found = matches[match_index]
    open_tag = f'<ac:inline-comment-marker ac:ref="{marker_ref}">'
    return body[: found.start()] + open_tag + found[0] + "</ac:inline-comment-marker>" + body[found.end() :]
