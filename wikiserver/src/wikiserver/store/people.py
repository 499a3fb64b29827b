"""Users and groups."""

import hashlib
import uuid
from typing import Final

from wikiserver.store.database import Database, Row
from wikiserver.store.errors import DuplicateError, NotFoundError
from wikiserver.store.values import Group, User

ACCOUNTS: Final = {"admin": "Admin", "bot": "Wiki Bot", "ana": "Ana Souza", "li": "Li Wei", "omar": "Omar Haddad"}
USERS_GROUP: Final = "confluence-users"
ADMINISTRATORS_GROUP: Final = "confluence-administrators"
_NAMESPACE: Final = uuid.UUID("6f0d1f5e-6f3c-4d0e-9d43-6f2f2f1d9f10")


def account_id_of(name: str) -> str:
    """Return the account id of the user *name*, the same in every wiki."""
    return f"712020:{uuid.uuid5(_NAMESPACE, name)}"


class People:
    """Accounts and their groups. Passwords are not stored: they are derived from the name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_standard_accounts(self) -> None:
        """Add the accounts that every wiki has, and the two groups."""
        for name in (USERS_GROUP, ADMINISTRATORS_GROUP):
            self.add_group(name)
        for name, display_name in ACCOUNTS.items():
            self.add(name, display_name=display_name, is_admin=name == "admin")

    def add(
        self,
        name: str,
        *,
        display_name: str | None = None,
        email: str | None = None,
        account_id: str | None = None,
        is_admin: bool = False,
    ) -> User:
        """Add or replace an account; everyone joins the group of users."""
        known = self.find_by_name(name)
        account_id = account_id or (known.account_id if known is not None else account_id_of(name))
        user_key = hashlib.sha256(name.encode()).hexdigest()[:32]
        with self._database.transaction():
            groups = self.groups_of(known.account_id) if known is not None else []
            self._database.execute("DELETE FROM users WHERE name = ?", (name,))
            self._database.execute(
                "INSERT INTO users (account_id, name, user_key, display_name, email, is_admin)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (account_id, name, user_key, display_name or name, email or f"{name}@example.org", is_admin),
            )
            for group in groups:
                self.join(group, account_id)
            self.join(self.add_group(USERS_GROUP), account_id)
            if is_admin:
                self.join(self.add_group(ADMINISTRATORS_GROUP), account_id)
        return self.get(account_id)

    def find(self, key: str) -> User | None:
        """Return the user with this account id, name, user key or email."""
        row = self._database.row(
            "SELECT * FROM users WHERE account_id = :key OR name = :key OR user_key = :key OR email = :key",
            {"key": key},
        )
        return _user(row) if row is not None else None

    def find_by_name(self, name: str) -> User | None:
        """Return the user called *name*."""
        row = self._database.row("SELECT * FROM users WHERE name = ?", (name,))
        return _user(row) if row is not None else None

    def get(self, key: str) -> User:
        """Return the user with this account id, name, user key or email; raises NotFoundError if there is none."""
        user = self.find(key)
        if user is None:
            raise NotFoundError(f"No user found with key : {key}")
        return user

    def all(self) -> list[User]:
        """Return every user, by name."""
        return [_user(row) for row in self._database.rows("SELECT * FROM users ORDER BY name")]

    def search(self, text: str) -> list[User]:
        """Return the users whose name, display name or email contains *text*."""
        wanted = text.casefold()
        return [u for u in self.all() if wanted in f"{u.name} {u.display_name} {u.email}".casefold()]

    def add_group(self, name: str) -> Group:
        """Add a group, or return the one of that name."""
        self._database.execute(
            "INSERT OR IGNORE INTO groups (id, name) VALUES (?, ?)",
            (str(uuid.uuid5(_NAMESPACE, f"group {name}")), name),
        )
        return self.get_group(name)

    def create_group(self, name: str) -> Group:
        """Add a group; raises DuplicateError if the name exists."""
        if self.find_group(name) is not None:
            raise DuplicateError(f"Group {name} already exists")
        return self.add_group(name)

    def remove_group(self, group: Group) -> None:
        """Remove a group and all its memberships."""
        self._database.execute("DELETE FROM groups WHERE id = ?", (group.id,))

    def find_group(self, key: str) -> Group | None:
        """Return the group with this id or name."""
        row = self._database.row("SELECT * FROM groups WHERE id = :key OR name = :key", {"key": key})
        return Group(row["id"], row["name"]) if row is not None else None

    def get_group(self, key: str) -> Group:
        """Return the group with this id or name; raises NotFoundError if there is none."""
        group = self.find_group(key)
        if group is None:
            raise NotFoundError(f"No group found with name: {key}")
        return group

    def groups(self) -> list[Group]:
        """Return every group, by name."""
        return [Group(row["id"], row["name"]) for row in self._database.rows("SELECT * FROM groups ORDER BY name")]

    def join(self, group: Group, account_id: str) -> None:
        """Add a user to a group."""
        self._database.execute("INSERT OR IGNORE INTO group_members VALUES (?, ?)", (group.id, account_id))

    def leave(self, group: Group, account_id: str) -> None:
        """Remove a user from a group."""
        self._database.execute(
            "DELETE FROM group_members WHERE group_id = ? AND account_id = ?", (group.id, account_id)
        )

    def members(self, group: Group) -> list[User]:
        """Return the users in a group, by name."""
        rows = self._database.rows(
            "SELECT users.* FROM users JOIN group_members USING (account_id) WHERE group_id = ? ORDER BY name",
            (group.id,),
        )
        return [_user(row) for row in rows]

    def groups_of(self, account_id: str) -> list[Group]:
        """Return the groups that a user is in, by name."""
        rows = self._database.rows(
            "SELECT groups.* FROM groups JOIN group_members ON group_id = groups.id WHERE account_id = ? ORDER BY name",
            (account_id,),
        )
        return [Group(row["id"], row["name"]) for row in rows]


def _user(row: Row) -> User:
    return User(
        account_id=row["account_id"],
        name=row["name"],
        user_key=row["user_key"],
        display_name=row["display_name"],
        email=row["email"],
        is_admin=bool(row["is_admin"]),
        is_active=bool(row["is_active"]),
    )
