"""Read content: pages, blog posts, comments and attachments, their versions and bodies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wikiserver.store.database import Database, Row, placeholders
from wikiserver.store.errors import NotFoundError
from wikiserver.store.values import Content, Draft, Version, from_milliseconds


@dataclass(frozen=True, slots=True)
class Selection:
    """Which content, in which order, from which position.

    *conditions* are SQL on the table `content`, with *parameters* in their order. *after* is the (value of
    *order_by*, id) of the last row of the previous page; keyset pagination is fast at any depth. *joins* must not
    multiply rows.
    """

    conditions: tuple[str, ...]
    parameters: tuple[object, ...] = ()
    order_by: str = "content.id"
    is_descending: bool = False
    after: tuple[object, int] | None = None
    limit: int = 25
    offset: int = 0
    joins: str = ""


class Contents:
    """Read access to content; nothing here changes the wiki."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, content_id: int) -> Content | None:
        """Return the content with this id in any status, or None."""
        row = self._database.row("SELECT * FROM content WHERE id = ?", (content_id,))
        return read_content(row) if row is not None else None

    def get(self, content_id: int) -> Content:
        """Return the content with this id in any status; raises NotFoundError if there is none."""
        content = self.find(content_id)
        if content is None:
            raise NotFoundError(f"No content found with id: ContentId{{id={content_id}}}")
        return content

    def get_many(self, content_ids: Iterable[int]) -> list[Content]:
        """Return the existing contents, in the given order."""
        wanted = list(content_ids)
        rows = self._database.rows(f"SELECT * FROM content WHERE id IN ({placeholders(wanted)})", wanted)
        by_id = {row["id"]: read_content(row) for row in rows}
        return [by_id[one] for one in wanted if one in by_id]

    def find_page(
        self, space_id: int, title: str, *, kind: str = "page", statuses: Sequence[str] = ("current",)
    ) -> Content | None:
        """Return the page of a space by its title; case is ignored, as in Confluence."""
        row = self._database.row(
            f"SELECT * FROM content WHERE title_key = ? AND space_id = ? AND type = ? AND status IN"
            f" ({placeholders(statuses)})"
            " ORDER BY status = 'current' DESC, id LIMIT 1",
            (title.casefold(), space_id, kind, *statuses),
        )
        return read_content(row) if row is not None else None

    def select(self, selection: Selection) -> list[Content]:
        """Return the selected content."""
        direction = "DESC" if selection.is_descending else "ASC"
        conditions, parameters = list(selection.conditions), list(selection.parameters)
        if selection.after is not None:
            comparison = "<" if selection.is_descending else ">"
            if selection.order_by == "content.id":
                conditions.append(f"content.id {comparison} ?")
                parameters.append(selection.after[1])
            else:
                conditions.append(f"({selection.order_by}, content.id) {comparison} (?, ?)")
                parameters += selection.after
        order = "" if selection.order_by == "content.id" else f"{selection.order_by} {direction}, "
        rows = self._database.rows(
            f"SELECT content.* FROM content {selection.joins} WHERE {' AND '.join(conditions) or '1'}"
            f" ORDER BY {order}content.id {direction} LIMIT ? OFFSET ?",
            (*parameters, selection.limit, selection.offset),
        )
        return [read_content(row) for row in rows]

    def count(self, selection: Selection) -> int:
        """Return the number of selected contents."""
        where = " AND ".join(selection.conditions) or "1"
        return self._database.value(
            f"SELECT COUNT(*) FROM content {selection.joins} WHERE {where}",
            selection.parameters,
        )

    def find_other_page(self, content_id: int) -> int | None:
        """Return the id of any other current page; None if there is none."""
        row = self._database.row(
            "SELECT id FROM content WHERE type = 'page' AND status = 'current' AND id != ? LIMIT 1", (content_id,)
        )
        return int(row["id"]) if row is not None else None

    def is_many(self, table: str, where: str, key: int, limit: int) -> bool:
        """Return whether *table* has at least *limit* rows for a key; reads at most that many."""
        counted = f"SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE {where} LIMIT ?)"
        return self._database.value(counted, (key, limit)) >= limit

    def body(self, content_id: int, number: int | None = None) -> str:
        """Return the storage format of a version, by default the current one."""
        row = self._database.row(
            "SELECT body FROM versions WHERE content_id = :id AND number ="
            " COALESCE(:number, (SELECT version FROM content WHERE id = :id))",
            {"id": content_id, "number": number},
        )
        if row is None:
            raise NotFoundError(f"No content found with id: {content_id}, version: {number}")
        return str(row["body"])

    def bodies(self, content_ids: Iterable[int]) -> dict[int, str]:
        """Return the current bodies of many contents in one query."""
        wanted = list(content_ids)
        rows = self._database.rows(
            "SELECT content_id, body FROM versions JOIN content ON content.id = content_id AND"
            " number = content.version"
            f" WHERE content.id IN ({placeholders(wanted)})",
            wanted,
        )
        return {row["content_id"]: row["body"] for row in rows}

    def versions(
        self, content_id: int, *, is_ascending: bool = False, limit: int = -1, offset: int = 0
    ) -> list[Version]:
        """Return the versions of a content, by default newest first."""
        direction = "ASC" if is_ascending else "DESC"
        rows = self._database.rows(
            "SELECT content_id, number, title, message, author, created_at, is_minor FROM versions"
            f" WHERE content_id = ? ORDER BY number {direction} LIMIT ? OFFSET ?",
            (content_id, limit, offset),
        )
        return [_version(row) for row in rows]

    def version(self, content_id: int, number: int) -> Version:
        """Return one version of a content; raises NotFoundError if it does not exist or was removed."""
        row = self._database.row("SELECT * FROM versions WHERE content_id = ? AND number = ?", (content_id, number))
        if row is None:
            raise NotFoundError(f"Cannot find content with id: {content_id} and version: {number}")
        return _version(row)

    def contributors(self, content_id: int) -> list[str]:
        """Return the account ids of everyone who saved this content, the first author first."""
        rows = self._database.rows(
            "SELECT author FROM versions WHERE content_id = ? GROUP BY author ORDER BY MIN(number)", (content_id,)
        )
        return [row["author"] for row in rows]

    def find_draft(self, content_id: int) -> Draft | None:
        """Return the unpublished changes of a page, or None."""
        row = self._database.row("SELECT * FROM drafts WHERE content_id = ?", (content_id,))
        if row is None:
            return None
        return Draft(
            content_id=row["content_id"],
            title=row["title"],
            body=row["body"],
            author=row["author"],
            updated_at=from_milliseconds(row["updated_at"]),
            base_version=row["base_version"],
        )


def read_content(row: Row) -> Content:
    """Convert a row of the table `content` to a value."""
    return Content(
        id=row["id"],
        type=row["type"],
        status=row["status"],
        title=row["title"],
        space_id=row["space_id"],
        parent_id=row["parent_id"],
        container_id=row["container_id"],
        position=row["position"],
        version=row["version"],
        creator=row["creator"],
        created_at=from_milliseconds(row["created_at"]),
        updater=row["updater"],
        updated_at=from_milliseconds(row["updated_at"]),
        message=row["message"],
        is_minor=bool(row["is_minor"]),
        subtype=row["subtype"],
    )


def _version(row: Row) -> Version:
    return Version(
        content_id=row["content_id"],
        number=row["number"],
        title=row["title"],
        message=row["message"],
        author=row["author"],
        created_at=from_milliseconds(row["created_at"]),
        is_minor=bool(row["is_minor"]),
    )
