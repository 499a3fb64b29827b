"""Labels of content and of spaces."""

from wikiserver.store.contents import Selection
from wikiserver.store.database import Database, Row
from wikiserver.store.errors import InvalidError, NotFoundError
from wikiserver.store.values import Label

_FORBIDDEN = frozenset(" !#&()*,.:;<>?@[]^")  # characters that Confluence refuses in a label


class Labels:
    """Labels are lower case without spaces; a content has each label at most once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, content_id: int) -> list[Label]:
        """Return the labels of a content, in the order of their first use in this wiki."""
        rows = self._database.rows(
            "SELECT labels.* FROM content_labels JOIN labels ON labels.id = label_id WHERE"
            " content_id = ? ORDER BY label_id",
            (content_id,),
        )
        return [_label(row) for row in rows]

    def of_space(self, space_id: int) -> list[Label]:
        """Return the labels of a space itself."""
        rows = self._database.rows(
            "SELECT labels.* FROM space_labels JOIN labels ON labels.id = label_id WHERE space_id ="
            " ? ORDER BY label_id",
            (space_id,),
        )
        return [_label(row) for row in rows]

    def used(self, selection: Selection) -> list[Label]:
        """Return the labels of the selected content, without duplicates."""
        where = " AND ".join(selection.conditions) or "1"
        rows = self._database.rows(
            "SELECT DISTINCT labels.* FROM content JOIN content_labels ON content_id = content.id"
            f" JOIN labels ON labels.id = label_id WHERE {where} ORDER BY labels.id",
            selection.parameters,
        )
        return [_label(row) for row in rows]

    def find_by_id(self, label_id: int) -> Label | None:
        """Return a label by id, or None."""
        row = self._database.row("SELECT * FROM labels WHERE id = ?", (label_id,))
        return _label(row) if row is not None else None

    def find(self, name: str, prefix: str = "global") -> Label | None:
        """Return a label by name, or None."""
        row = self._database.row("SELECT * FROM labels WHERE name = ? AND prefix = ?", (name.casefold(), prefix))
        return _label(row) if row is not None else None

    def add(self, content_id: int, name: str, prefix: str = "global") -> Label:
        """Add a label to a content; idempotent."""
        label = self._ensure(name, prefix)
        self._database.execute("INSERT OR IGNORE INTO content_labels VALUES (?, ?)", (label.id, content_id))
        return label

    def add_to_space(self, space_id: int, name: str, prefix: str = "global") -> Label:
        """Add a label to a space."""
        label = self._ensure(name, prefix)
        self._database.execute("INSERT OR IGNORE INTO space_labels VALUES (?, ?)", (label.id, space_id))
        return label

    def remove(self, content_id: int, name: str) -> bool:
        """Remove a label from a content; return whether it was there."""
        return bool(
            self._database.execute(
                "DELETE FROM content_labels WHERE content_id = ? AND label_id IN (SELECT id FROM"
                " labels WHERE name = ?)",
                (content_id, name.casefold()),
            )
        )

    def remove_from_space(self, space_id: int, name: str) -> bool:
        """Remove a label from a space; return whether it was there."""
        return bool(
            self._database.execute(
                "DELETE FROM space_labels WHERE space_id = ? AND label_id IN (SELECT id FROM labels WHERE name = ?)",
                (space_id, name.casefold()),
            )
        )

    def _ensure(self, name: str, prefix: str) -> Label:
        name = name.strip().casefold()
        if not name or len(name) > 255 or _FORBIDDEN & set(name):
            raise InvalidError(f"The label '{name}' contains invalid characters")
        self._database.execute("INSERT OR IGNORE INTO labels (prefix, name) VALUES (?, ?)", (prefix, name))
        label = self.find(name, prefix)
        if label is None:
            raise NotFoundError(f"No label called {name}")
        return label


def _label(row: Row) -> Label:
    return Label(id=row["id"], prefix=row["prefix"], name=row["name"])
