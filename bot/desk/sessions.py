"""Sessions of the desk: a random token in the cookie, its digest in the database."""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.desk.accounts import Account, Accounts
from bot.desk.database import DeskDatabase
from bot.desk.roles import EVERY_WORKSPACE, Role
from bot.desk.visitor import Visitor

IDLE = timedelta(hours=8)
LIFETIME = timedelta(days=7)
_TOUCH = timedelta(minutes=1)
_MOST_AGENT = 200
_BROWSERS = (("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One session of an account, as its owner sees it."""

    digest: str
    began: datetime
    seen: datetime
    address: str
    agent: str

    @property
    def browser(self) -> str:
        """The browser and the system that the agent names, for example `Firefox, Linux`."""
        browser = next((name for mark, name in _BROWSERS if mark in self.agent), self.agent.split("/")[0] or "–")
        system = next((name for mark, name in _SYSTEMS if mark in self.agent), "")
        return ", ".join(filter(None, (browser, system)))


class Sessions:
    """The sessions in the database of the desk; *operator* is the person who may sign in while there is no account."""

    def __init__(
        self, database: DeskDatabase, accounts: Accounts, clock: Callable[[], datetime], operator: Visitor
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._operator = operator

    def begin(self, account: Account | None, *, address: str, agent: str) -> str:
        """Begin a session, and return its token."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._database.connection() as connection:
            connection.execute("DELETE FROM sessions WHERE seen < ? OR began < ?", _limits(now))
            connection.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)",
                (
                    digest_of_token(token),
                    account and account.id,
                    now.isoformat(),
                    now.isoformat(),
                    address,
                    agent[:_MOST_AGENT],
                ),
            )
            if account is not None:
                connection.execute("UPDATE accounts SET signed_in = ? WHERE id = ?", (now.isoformat(), account.id))
        return token

    def find(self, token: str) -> Visitor | None:
        """Return the person whose session has *token*; None if it ended."""
        digest, now = digest_of_token(token), self._clock()
        with self._database.connection() as connection:
            row = connection.execute(
                "SELECT sessions.*, name, zone, language, has_keys FROM sessions LEFT JOIN accounts "
                "ON accounts.id = account WHERE digest = ? AND seen >= ? AND began >= ?",
                (digest, *_limits(now)),
            ).fetchone()
            if row is None:
                return None
            if now - datetime.fromisoformat(row["seen"]) >= _TOUCH:
                connection.execute("UPDATE sessions SET seen = ? WHERE digest = ?", (now.isoformat(), digest))
            if row["account"] is not None:
                return _visitor(connection, row)
        if self._accounts.is_empty:
            return Visitor(self._operator.name, self._operator.roles, digest)
        return None

    def of(self, visitor: Visitor) -> list[OpenSession]:
        """Return the sessions of a person, the newest first."""
        with self._database.connection() as connection:
            rows = connection.execute(
                "SELECT * FROM sessions WHERE account IS ? AND seen >= ? AND began >= ? ORDER BY seen DESC",
                (visitor.account, *_limits(self._clock())),
            ).fetchall()
        return [
            OpenSession(
                row["digest"],
                datetime.fromisoformat(row["began"]),
                datetime.fromisoformat(row["seen"]),
                row["address"],
                row["agent"],
            )
            for row in rows
        ]

    def end(self, digest: str, visitor: Visitor) -> bool:
        """End one session of a person; return whether there was one."""
        with self._database.connection() as connection:
            done = connection.execute(
                "DELETE FROM sessions WHERE digest = ? AND account IS ?", (digest, visitor.account)
            )
            return done.rowcount > 0

    def end_all(self, account: int | None) -> None:
        """End all sessions of an account."""
        with self._database.connection() as connection:
            connection.execute("DELETE FROM sessions WHERE account IS ?", (account,))


def operator(name: str, role: Role) -> Visitor:
    """Return the person who uses the desk while there is no account."""
    return Visitor(name, {EVERY_WORKSPACE: role}, "")


def digest_of_token(token: str) -> str:
    """Return what the database knows about a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _limits(now: datetime) -> tuple[str, str]:
    return (now - IDLE).isoformat(), (now - LIFETIME).isoformat()


def _visitor(connection: sqlite3.Connection, row: sqlite3.Row) -> Visitor:
    roles = connection.execute("SELECT workspace, role FROM roles WHERE account = ?", (row["account"],))
    return Visitor(
        row["name"],
        {each["workspace"]: Role.parse(each["role"]) for each in roles},
        row["digest"],
        row["account"],
        row["zone"],
        row["language"],
        bool(row["has_keys"]),
    )
