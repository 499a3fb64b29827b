"""Accounts of the desk: names, passwords (argon2id) and roles."""

import sqlite3
import threading
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.desk.database import DeskDatabase
from bot.desk.roles import EVERY_WORKSPACE, Role
from bot.errors import BotError
from bot.suggestion import did_you_mean

LEAST_PASSWORD = 12
MOST_PASSWORD = 1_000
_MOST_NAME = 64
_hashing = threading.BoundedSemaphore(2)
"""Each hash takes 64 MiB: two at a time."""
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$MvTJmGT6kAtC1aP2XF0JZkXk5kW4Rr1zpQ5m0zYJwGM"
"""The hash of no password. An unknown name takes as long as a known one."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account; *roles* are by workspace."""

    id: int
    name: str
    roles: Mapping[str, Role]
    has_password: bool
    issuer: str | None
    zone: str | None
    language: str | None
    has_keys: bool
    created: datetime
    signed_in: datetime | None


class Accounts:
    """The accounts in the database of the desk."""

    def __init__(self, database: DeskDatabase, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def all(self) -> list[Account]:
        """Return all accounts by name."""
        with self._database.connection() as connection:
            rows = connection.execute("SELECT * FROM accounts ORDER BY name").fetchall()
            return [_account(connection, row) for row in rows]

    @property
    def is_empty(self) -> bool:
        """Whether there is no account yet."""
        with self._database.connection() as connection:
            return connection.execute("SELECT 1 FROM accounts LIMIT 1").fetchone() is None

    def get(self, name: str) -> Account:
        """Return the account *name*; raises `BotError` if there is none."""
        with self._database.connection() as connection:
            row = connection.execute("SELECT * FROM accounts WHERE name = ?", (_normal(name),)).fetchone()
            if row is not None:
                return _account(connection, row)
            names = [each["name"] for each in connection.execute("SELECT name FROM accounts")]
        raise BotError(f"no account is named {name!r}{did_you_mean(name, names)}")

    def add(self, name: str, password: str | None, role: Role, workspace: str = EVERY_WORKSPACE) -> Account:
        """Add an account; raises `BotError` for a name that is taken or unusable, and for a password that is short."""
        name = _check_name(name)
        _check_role(role, workspace)
        hashed = None if password is None else _hash(password, name)
        try:
            with self._database.connection() as connection:
                row = connection.execute(
                    "INSERT INTO accounts (name, password, created) VALUES (?, ?, ?)",
                    (name, hashed, self._clock().isoformat()),
                )
                connection.execute("INSERT INTO roles VALUES (?, ?, ?)", (row.lastrowid, workspace, role.word))
        except sqlite3.IntegrityError as error:
            raise BotError(f"an account is already named {name!r}") from error
        return self.get(name)

    def remove(self, name: str) -> Account:
        """Remove an account and its sessions; raises `BotError` for the last one that may manage accounts."""
        account = self.get(name)
        self._raise_if_last_admin(account)
        with self._database.connection() as connection:
            connection.execute("DELETE FROM accounts WHERE id = ?", (account.id,))
        return account

    def set_password(self, name: str, password: str) -> None:
        """Set the password of an account and end its sessions."""
        account = self.get(name)
        hashed = _hash(password, account.name)
        with self._database.connection() as connection:
            connection.execute("UPDATE accounts SET password = ? WHERE id = ?", (hashed, account.id))
            _end_sessions(connection, account.id)

    def set_role(self, name: str, role: Role | None, workspace: str = EVERY_WORKSPACE) -> None:
        """Set the role of an account in a workspace, or remove it with None, and end its sessions."""
        account = self.get(name)
        if role is not None:
            _check_role(role, workspace)
        if workspace == EVERY_WORKSPACE and role is not Role.ADMIN:
            self._raise_if_last_admin(account)
        with self._database.connection() as connection:
            connection.execute("DELETE FROM roles WHERE account = ? AND workspace = ?", (account.id, workspace))
            if role is not None:
                connection.execute("INSERT INTO roles VALUES (?, ?, ?)", (account.id, workspace, role.word))
            _end_sessions(connection, account.id)

    def set_preferences(self, account: int, *, zone: str | None, language: str | None, has_keys: bool) -> None:
        """Set what a person chose for the own account."""
        with self._database.connection() as connection:
            connection.execute(
                "UPDATE accounts SET zone = ?, language = ?, has_keys = ? WHERE id = ?",
                (zone, language, has_keys, account),
            )

    def check_password(self, name: str, password: str) -> Account | None:
        """Return the account if *password* is its password; an unknown name takes the same time."""
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._database.connection() as connection:
            row = connection.execute("SELECT * FROM accounts WHERE name = ?", (_normal(name),)).fetchone()
        hashed = row["password"] if row is not None and row["password"] else _NOBODY
        try:
            with _hashing:
                PasswordHasher().verify(hashed, _normal(password)[:MOST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return None if hashed == _NOBODY else self.get(name)

    def admit(self, issuer: str, subject: str, name: str, roles: Mapping[str, Role]) -> Account | None:
        """Return the account of a person of single sign-on with the *roles* of today; None for a person without any.

        Issuer and subject identify the person; the name is only shown. Other roles than before end the sessions.
        """
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT * FROM accounts WHERE issuer = ? AND subject = ?", (issuer, subject)
            ).fetchone()
            before = _account(connection, row) if row is not None else None
            if before is None and roles:
                name = _free_name(connection, _normal(name).strip()[:_MOST_NAME] or subject)
                connection.execute(
                    "INSERT INTO accounts (name, issuer, subject, created) VALUES (?, ?, ?, ?)",
                    (name, issuer, subject, self._clock().isoformat()),
                )
                row = connection.execute("SELECT * FROM accounts WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            if before is None or dict(before.roles) != dict(roles):
                connection.execute("DELETE FROM roles WHERE account = ?", (row["id"],))
                rows = [(row["id"], place, role.word) for place, role in roles.items()]
                connection.executemany("INSERT INTO roles VALUES (?, ?, ?)", rows)
                _end_sessions(connection, row["id"])
            return _account(connection, row) if roles else None

    def _raise_if_last_admin(self, account: Account) -> None:
        admins = [each for each in self.all() if Role.ADMIN in each.roles.values()]
        if [each.id for each in admins] == [account.id]:
            raise BotError(f"{account.name} is the last administrator; make another account an administrator first")


def _account(connection: sqlite3.Connection, row: sqlite3.Row) -> Account:
    roles = connection.execute("SELECT workspace, role FROM roles WHERE account = ? ORDER BY workspace", (row["id"],))
    return Account(
        row["id"],
        row["name"],
        {each["workspace"]: Role.parse(each["role"]) for each in roles},
        row["password"] is not None,
        row["issuer"],
        row["zone"],
        row["language"],
        bool(row["has_keys"]),
        datetime.fromisoformat(row["created"]),
        datetime.fromisoformat(row["signed_in"]).astimezone(UTC) if row["signed_in"] else None,
    )


def _end_sessions(connection: sqlite3.Connection, account: int) -> None:
    connection.execute("DELETE FROM sessions WHERE account = ?", (account,))


def _free_name(connection: sqlite3.Connection, name: str) -> str:
    """Return *name*, with a number if another account has it."""
    taken, number, found = "SELECT 1 FROM accounts WHERE name = ?", 1, name
    while connection.execute(taken, (found,)).fetchone() is not None:
        number += 1
        found = f"{name} ({number})"
    return found


def _normal(text: str) -> str:
    """Return *text* in one of the spellings that keyboards send for the same characters."""
    return unicodedata.normalize("NFC", text)


def _check_name(name: str) -> str:
    name = _normal(name).strip()
    if not name or len(name) > _MOST_NAME or not name.isprintable():
        raise BotError(f"a name has 1 to {_MOST_NAME} printable characters, unlike {name!r}")
    return name


def _check_role(role: Role, workspace: str) -> None:
    if role is Role.ADMIN and workspace != EVERY_WORKSPACE:
        raise BotError("an administrator manages the accounts of all workspaces; leave out the workspace")


def _hash(password: str, name: str) -> str:
    from argon2 import PasswordHasher

    password = _normal(password)
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise BotError(f"a password has {LEAST_PASSWORD} to {MOST_PASSWORD} characters; this one has {len(password)}")
    if password.casefold() == name.casefold() or len(set(password)) == 1:
        raise BotError("this password is easy to guess; choose another")
    with _hashing:
        return PasswordHasher().hash(password)
