"""JSON values of apps on content and spaces, each with its own version."""

import json
from collections.abc import Callable
from datetime import datetime

from wikiserver.store.database import Database, Row
from wikiserver.store.errors import DuplicateError, InvalidError, NotFoundError, VersionConflictError
from wikiserver.store.values import Property, from_milliseconds, to_milliseconds


class Properties:
    """Properties of one kind of owner (`content` or `space`), by key and by id."""

    def __init__(self, database: Database, owner: str, *, clock: Callable[[], datetime]) -> None:
        self._database, self._owner, self._clock = database, owner, clock
        self.clears_state_on_write = owner == "content"

    def of(self, owner_id: int) -> list[Property]:
        """Return the properties of one owner, by id."""
        rows = self._database.rows(
            "SELECT * FROM properties WHERE owner = ? AND owner_id = ? ORDER BY id", (self._owner, owner_id)
        )
        return [_property(row) for row in rows]

    def find(self, owner_id: int, key: str) -> Property | None:
        """Return the property of that key, or None."""
        row = self._database.row(
            "SELECT * FROM properties WHERE owner = ? AND owner_id = ? AND key = ?", (self._owner, owner_id, key)
        )
        return _property(row) if row is not None else None

    def get(self, owner_id: int, key: str) -> Property:
        """Return the property of that key; raises NotFoundError if there is none."""
        found = self.find(owner_id, key)
        if found is None:
            raise NotFoundError(f"Cannot find property with key: {key}")
        return found

    def get_by_id(self, owner_id: int, property_id: int) -> Property:
        """Return the property of that id; raises NotFoundError if the owner has no such property."""
        for one in self.of(owner_id):
            if one.id == property_id:
                return one
        raise NotFoundError(f"Cannot find property with id: {property_id}")

    def create(self, owner_id: int, key: str, value: object, *, author: str) -> Property:
        """Add a property; raises DuplicateError if the key exists."""
        return self.create_raw(owner_id, key, json.dumps(value), author=author)

    def create_raw(self, owner_id: int, key: str, text: str, *, author: str) -> Property:
        """Add a property whose value is already JSON text."""
        if not key or len(key) > 255:
            raise InvalidError("A property needs a key of at most 255 characters")
        with self._database.transaction():
            if self.find(owner_id, key) is not None:
                raise DuplicateError(f"Property already exists with key: {key}")
            self._database.insert(
                "INSERT INTO properties (owner, owner_id, key, value, version, author, created_at, message, is_minor)"
                " VALUES (?, ?, ?, ?, 1, ?, ?, '', 0)",
                (self._owner, owner_id, key, text, author, to_milliseconds(self._clock())),
            )
            self._clear_state(owner_id)
        return self.get(owner_id, key)

    def update(
        self,
        owner_id: int,
        key: str,
        value: object,
        *,
        number: int | None,
        author: str,
        message: str = "",
        is_minor: bool = False,
    ) -> Property:
        """Save a new value; *number* must be the current version plus one, None means the next one."""
        with self._database.transaction():
            before = self.get(owner_id, key)
            if number is not None and number != before.version + 1:
                raise VersionConflictError(owner_id, current=before.version, given=number)
            self._database.execute(
                "UPDATE properties SET value = ?, version = version + 1, author = ?, created_at = ?, message = ?,"
                " is_minor = ? WHERE id = ?",
                (json.dumps(value), author, to_milliseconds(self._clock()), message, is_minor, before.id),
            )
            self._clear_state(owner_id)
        return self.get(owner_id, key)

    def delete(self, owner_id: int, key: str) -> None:
        """Remove a property; raises NotFoundError if there is none."""
        self.get(owner_id, key)
        with self._database.transaction():
            self._database.execute(
                "DELETE FROM properties WHERE owner = ? AND owner_id = ? AND key = ?", (self._owner, owner_id, key)
            )
            self._clear_state(owner_id)

    def _clear_state(self, owner_id: int) -> None:
        if self.clears_state_on_write:
            self._database.execute("DELETE FROM states WHERE content_id = ?", (owner_id,))


def _property(row: Row) -> Property:
    return Property(
        id=row["id"],
        key=row["key"],
        value=row["value"],
        version=row["version"],
        author=row["author"],
        created_at=from_milliseconds(row["created_at"]),
        message=row["message"],
        is_minor=bool(row["is_minor"]),
    )
