"""Read and update restrictions of pages; read restrictions are inherited from all ancestors."""

from wikiserver.store.database import Database
from wikiserver.store.errors import InvalidError
from wikiserver.store.people import People
from wikiserver.store.values import User

OPERATIONS = ("read", "update")


class Restrictions:
    """Restrictions contain account ids of users and ids of groups. No restriction means everyone."""

    def __init__(self, database: Database, people: People) -> None:
        self._database, self._people = database, people

    def of(self, content_id: int) -> dict[str, dict[str, list[str]]]:
        """Return operation → `user` and `group` → ids, for both operations."""
        found: dict[str, dict[str, list[str]]] = {one: {"user": [], "group": []} for one in OPERATIONS}
        for row in self._database.rows(
            "SELECT * FROM restrictions WHERE content_id = ? ORDER BY operation, subject_type, subject", (content_id,)
        ):
            found[row["operation"]][row["subject_type"]].append(row["subject"])
        return found

    def add(self, content_id: int, operation: str, subject_type: str, subject: str) -> None:
        """Add a user or group; the first restriction excludes everyone else."""
        if operation not in OPERATIONS or subject_type not in {"user", "group"}:
            raise InvalidError(f"Not a restriction: {operation} {subject_type}")
        self._database.execute(
            "INSERT OR IGNORE INTO restrictions VALUES (?, ?, ?, ?)", (content_id, operation, subject_type, subject)
        )

    def remove(self, content_id: int, operation: str, subject_type: str, subject: str) -> bool:
        """Remove a user or group; return whether it was there."""
        return bool(
            self._database.execute(
                "DELETE FROM restrictions WHERE content_id = ? AND operation = ? AND subject_type = ? AND subject = ?",
                (content_id, operation, subject_type, subject),
            )
        )

    def make_private(self, content_id: int, account_id: str) -> None:
        """Allow only one user to see and change a page."""
        with self._database.transaction():
            for operation in OPERATIONS:
                self.add(content_id, operation, "user", account_id)

    def clear(self, content_id: int) -> None:
        """Remove all restrictions of a page itself."""
        self._database.execute("DELETE FROM restrictions WHERE content_id = ?", (content_id,))

    def hidden_roots(self, user: User | None) -> list[int]:
        """Return the pages that *user* may not read because of their own restrictions; descendants are hidden too."""
        rows = self._database.rows("SELECT DISTINCT content_id FROM restrictions WHERE operation = 'read'")
        if not rows:
            return []
        return [row["content_id"] for row in rows if not self._is_named(row["content_id"], "read", user)]

    def may_read(self, user: User | None, content_id: int) -> bool:
        """Return whether the restrictions of a page and of its ancestors allow *user* to read the page."""
        restricted = self._database.rows(
            "SELECT DISTINCT content_id FROM closure JOIN restrictions ON content_id = ancestor_id"
            " WHERE descendant_id = ? AND operation = 'read'",
            (content_id,),
        )
        return all(self._is_named(row["content_id"], "read", user) for row in restricted)

    def may_update(self, user: User | None, content_id: int) -> bool:
        """Return whether restrictions allow *user* to edit a page; read restrictions also apply to edits."""
        restricted = self._database.row(
            "SELECT 1 FROM restrictions WHERE operation = 'update' AND content_id = ?", (content_id,)
        )
        is_allowed = restricted is None or self._is_named(content_id, "update", user)
        return is_allowed and self.may_read(user, content_id)

    def foreign_drafts(self, user: User) -> list[int]:
        """Return the new pages that are still drafts of others; a draft is visible to its author only."""
        rows = self._database.rows(
            "SELECT id FROM content WHERE type IN ('page', 'blogpost') AND status = 'draft' AND creator != ?",
            (user.account_id,),
        )
        return [row["id"] for row in rows]

    def is_in_foreign_draft(self, user: User, content_id: int) -> bool:
        """Return whether a page, or an ancestor of it, is still a draft of another person."""
        found = self._database.row(
            "SELECT 1 FROM closure JOIN content ON content.id = ancestor_id WHERE descendant_id = ?"
            " AND status = 'draft' AND creator != ?",
            (content_id, user.account_id),
        )
        return found is not None

    def _is_named(self, content_id: int, operation: str, user: User | None) -> bool:
        if user is None:
            return False
        groups = {group.id for group in self._people.groups_of(user.account_id)}
        named = self.of(content_id)[operation]
        return user.account_id in named["user"] or bool(groups & set(named["group"]))
