"""Attachments of pages, with all their versions."""

import mimetypes
import uuid
from datetime import datetime

from wikiserver.store.contents import Contents
from wikiserver.store.database import Database, Row, placeholders
from wikiserver.store.errors import DuplicateError, InvalidError, NotFoundError
from wikiserver.store.pages import Pages
from wikiserver.store.values import Content, File


class Attachments:
    """An attachment is content inside a page; its title is the file name, unique in the page."""

    def __init__(self, database: Database, contents: Contents, pages: Pages) -> None:
        self._database, self._contents, self._pages = database, contents, pages

    def of(self, page_id: int, *, statuses: tuple[str, ...] = ("current",)) -> list[Content]:
        """Return the attachments of a page, by id."""
        rows = self._database.rows(
            "SELECT id FROM content WHERE container_id = ? AND type = 'attachment'"
            f" AND status IN ({placeholders(statuses)}) ORDER BY id",
            (page_id, *statuses),
        )
        return self._contents.get_many(row["id"] for row in rows)

    def find(self, page_id: int, name: str) -> Content | None:
        """Return the attachment of that name on a page, or None."""
        row = self._database.row(
            "SELECT id FROM content WHERE container_id = ? AND type = 'attachment' AND status ="
            " 'current' AND title = ?",
            (page_id, name),
        )
        return self._contents.get(row["id"]) if row is not None else None

    def find_by_file_id(self, file_id: str) -> Content | None:
        """Return the attachment with this id of the media host, or None."""
        row = self._database.row("SELECT content_id FROM files WHERE file_id = ? LIMIT 1", (file_id,))
        return self._contents.find(row["content_id"]) if row is not None else None

    def add(
        self,
        page_id: int,
        name: str,
        data: bytes,
        *,
        author: str,
        media_type: str | None = None,
        comment: str = "",
        is_minor: bool = False,
        when: datetime | None = None,
    ) -> Content:
        """Attach a new file; raises DuplicateError if the page has a file of that name."""
        if not name or "/" in name:
            raise InvalidError(f"Not a file name: {name!r}")
        with self._database.transaction():
            if self.find(page_id, name) is not None:
                raise DuplicateError(
                    f"Cannot add a new attachment with same file name as an existing attachment: {name}"
                )
            page = self._contents.get(page_id)
            content_id = self._pages.insert(
                kind="attachment",
                status="current",
                title=name,
                body="",
                space_id=page.space_id,
                container_id=page_id,
                author=author,
                message=comment,
                when=when,
            )
            self._write_file(content_id, 1, name, data, media_type, comment, str(uuid.uuid4()))
            self._database.execute("UPDATE content SET is_minor = ? WHERE id = ?", (is_minor, content_id))
        return self._contents.get(content_id)

    def replace(
        self,
        content_id: int,
        data: bytes,
        *,
        author: str,
        media_type: str | None = None,
        comment: str = "",
        is_minor: bool = False,
        when: datetime | None = None,
    ) -> Content:
        """Save new bytes as the next version of an attachment."""
        with self._database.transaction():
            before = self.file(content_id)
            content = self._pages.update(content_id, author=author, message=comment, is_minor=is_minor, when=when)
            self._write_file(content_id, content.version, content.title, data, media_type, comment, before.file_id)
        return content

    def _write_file(
        self, content_id: int, number: int, name: str, data: bytes, media_type: str | None, comment: str, file_id: str
    ) -> None:
        media_type = media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._database.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            (content_id, number, media_type, comment, file_id, len(data), data),
        )

    def change(self, content_id: int, *, name: str | None, media_type: str | None, comment: str | None) -> Content:
        """Rename an attachment or change its metadata; the bytes and the version are unchanged."""
        with self._database.transaction():
            content = self._contents.get(content_id)
            self._database.execute(
                "UPDATE content SET title = COALESCE(:name, title), message = COALESCE(:comment,"
                " message) WHERE id = :id",
                {"name": name, "comment": comment, "id": content_id},
            )
            self._database.execute(
                "UPDATE files SET media_type = COALESCE(?, media_type), comment = COALESCE(?, comment)"
                " WHERE content_id = ? AND number = ?",
                (media_type, comment, content_id, content.version),
            )
        return self._contents.get(content_id)

    def move(self, content_id: int, page_id: int) -> None:
        """Move an attachment to another page."""
        self._database.execute("UPDATE content SET container_id = ? WHERE id = ?", (page_id, content_id))

    def file(self, content_id: int, number: int | None = None) -> File:
        """Return the metadata of one version of a file, by default the newest."""
        row = self._database.row(
            "SELECT content_id, number, media_type, comment, file_id, size FROM files"
            " WHERE content_id = ? AND (number = ? OR ? IS NULL) ORDER BY number DESC LIMIT 1",
            (content_id, number, number),
        )
        if row is None:
            raise NotFoundError(f"No attachment found with id: {content_id}, version: {number}")
        return _file(row)

    def data(self, content_id: int, number: int | None = None) -> bytes:
        """Return the bytes of one version of a file, by default the newest."""
        row = self._database.row(
            "SELECT data FROM files WHERE content_id = ? AND (number = ? OR ? IS NULL) ORDER BY number DESC LIMIT 1",
            (content_id, number, number),
        )
        if row is None:
            raise NotFoundError(f"No attachment found with id: {content_id}, version: {number}")
        return bytes(row["data"])


def _file(row: Row) -> File:
    return File(
        content_id=row["content_id"],
        number=row["number"],
        media_type=row["media_type"],
        comment=row["comment"],
        file_id=row["file_id"],
        size=row["size"],
    )
