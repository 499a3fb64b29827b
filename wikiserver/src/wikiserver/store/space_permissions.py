"""Space permissions and global permissions: which user or group may do what in a space."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from wikiserver.store.database import Database, Row
from wikiserver.store.errors import DuplicateError, InvalidError, NotFoundError
from wikiserver.store.people import ADMINISTRATORS_GROUP, USERS_GROUP, People

SITE_ID: Final = 0
"""The space id of global permissions."""


class Operation(NamedTuple):
    """What is allowed: an operation and its target, as in Atlassian's documents (`create`, `page`)."""

    key: str
    target: str


READ_SPACE: Final = Operation("read", "space")
ADMINISTER: Final = Operation("administer", "space")
DELETE_OWN: Final = Operation("delete", "space")
RESTRICT: Final = Operation("restrict_content", "space")
CREATE_SPACE: Final = Operation("create", "space")
_CREATE: Final = tuple(Operation("create", kind) for kind in ("page", "blogpost", "comment", "attachment"))
_DELETE: Final = tuple(Operation("delete", kind) for kind in ("page", "blogpost", "attachment"))
_DELETE_COMMENTS: Final = Operation("delete", "comment")
_EDIT: Final = (Operation("update", "page"), Operation("update", "blogpost"))
_ARCHIVE: Final = Operation("archive", "page")

DEFAULT_OF_USERS: Final = (
    READ_SPACE,
    *_CREATE,
    *_DELETE,
    DELETE_OWN,
    RESTRICT,
    _ARCHIVE,
    Operation("export", "space"),
)
"""What every user may do in a new space."""

ALL_IN_SPACE: Final = (*DEFAULT_OF_USERS, _DELETE_COMMENTS, ADMINISTER)
"""What the creator of a space and the administrators of the wiki may do in a new space."""

WORDS: Final[dict[str, tuple[Operation, ...]]] = {
    "view": (READ_SPACE,),
    "add": (*_CREATE, DELETE_OWN),
    "edit": _EDIT,
    "delete": (*_DELETE, _DELETE_COMMENTS, _ARCHIVE),
    "administer": (ADMINISTER, RESTRICT, Operation("export", "space")),
}
"""The permissions in world files. As in Confluence, who may add pages may also edit them."""

_KNOWN: Final = frozenset((*ALL_IN_SPACE, *_EDIT, CREATE_SPACE))


class Grant(NamedTuple):
    """One permission of one user or group."""

    id: int
    space_id: int
    subject_type: str
    subject: str
    operation: Operation


class SpacePermissions:
    """Permissions are only ever added up: there is no way to forbid what a group allows."""

    def __init__(self, database: Database, people: People) -> None:
        self._database, self._people = database, people

    def grant_defaults(self, space_id: int, creator: str) -> None:
        """Give a new space the permissions that a new space has on a new site."""
        for subject_type, subject, operation in sorted(self.defaults(creator)):
            self.grant(space_id, subject_type, subject, (operation,))

    def defaults(self, creator: str) -> set[tuple[str, str, Operation]]:
        """Return the type of subject, the subject and the operation of each permission of a new space."""
        users, administrators = self._people.add_group(USERS_GROUP), self._people.add_group(ADMINISTRATORS_GROUP)
        return {
            *(("group", users.id, one) for one in DEFAULT_OF_USERS),
            *(("group", administrators.id, one) for one in ALL_IN_SPACE),
            *(("user", creator, one) for one in ALL_IN_SPACE),
        }

    def grant(self, space_id: int, subject_type: str, subject: str, operations: Iterable[Operation]) -> None:
        """Allow *operations*; those that are allowed already are unchanged."""
        for operation in operations:
            if operation not in _KNOWN or subject_type not in {"user", "group"}:
                raise InvalidError(f"Not a permission: {operation.key} {operation.target} for a {subject_type}")
            self._database.execute(
                "INSERT OR IGNORE INTO space_permissions (space_id, subject_type, subject, operation, target)"
                " VALUES (?, ?, ?, ?, ?)",
                (space_id, subject_type, subject, *operation),
            )

    def add(self, space_id: int, subject_type: str, subject: str, operation: Operation) -> Grant:
        """Allow one operation; raises DuplicateError if it is allowed already, InvalidError without `read space`."""
        known = {one.operation for one in self.of(space_id, subject)}
        if operation in known:
            raise DuplicateError("Permission already exists for the given user or group")
        if operation != READ_SPACE and READ_SPACE not in known:
            raise InvalidError("'read space' permission doesn't exist for the given user or group")
        self.grant(space_id, subject_type, subject, (operation,))
        return next(one for one in self.of(space_id, subject) if one.operation == operation)

    def revoke(self, space_id: int, subject: str, operations: Iterable[Operation]) -> None:
        """Withdraw *operations*; without `read space`, a subject has no permission at all."""
        for operation in operations:
            where, values = "operation = ? AND target = ?", tuple(operation)
            if operation == READ_SPACE:
                where, values = "1", ()
            self._database.execute(
                f"DELETE FROM space_permissions WHERE space_id = ? AND subject = ? AND {where}",
                (space_id, subject, *values),
            )

    def clear(self, space_id: int) -> None:
        """Remove all permissions of a space."""
        self._database.execute("DELETE FROM space_permissions WHERE space_id = ?", (space_id,))

    def get(self, space_id: int, grant_id: int) -> Grant:
        """Return one permission of a space; raises NotFoundError if there is none."""
        for one in self.of(space_id):
            if one.id == grant_id:
                return one
        raise NotFoundError(f"No permission found with id: {grant_id}")

    def of(self, space_id: int, subject: str | None = None) -> list[Grant]:
        """Return the permissions of a space, optionally those of one user or group."""
        rows = self._database.rows(
            "SELECT * FROM space_permissions WHERE space_id = :space AND (:subject IS NULL OR subject = :subject)"
            " ORDER BY id",
            {"space": space_id, "subject": subject},
        )
        return [_grant(row) for row in rows]

    def allowed(self, space_id: int, account_id: str) -> frozenset[Operation]:
        """Return what a user may do in a space, through its own permissions and those of its groups."""
        rows = self._database.rows(
            f"SELECT operation, target FROM space_permissions WHERE space_id = :space AND {_OF_USER}",
            {"space": space_id, "account": account_id},
        )
        return frozenset(Operation(row["operation"], row["target"]) for row in rows)

    def hidden_spaces(self, account_id: str) -> list[int]:
        """Return the ids of the spaces that a user may not see."""
        rows = self._database.rows(
            "SELECT id FROM spaces WHERE id NOT IN (SELECT space_id FROM space_permissions"
            f" WHERE operation = 'read' AND target = 'space' AND {_OF_USER})",
            {"account": account_id},
        )
        return [row["id"] for row in rows]


_OF_USER: Final = (
    "(subject = :account AND subject_type = 'user' OR subject_type = 'group'"
    " AND subject IN (SELECT group_id FROM group_members WHERE account_id = :account))"
)


def _grant(row: Row) -> Grant:
    operation = Operation(row["operation"], row["target"])
    return Grant(row["id"], row["space_id"], row["subject_type"], row["subject"], operation)
