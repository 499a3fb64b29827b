"""Spaces."""

from datetime import datetime

from wikiserver.store.database import Database, Row
from wikiserver.store.errors import InvalidError, NotFoundError
from wikiserver.store.space_permissions import SpacePermissions
from wikiserver.store.values import Space, from_milliseconds, to_milliseconds


class Spaces:
    """Spaces by id and by key; the case of keys is ignored."""

    def __init__(self, database: Database, permissions: SpacePermissions) -> None:
        self._database, self._permissions = database, permissions

    def create(
        self,
        key: str,
        name: str,
        *,
        creator: str,
        now: datetime,
        description: str = "",
        kind: str = "global",
    ) -> Space:
        """Create an empty space without a home page, with the permissions of a new space."""
        if not key or not name:
            raise InvalidError("A space needs a key and a name")
        if self.find_by_key(key) is not None:
            raise InvalidError(f"A space already exists with key {key}")
        space_id = self._database.insert(
            "INSERT INTO spaces (key, name, type, status, description, creator, created_at) VALUES"
            " (?, ?, ?, 'current', ?, ?, ?)",
            (key, name, kind, description, creator, to_milliseconds(now)),
        )
        self._permissions.grant_defaults(space_id, creator)
        return self.get(space_id)

    def find(self, space_id: int) -> Space | None:
        """Return the space with this id, or None."""
        row = self._database.row("SELECT * FROM spaces WHERE id = ?", (space_id,))
        return _space(row) if row is not None else None

    def get(self, space_id: int) -> Space:
        """Return the space with this id; raises NotFoundError if there is none."""
        space = self.find(space_id)
        if space is None:
            raise NotFoundError(f"No space found with id: {space_id}")
        return space

    def find_by_key(self, key: str) -> Space | None:
        """Return the space with this key, or None."""
        row = self._database.row("SELECT * FROM spaces WHERE key = ?", (key,))
        return _space(row) if row is not None else None

    def get_by_key(self, key: str) -> Space:
        """Return the space with this key; raises NotFoundError if there is none."""
        space = self.find_by_key(key)
        if space is None:
            raise NotFoundError(f"No space with key : {key}")
        return space

    def all(self) -> list[Space]:
        """Return every space, in the order of creation."""
        return [_space(row) for row in self._database.rows("SELECT * FROM spaces ORDER BY id")]

    def update(
        self,
        space_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        homepage_id: int | None = None,
        status: str | None = None,
    ) -> Space:
        """Change the given values only."""
        self._database.execute(
            "UPDATE spaces SET name = COALESCE(?, name), description = COALESCE(?, description),"
            " homepage_id = COALESCE(?, homepage_id), status = COALESCE(?, status) WHERE id = ?",
            (name, description, homepage_id, status, space_id),
        )
        return self.get(space_id)

    def delete(self, space_id: int) -> None:
        """Delete the space; its content must be deleted before."""
        self._database.execute("DELETE FROM space_labels WHERE space_id = ?", (space_id,))
        self._database.execute("DELETE FROM properties WHERE owner = 'space' AND owner_id = ?", (space_id,))
        self._permissions.clear(space_id)
        self._database.execute("DELETE FROM spaces WHERE id = ?", (space_id,))


def _space(row: Row) -> Space:
    return Space(
        id=row["id"],
        key=row["key"],
        name=row["name"],
        type=row["type"],
        status=row["status"],
        description=row["description"],
        homepage_id=row["homepage_id"],
        creator=row["creator"],
        created_at=from_milliseconds(row["created_at"]),
    )
