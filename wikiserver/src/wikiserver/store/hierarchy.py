"""The page tree: parents, order among siblings, and a closure table for queries on whole subtrees."""

from collections.abc import Sequence
from typing import Final

from wikiserver.store.contents import read_content
from wikiserver.store.database import Database, placeholders
from wikiserver.store.errors import InvalidError
from wikiserver.store.values import Content

NOT_PAGES: Final = ("folder", "whiteboard", "database", "embed")
"""The types of nodes of the page tree that are not pages. Cloud only."""

IN_TREE: Final = ("page", *NOT_PAGES)
"""The types of content that are nodes of the page tree."""

_GAP: Final = 1 << 14
_FIRST_POSITION: Final = 1 << 24
"""Positions are sparse: a move gives a new position to the moved page only. The API promises 32 bits."""

_BEFORE_ALL: Final = (-(2**62), 0)
_ANY_STATUS: Final = ("current", "archived", "trashed", "draft")


class Hierarchy:
    """The page tree. Callers open a transaction around related changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ancestors(self, content_id: int) -> list[Content]:
        """Return the ancestors of a page, the topmost first."""
        rows = self._database.rows(
            "SELECT content.* FROM closure JOIN content ON content.id = ancestor_id"
            " WHERE descendant_id = ? AND depth > 0 ORDER BY depth DESC",
            (content_id,),
        )
        return [read_content(row) for row in rows]

    def children(
        self,
        parent_id: int,
        *,
        statuses: Sequence[str] = ("current",),
        kinds: Sequence[str] = IN_TREE,
        limit: int = -1,
        after: Sequence[int] = _BEFORE_ALL,
    ) -> list[Content]:
        """Return the direct children of a node, in their order; *after* is the (position, id) to continue from."""
        rows = self._database.rows(
            f"SELECT * FROM content WHERE parent_id = ? AND type IN ({placeholders(kinds)})"
            f" AND status IN ({placeholders(statuses)}) AND (position, id) > (?, ?) ORDER BY position, id LIMIT ?",
            (parent_id, *kinds, *statuses, *after, limit),
        )
        return [read_content(row) for row in rows]

    def descendants(
        self,
        content_id: int,
        *,
        statuses: Sequence[str] = ("current",),
        kinds: Sequence[str] = IN_TREE,
        max_depth: int = 1000,
        limit: int = -1,
        offset: int = 0,
        after: Sequence[int] = (0, *_BEFORE_ALL),
    ) -> list[tuple[Content, int]]:
        """Return the descendants of a page with the depth of each, the shallow ones first.

        *after* is the (depth, position, id) to continue from.
        """
        rows = self._database.rows(
            "SELECT content.*, depth FROM closure JOIN content ON content.id = descendant_id"
            f" WHERE ancestor_id = ? AND depth BETWEEN 1 AND ? AND type IN ({placeholders(kinds)})"
            f" AND status IN ({placeholders(statuses)}) AND (depth, position, content.id) > (?, ?, ?)"
            " ORDER BY depth, position, content.id LIMIT ? OFFSET ?",
            (content_id, max_depth, *kinds, *statuses, *after, limit, offset),
        )
        return [(read_content(row), row["depth"]) for row in rows]

    def subtree_ids(self, content_id: int) -> list[int]:
        """Return the ids of a page and its descendants in any status, parents before children."""
        rows = self._database.rows(
            "SELECT descendant_id FROM closure WHERE ancestor_id = ? ORDER BY depth", (content_id,)
        )
        return [row["descendant_id"] for row in rows]

    def roots(self, space_id: int, *, statuses: Sequence[str] = ("current",)) -> list[Content]:
        """Return the pages of a space that have no parent, in order."""
        rows = self._database.rows(
            f"SELECT * FROM content WHERE space_id = ? AND type IN ({placeholders(IN_TREE)}) AND parent_id IS NULL"
            f" AND status IN ({placeholders(statuses)}) ORDER BY position, id",
            (space_id, *IN_TREE, *statuses),
        )
        return [read_content(row) for row in rows]

    def insert(self, content_id: int, parent_id: int | None) -> None:
        """Insert a new page under its parent."""
        self._database.execute("INSERT INTO closure VALUES (?, ?, 0)", (content_id, content_id))
        if parent_id is not None:
            self._database.execute(
                "INSERT INTO closure SELECT ancestor_id, ?, depth + 1 FROM closure WHERE descendant_id = ?",
                (content_id, parent_id),
            )

    def remove(self, content_id: int) -> None:
        """Remove a page that has no children."""
        self._database.execute(
            "DELETE FROM closure WHERE descendant_id = ? OR ancestor_id = ?", (content_id, content_id)
        )

    def reparent(self, content_id: int, parent_id: int | None) -> None:
        """Move a page with its subtree to another parent; raises InvalidError if the parent is in the subtree."""
        if parent_id is not None and parent_id in self.subtree_ids(content_id):
            raise InvalidError("A page cannot be moved under itself or one of its descendants")
        self._database.execute(
            "DELETE FROM closure WHERE descendant_id IN (SELECT descendant_id FROM closure WHERE ancestor_id = :id)"
            " AND ancestor_id IN (SELECT ancestor_id FROM closure WHERE descendant_id = :id AND depth > 0)",
            {"id": content_id},
        )
        self._database.execute("UPDATE content SET parent_id = ? WHERE id = ?", (parent_id, content_id))
        if parent_id is not None:
            self._database.execute(
                "INSERT INTO closure SELECT above.ancestor_id, below.descendant_id, above.depth + below.depth + 1"
                " FROM closure AS above, closure AS below WHERE above.descendant_id = ? AND below.ancestor_id = ?",
                (parent_id, content_id),
            )

    def next_position(self, space_id: int, parent_id: int | None) -> int:
        """Return the position of a page that is appended to a parent."""
        where = "space_id = ? AND parent_id IS NULL" if parent_id is None else "parent_id = ?"
        last = self._database.row(
            f"SELECT MAX(position) AS last FROM content WHERE {where} AND type IN ({placeholders(IN_TREE)})",
            (space_id if parent_id is None else parent_id, *IN_TREE),
        )
        return _FIRST_POSITION if last is None or last["last"] is None else int(last["last"]) + _GAP

    def place(self, content_id: int, neighbour: Content, *, is_after: bool) -> None:
        """Move a page directly before or after a sibling; the siblings are renumbered only if there is no gap left."""
        if neighbour.parent_id is not None:
            siblings = self.children(neighbour.parent_id, statuses=_ANY_STATUS)
        else:
            siblings = self.roots(neighbour.space_id, statuses=_ANY_STATUS)
        others = [one for one in siblings if one.id != content_id]
        index = [one.id for one in others].index(neighbour.id) + int(is_after)
        upper = others[index].position if index < len(others) else others[-1].position + 2 * _GAP
        lower = others[index - 1].position if index else upper - 2 * _GAP
        if upper - lower > 1:
            numbers = [((lower + upper) // 2, content_id)]
        else:
            order = [one.id for one in others]
            order.insert(index, content_id)
            numbers = [(_FIRST_POSITION + place * _GAP, one) for place, one in enumerate(order)]
        self._database.execute_many("UPDATE content SET position = ? WHERE id = ?", numbers)
