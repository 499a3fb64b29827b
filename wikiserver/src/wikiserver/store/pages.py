"""Write pages: create, save with optimistic locking, move, archive, trash, purge, drafts, old versions."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from wikiserver.store.contents import Contents
from wikiserver.store.database import Database, placeholders
from wikiserver.store.errors import InvalidError, NotEditableError, NotFoundError, VersionConflictError
from wikiserver.store.hierarchy import IN_TREE, Hierarchy
from wikiserver.store.inline_tasks import InlineTasks
from wikiserver.store.page_rules import LIVE, PageRules
from wikiserver.store.values import Content, Draft, to_milliseconds

_OWNED_TABLES: Final = (
    ("versions", "content_id"),
    ("files", "content_id"),
    ("comments", "content_id"),
    ("content_labels", "content_id"),
    ("restrictions", "content_id"),
    ("states", "content_id"),
    ("mails", "content_id"),
    ("drafts", "content_id"),
    ("inline_tasks", "content_id"),
    ("content", "id"),
)


class Pages:
    """Each change to a page is one transaction, so that versions, titles and tree are consistent."""

    def __init__(
        self,
        database: Database,
        contents: Contents,
        hierarchy: Hierarchy,
        tasks: InlineTasks,
        *,
        clock: Callable[[], datetime],
        normalise: Callable[[str], str],
    ) -> None:
        self._database, self._contents, self._hierarchy, self._tasks = database, contents, hierarchy, tasks
        self._rules = PageRules(database, contents)
        self._clock, self._normalise = clock, normalise
        self.clears_state_on_write = True
        self.watchers: list[Callable[[int, int], None]] = []
        """Each is called with the id of a page and the number of its new version."""

    def create(
        self,
        space_id: int,
        title: str,
        body: str,
        *,
        author: str,
        parent_id: int | None = None,
        kind: str = "page",
        status: str = "current",
        message: str = "",
        position: int | None = None,
        when: datetime | None = None,
        as_is: bool = False,
        subtype: str = "",
    ) -> Content:
        """Create a page or blog post; return it as stored. *as_is* preserves a body that a save would refuse."""
        title = title.strip()
        with self._database.transaction():
            if status != "draft" or title:
                self._rules.check_title(space_id, title, kind=kind, status=status)
            if parent_id is not None:
                self._rules.check_parent(space_id, parent_id)
            if position is None:
                position = self._hierarchy.next_position(space_id, parent_id)
            content_id = self.insert(
                kind=kind,
                status=status,
                title=title,
                body=body if as_is else self._normalise(body),
                space_id=space_id,
                parent_id=parent_id,
                position=position,
                author=author,
                message=message,
                when=when,
            )
            if subtype:
                self._database.execute("UPDATE content SET subtype = ? WHERE id = ?", (subtype, content_id))
            self._hierarchy.insert(content_id, parent_id)
            self._tasks.index(content_id, self._contents.body(content_id), author=author, now=when or self._clock())
        return self._contents.get(content_id)

    def insert(
        self,
        *,
        kind: str,
        status: str,
        title: str,
        body: str,
        space_id: int,
        author: str,
        parent_id: int | None = None,
        container_id: int | None = None,
        position: int = -1,
        message: str = "",
        when: datetime | None = None,
    ) -> int:
        """Insert the rows of new content of any type at version 1; return its id."""
        moment = to_milliseconds(when or self._clock())
        content_id = self._database.insert(
            "INSERT INTO content (type, status, title, title_key, space_id, parent_id,"
            " container_id, position, version,"
            " creator, created_at, updater, updated_at, message, is_minor) VALUES"
            " (?,?,?,?,?,?,?,?,1,?,?,?,?,?,0)",
            (
                *(kind, status, title, title.casefold(), space_id, parent_id, container_id, position),
                *(author, moment, author, moment, message),
            ),
        )
        self._database.execute(
            "INSERT INTO versions VALUES (?, 1, ?, ?, ?, ?, ?, 0)",
            (content_id, title, body, message, author, moment),
        )
        return content_id

    def update(
        self,
        content_id: int,
        *,
        author: str,
        number: int | None = None,
        title: str | None = None,
        body: str | None = None,
        message: str = "",
        is_minor: bool = False,
        status: str | None = None,
        when: datetime | None = None,
        as_is: bool = False,
    ) -> Content:
        """Save a new version. *number* must be the current one plus one; None means the next one.

        Restores a trashed page when *status* is `current`; publishes a new page that was a draft. Raises
        VersionConflictError, TitleTakenError, NotEditableError.
        """
        with self._database.transaction():
            content = self._contents.get(content_id)
            self._rules.check_editable(content, status)
            if content.status == "draft":
                number = content.version  # publishing a new draft: its first version is version 1
            elif number is not None and number != content.version + 1:
                raise VersionConflictError(content_id, current=content.version, given=number)
            title = content.title if title is None else title.strip()
            if content.type in {"page", "blogpost"}:
                self._rules.check_title(
                    content.space_id, title, kind=content.type, status=status or content.status, but=content_id
                )
            if body is None:
                body = self._contents.body(content_id)
            elif not as_is:
                body = self._normalise(body)
            number = content.version + 1 if number is None else number
            self._write_version(
                content, number, title, body, message, author, is_minor=is_minor, status=status, when=when
            )
        for watcher in self.watchers:
            watcher(content_id, number)
        return self._contents.get(content_id)

    def _write_version(
        self,
        content: Content,
        number: int,
        title: str,
        body: str,
        message: str,
        author: str,
        *,
        is_minor: bool,
        status: str | None,
        when: datetime | None,
    ) -> None:
        now = when or self._clock()
        moment = to_milliseconds(now)
        self._database.execute(
            "INSERT OR REPLACE INTO versions VALUES (?,?,?,?,?,?,?,?)",
            (content.id, number, title, body, message, author, moment, is_minor),
        )
        self._database.execute(
            "UPDATE content SET version = ?, title = ?, title_key = ?, status = ?, updater = ?,"
            " updated_at = ?, message = ?,"
            " is_minor = ? WHERE id = ?",
            (number, title, title.casefold(), status or content.status, author, moment, message, is_minor, content.id),
        )
        if not is_minor:
            self._mail(content, number, author)
        self._database.execute("DELETE FROM drafts WHERE content_id = ?", (content.id,))
        if self.clears_state_on_write:
            self._database.execute("DELETE FROM states WHERE content_id = ?", (content.id,))
        self._tasks.index(content.id, body, author=author, now=now)

    def _mail(self, content: Content, number: int, author: str) -> None:
        """Record who gets a mail about a new version: everybody who watches the page or its space, but the author."""
        self._database.execute(
            "INSERT OR IGNORE INTO mails SELECT :id, :number, account_id FROM watches WHERE account_id != :author AND"
            " ((kind = 'content' AND target = CAST(:id AS TEXT)) OR (kind = 'space' AND target ="
            " (SELECT key FROM spaces WHERE id = :space)))",
            {"id": content.id, "number": number, "author": author, "space": content.space_id},
        )

    def mails(self, content_id: int) -> list[tuple[int, str]]:
        """Return version number and account id of each mail about new versions of a page, the oldest first."""
        rows = self._database.rows(
            "SELECT number, account_id FROM mails WHERE content_id = ? ORDER BY number, account_id", (content_id,)
        )
        return [(row["number"], row["account_id"]) for row in rows]

    def replace_body_unversioned(self, content_id: int, body: str) -> None:
        """Change the current body without a new version, as a new inline comment does."""
        self._database.execute(
            "UPDATE versions SET body = ? WHERE content_id = ? AND number = (SELECT version FROM content WHERE id = ?)",
            (body, content_id, content_id),
        )

    def restore_version(self, content_id: int, number: int, *, author: str, message: str, with_title: bool) -> Content:
        """Save the body of an old version as the newest."""
        with self._database.transaction():
            old = self._contents.version(content_id, number)
            return self.update(
                content_id,
                author=author,
                title=old.title if with_title else None,
                body=self._contents.body(content_id, number),
                message=message or f"Restored from version {number}",
            )

    def delete_version(self, content_id: int, number: int) -> None:
        """Remove an old version; later versions are renumbered, as in Confluence."""
        with self._database.transaction():
            content = self._contents.get(content_id)
            self._contents.version(content_id, number)
            if number == content.version:
                raise InvalidError("The current version cannot be deleted")
            self._database.execute("DELETE FROM versions WHERE content_id = ? AND number = ?", (content_id, number))
            later = self._database.rows(
                "SELECT number FROM versions WHERE content_id = ? AND number > ? ORDER BY number", (content_id, number)
            )
            self._database.execute_many(
                "UPDATE versions SET number = number - 1 WHERE content_id = ? AND number = ?",
                [(content_id, row["number"]) for row in later],
            )
            self._database.execute("UPDATE content SET version = version - 1 WHERE id = ?", (content_id,))

    def save_draft(self, content_id: int, *, title: str | None, body: str, author: str) -> Draft:
        """Save unpublished changes of a page; the published version is unchanged."""
        with self._database.transaction():
            content = self._contents.get(content_id)
            self._rules.check_editable(content, None)
            self._database.execute(
                "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(content_id, title if title is not None else content.title, self._normalise(body)),
                    *(author, to_milliseconds(self._clock()), content.version),
                ),
            )
            draft = self._contents.find_draft(content_id)
        if draft is None:
            raise NotFoundError(f"No draft of {content_id}")
        return draft

    def discard_draft(self, content_id: int) -> None:
        """Discard unpublished changes."""
        if not self._database.execute("DELETE FROM drafts WHERE content_id = ?", (content_id,)):
            raise NotFoundError(f"No draft of {content_id}")

    def move(self, content_id: int, target_id: int, position: str) -> Content:
        """Move a page `before` or `after` the target page, or `append` it to the target's children."""
        with self._database.transaction():
            content, target = self._contents.get(content_id), self._contents.get(target_id)
            if content.id == target.id:
                raise InvalidError("A page cannot be moved next to or under itself")
            if (
                content.type not in IN_TREE
                or target.type not in IN_TREE
                or position not in {"before", "after", "append"}
            ):
                raise InvalidError(f"Cannot move {content.type} {content_id} {position} {target.type} {target_id}")
            parent_id = target.id if position == "append" else target.parent_id
            self._change_space(content, target.space_id)
            self.set_parent(content_id, parent_id)
            if position != "append":
                self._hierarchy.place(content_id, target, is_after=position == "after")
        return self._contents.get(content_id)

    def set_parent(self, content_id: int, parent_id: int | None) -> None:
        """Move a page to another parent, as its last child; without a new version."""
        with self._database.transaction():
            content = self._contents.get(content_id)
            if content.parent_id == parent_id:
                return
            if parent_id is not None:
                self._rules.check_parent(content.space_id, parent_id)
            position = self._hierarchy.next_position(content.space_id, parent_id)
            self._hierarchy.reparent(content_id, parent_id)
            self._database.execute("UPDATE content SET position = ? WHERE id = ?", (position, content_id))

    def _change_space(self, content: Content, space_id: int) -> None:
        if content.space_id == space_id:
            return
        moving = self._hierarchy.subtree_ids(content.id)
        for page in self._contents.get_many(moving):
            self._rules.check_title(space_id, page.title, kind=page.type, status=page.status, but=page.id)
        marks = placeholders(moving)
        self._database.execute(
            f"UPDATE content SET space_id = ? WHERE id IN ({marks}) OR container_id IN ({marks})",
            (space_id, *moving, *moving),
        )

    def archive(self, content_ids: Sequence[int]) -> None:
        """Archive pages; children that are not archived move up."""
        with self._database.transaction():
            for content in self._contents.get_many(content_ids):
                if content.status != "current" or content.type != "page":
                    raise NotEditableError(f"Page {content.id} is {content.status}: it cannot be archived")
                self._lift_children(content, leave=content_ids)
                self.set_status(content.id, "archived")

    def set_status(self, content_id: int, status: str) -> None:
        """Set the status of one content without side effects."""
        self._database.execute("UPDATE content SET status = ? WHERE id = ?", (status, content_id))

    def trash(self, content_id: int) -> None:
        """Move content to the trash; the children of a page move up."""
        with self._database.transaction():
            content = self._contents.get(content_id)
            if content.type in IN_TREE:
                self._lift_children(content, leave=())
            self.set_status(content_id, "trashed")

    def purge(self, content_id: int) -> None:
        """Delete content permanently, with its comments and attachments."""
        with self._database.transaction():
            content = self._contents.get(content_id)
            if content.type in IN_TREE:
                self._lift_children(content, leave=(), statuses=(*LIVE, "trashed", "draft"))
                self._hierarchy.remove(content_id)
            inside = self._database.rows("SELECT id FROM content WHERE container_id = ?", (content_id,))
            for one in [content_id, *(row["id"] for row in inside)]:
                self._database.execute("DELETE FROM properties WHERE owner = 'content' AND owner_id = ?", (one,))
                for table, column in _OWNED_TABLES:
                    self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (one,))

    def _lift_children(self, content: Content, *, leave: Sequence[int], statuses: Sequence[str] = ("current",)) -> None:
        for child in self._hierarchy.children(content.id, statuses=statuses):
            if child.id not in leave:
                self.set_parent(child.id, content.parent_id)
