"""The composition root: settings become a gateway, a renderer, data files and paths; nothing else builds things."""

import datetime as dt
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from bot.config.data_file import DataFile
from bot.config.policy import WorkspaceSettings
from bot.config.settings import Settings
from bot.errors import SettingsError
from bot.render import Renderer
from bot.resources import templates_dir
from bot.suggestion import did_you_mean
from bot.wiki.gateway import WikiGateway

_SHORT_TIMEOUT_SECONDS = 10.0


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Runtime:
    """What the operations work with; *only* narrows it to one workspace, *clock* returns aware times in UTC."""

    settings: Settings
    only: str | None = None
    clock: Callable[[], dt.datetime] = _now
    stop: threading.Event = field(default_factory=threading.Event, repr=False)
    """Once set, nothing more is sent to the wiki, and waits for it end."""
    is_attended: bool = False
    """Whether a person waits for the result: a wiki that never answered is then reported after one try."""
    _gateways: dict[bool, WikiGateway] = field(default_factory=dict, repr=False)

    def gateway(self, *, may_write: bool = False) -> WikiGateway:
        """Return the wiki; without *may_write* the transport itself refuses everything but reading."""
        if may_write not in self._gateways:
            self._gateways[may_write] = _connect(self, may_write=may_write)
        return self._gateways[may_write]

    @property
    def workspaces(self) -> tuple[WorkspaceSettings, ...]:
        """The workspaces to work on; raises `SettingsError` when there is none, or none of the wanted name."""
        found = tuple(w for w in self.settings.workspaces if self.only in (None, w.name))
        if not found:
            known = [w.name for w in self.settings.workspaces]
            names = ", ".join(known) or "none"
            wanted = "no workspace is configured"
            if self.only:
                wanted = f"no workspace is named {self.only!r}{did_you_mean(self.only, known)}"
            raise SettingsError(f"{wanted}; configured: {names}", path=self.settings.config_path)
        return found

    @property
    def workspace(self) -> WorkspaceSettings:
        """The one workspace to work on; raises `SettingsError` when several are configured and none was chosen."""
        if len(self.workspaces) > 1:
            names = ", ".join(w.name for w in self.workspaces)
            raise SettingsError(f"several workspaces are configured ({names}); choose one with --workspace")
        return self.workspaces[0]

    def narrowed_to(self, workspace: str) -> "Runtime":
        """Return the same runtime for one workspace only."""
        return replace(self, only=workspace)

    def trying_once(self) -> "Runtime":
        """Return the same runtime that sends each request once and waits briefly, for work that a person waits for."""
        wiki = self.settings.wiki
        quick = {"tries": 1, "timeout_seconds": min(wiki.timeout_seconds, _SHORT_TIMEOUT_SECONDS)}
        settings = self.settings.model_copy(update={"wiki": wiki.model_copy(update=quick)})
        return replace(self, settings=settings, _gateways={})

    def data_path(self, workspace: WorkspaceSettings) -> Path:
        """Return the path of the workspace's data file."""
        return self.settings.resolve(workspace.data)

    def document(self, workspace: WorkspaceSettings) -> DataFile:
        """Read the workspace's data file; raises `ContentError` with file and line."""
        return DataFile.load(self.data_path(workspace))

    @cached_property
    def renderer(self) -> Renderer:
        """The templates: the configured folder first, then those that come with the program.

        Raises `SettingsError` when a folder is configured and not there: the others would be used without a word.
        """
        folders = [templates_dir() / "wiki"]
        if self.settings.templates is not None:
            own = self.settings.resolve(self.settings.templates) / "wiki"
            if not own.is_dir():
                message = f"templates: there is no folder {own}; make it, and put your templates there"
                raise SettingsError(message, path=self.settings.config_path)
            folders.insert(0, own)
        return Renderer(folders)

    @property
    def snapshots_dir(self) -> Path:
        """Where snapshots are written."""
        return self.settings.resolve(self.settings.snapshots.path)

    @property
    def state_dir(self) -> Path:
        """Where run records and locks are kept."""
        return self.settings.resolve(self.settings.state)


def person_waits() -> bool:
    """Return whether a person is at the keyboard: standard input and standard error are terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _connect(runtime: Runtime, *, may_write: bool) -> WikiGateway:
    from bot.wiki.confluence import ConfluenceGateway  # the client library is slow to import
    from bot.wiki.dialect import Flavour
    from bot.wiki.session import PATIENT, Credentials, Manners
    from bot.wiki.site_probe import guess_flavour

    settings = runtime.settings
    wiki = settings.wiki
    secret = wiki.token or wiki.password
    if secret is None:
        raise SettingsError(
            "names no token for the wiki; set WIKIBOT_WIKI__TOKEN or put it in the secrets folder",
            path=settings.config_path,
        )
    return ConfluenceGateway(
        wiki.url,
        flavour=Flavour(wiki.flavour) if wiki.flavour else guess_flavour(wiki.url),
        credentials=Credentials(user=wiki.user, token=secret.get_secret_value().strip()),
        writes_per_minute=wiki.writes_per_minute,
        is_dry_run=not may_write,
        ca_bundle=settings.resolve(wiki.ca_bundle) if wiki.ca_bundle else None,
        manners=Manners(
            read_seconds=wiki.timeout_seconds,
            tries=wiki.tries or PATIENT.tries,
            reports_at_once=runtime.is_attended and wiki.tries is None,
        ),
        stop=runtime.stop,
    )
