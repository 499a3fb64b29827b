"""The composition root: settings become a gateway, a renderer, data files and paths; nothing else builds things."""

import datetime as dt
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.config.data_file import DataFile
from bot.config.settings import Settings
from bot.errors import SettingsError
from bot.operations.workspace import Folders, Snapshots, Workspace
from bot.render import Renderer
from bot.resources import templates_dir
from bot.stopping import interruptible_sleep
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
    def configured_workspaces(self) -> tuple[Workspace, ...]:
        """All workspaces of the settings, whether or not they were chosen."""
        return tuple(
            Workspace(each, self.settings.resolve(each.data), self.folders, lambda: self.renderer)
            for each in self.settings.workspaces
        )

    @property
    def workspaces(self) -> tuple[Workspace, ...]:
        """The workspaces to work on; raises `SettingsError` when there is none, or none of the wanted name."""
        found = tuple(each for each in self.configured_workspaces if self.only in (None, each.name))
        if not found:
            known = [w.name for w in self.settings.workspaces]
            names = ", ".join(known) or "none"
            wanted = "no workspace is configured"
            if self.only:
                wanted = f"no workspace is named {self.only!r}{did_you_mean(self.only, known)}"
            raise SettingsError(f"{wanted}; configured: {names}", path=self.settings.config_path)
        return found

    @property
    def workspace(self) -> Workspace:
        """The one workspace to work on; raises `SettingsError` when several are configured and none was chosen."""
        if len(self.workspaces) > 1:
            names = ", ".join(w.name for w in self.workspaces)
            raise SettingsError(f"several workspaces are configured ({names}); choose one with --workspace")
        return self.workspaces[0]

    def trying_once(self) -> "Runtime":
        """Return the same runtime that sends each request once and waits briefly, for work that a person waits for."""
        wiki = self.settings.wiki
        quick = {"tries": 1, "timeout_seconds": min(wiki.timeout_seconds, _SHORT_TIMEOUT_SECONDS)}
        settings = self.settings.model_copy(update={"wiki": wiki.model_copy(update=quick)})
        return replace(self, settings=settings, _gateways={})

    def data_file(self) -> DataFile:
        """Read the data file of the one workspace; raises `ContentError` with file and line."""
        return self.workspace.load_data_file()

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
    def folders(self) -> Folders:
        """Where snapshots and the state of the bot are kept."""
        return Folders(self.settings.resolve(self.settings.snapshots.path), self.settings.resolve(self.settings.state))

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots folder, and how it is kept."""
        policy = self.settings.snapshots
        keys = {
            name: self.settings.resolve(path)
            for name, path in (("signing_key", policy.signing_key), ("allowed_signers", policy.allowed_signers))
            if path is not None
        }
        return Snapshots(self.folders.snapshots, policy.model_copy(update=keys), self.clock)

    @property
    def sleep(self) -> Callable[[float], None]:
        """A sleep that ends as soon as the bot is asked to stop."""
        return interruptible_sleep(self.stop)


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
