"""What the views of the desk work with."""

import getpass
import hashlib
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol, cast
from urllib.parse import urlsplit

from flask import current_app

from bot.audit_log import AuditLog
from bot.config.policy import SingleSignOnSettings
from bot.desk.accounts import Accounts
from bot.desk.data_cache import DataCache
from bot.desk.database import DeskDatabase
from bot.desk.errand import Errands
from bot.desk.roles import Role
from bot.desk.sessions import Sessions, operator
from bot.desk.throttle import Throttle
from bot.errors import BotError
from bot.operations.archive_reader import ArchiveReader
from bot.operations.check import Check
from bot.operations.view import SpaceTree
from bot.operations.workspace import Workspace
from bot.runtime import Runtime

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EXTENSION = "desk"


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """Where the desk listens, and *url*, the address that people use, if that is another."""

    host: str
    port: int
    url: str | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the desk directly."""
        return self.host in LOOPBACK

    @property
    def is_https(self) -> bool:
        """Whether people use https."""
        return self.url is not None and self.url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """The values of the header `Host` that are accepted."""
        found = {f"{_bracketed(name)}:{self.port}" for name in LOOPBACK} if self.is_loopback else set()
        return frozenset(found | ({urlsplit(self.url).netloc.lower()} if self.url else set()))

    @property
    def origins(self) -> frozenset[str]:
        """The values of the header `Origin` that may send forms."""
        found = {f"http://{host}" for host in self.hosts} if self.is_loopback else set()
        if self.url:
            parts = urlsplit(self.url)
            found.add(f"{parts.scheme}://{parts.netloc.lower()}")
        return frozenset(found)

    @property
    def base(self) -> str:
        """The address to open in a browser."""
        return self.url or f"http://{_bracketed(self.host)}:{self.port}"


class Invitation:
    """The one-time link for the person who started the desk, while there is no account."""

    def __init__(self) -> None:
        self._digest: str | None = None
        self._lock = threading.Lock()

    def issue(self) -> str:
        """Return a new token; an earlier one is void."""
        token = secrets.token_urlsafe(32)
        self._digest = hashlib.sha256(token.encode()).hexdigest()
        return token

    def matches(self, token: str) -> bool:
        """Return whether *token* is valid."""
        own = self._digest
        return own is not None and secrets.compare_digest(own, hashlib.sha256(token.encode()).hexdigest())

    def use(self, token: str) -> bool:
        """Return whether *token* is valid, and make it void."""
        with self._lock:
            is_valid = self.matches(token)
            if is_valid:
                self._digest = None
            return is_valid


@dataclass(frozen=True, slots=True)
class KeptTree:
    """A page tree, and when it was read."""

    at: datetime
    tree: SpaceTree


@dataclass(frozen=True, slots=True)
class KeptFindings:
    """What an examination found, and when."""

    at: datetime
    checks: tuple[Check, ...]


class Schedule(Protocol):
    """The jobs of the settings, in this process or in another."""

    @property
    def due(self) -> Mapping[str, datetime]:
        """When each job is due."""

    @property
    def is_going(self) -> bool:
        """Whether a process runs the jobs when they are due."""

    @property
    def trouble(self) -> str:
        """Why the settings on the disk are not used; empty if they are."""


@dataclass(kw_only=True)
class Desk:
    """Everything that views need; they get it by `current_desk()`.

    *load_runtime* returns the runtime with the settings in force; None for a desk on the snapshots of *reader* alone,
    without wiki and settings.
    """

    database: DeskDatabase
    address: DeskAddress
    load_runtime: Callable[[], Runtime] | None
    reader: ArchiveReader | None = None
    trusted_proxies: int = 0
    single_sign_on: SingleSignOnSettings | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    schedule: Schedule | None = None
    throttle: Throttle = field(default_factory=Throttle)
    invitation: Invitation = field(default_factory=Invitation)
    trees: dict[str, KeptTree] = field(default_factory=dict)
    """The page tree of each workspace, as it was read last."""
    findings: KeptFindings | None = None
    """What was found when machine, account and wiki were examined last."""

    @property
    def runtime(self) -> Runtime:
        """The runtime with the settings in force; raises `BotError` on a desk without settings."""
        if self.load_runtime is None:
            raise BotError("this desk shows a folder of snapshots; it has no wiki and no workspace")
        return self.load_runtime()

    def next_due(self) -> Mapping[str, datetime]:
        """Return when each job is due."""
        return self.schedule.due if self.schedule else {}

    @property
    def is_archive_only(self) -> bool:
        """Whether the desk shows a folder of snapshots and nothing else."""
        return self.load_runtime is None

    @property
    def workspaces(self) -> tuple[Workspace, ...]:
        """All workspaces of the settings."""
        return () if self.load_runtime is None else self.runtime.configured_workspaces

    @cached_property
    def accounts(self) -> Accounts:
        """The accounts of the desk."""
        return Accounts(self.database, self.clock)

    @cached_property
    def sessions(self) -> Sessions:
        """The sessions of the desk."""
        role = Role.AUDITOR if self.is_archive_only else Role.ADMIN
        return Sessions(self.database, self.accounts, self.clock, operator(getpass.getuser(), role))

    @cached_property
    def errands(self) -> Errands:
        """The work that people started at this desk."""
        return Errands(self.runtime.folders.state / "runs.db", self.clock, self.runtime.stop)

    @property
    def machine_accounts(self) -> Mapping[str, Sequence[str]]:
        """The accounts of the desk of each account of the machine that edits by command."""
        settings = self.runtime.settings.desk
        return settings.machine_accounts if settings is not None else {}

    def keep_tree(self, workspace: str, tree: SpaceTree) -> None:
        """Keep a page tree for those who look at it next."""
        self.trees[workspace] = KeptTree(self.clock(), tree)

    def keep_findings(self, checks: tuple[Check, ...]) -> None:
        """Keep what an examination found for those who look at it next."""
        self.findings = KeptFindings(self.clock(), checks)

    @cached_property
    def data(self) -> DataCache:
        """The data files of the workspaces, parsed."""
        return DataCache()

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log of the desk, next to its database."""
        return AuditLog(self.database.path.parent, self.clock)

    @property
    def link(self) -> str:
        """A new one-time link, which signs in the person who opens it first."""
        return f"{self.address.base}/sign-in/link/{self.invitation.issue()}"


def current_desk() -> Desk:
    """Return the desk of the current request."""
    return cast("Desk", current_app.extensions[EXTENSION])


def workspace_named(name: str) -> Workspace:
    """Return a workspace of the desk of the current request; the frame has checked the name in an address."""
    return next(each for each in current_desk().workspaces if each.name == name)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
