"""The composition root: builds gateway, renderer, data files and paths from the settings."""

import datetime as dt
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bot.config.data_file import DataFile
from bot.config.policy import NO_RULES, UNSIGNED, ArchivedSettings, SettingsSection
from bot.config.settings import DOTENV, Settings, dotenv_file, missing_secrets_folder, secret_files
from bot.errors import SettingsError
from bot.file_trust import raise_if_writable_by_all
from bot.files import raise_if_irregular, read_text_file
from bot.log import logger
from bot.operations.workspace import Folders, Snapshots, Workspace
from bot.resources import templates_dir
from bot.site_address import recognise
from bot.stopping import interruptible_sleep
from bot.suggestion import did_you_mean

if TYPE_CHECKING:
    from bot.config.data_remote import DataRemote
    from bot.operations.announcement import Announcements
    from bot.operations.home_comments import HomeComments
    from bot.operations.precautions import OwnFiles
    from bot.render import Renderer
    from bot.wiki.dialect import Flavour
    from bot.wiki.gateway import WikiGateway

_SHORT_TIMEOUT_SECONDS = 10.0
_Section = TypeVar("_Section", bound=SettingsSection)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Runtime:
    """The objects that the operations need; *only* selects one workspace, *clock* returns aware times in UTC."""

    settings: Settings
    only: str | None = None
    clock: Callable[[], dt.datetime] = _now
    stop: threading.Event = field(default_factory=threading.Event, repr=False)
    """When set, no more requests are sent to the wiki, and waiting for the wiki ends."""
    is_attended: bool = False
    """Whether a person waits for the result. If so, a wiki that has never answered is reported after one try."""
    _gateways: "dict[bool, WikiGateway]" = field(default_factory=dict, repr=False)

    def gateway(self, *, may_write: bool = False) -> "WikiGateway":
        """Return the gateway; without *may_write* the transport refuses all write requests."""
        if may_write not in self._gateways:
            self._gateways[may_write] = _connect(self, may_write=may_write)
        return self._gateways[may_write]

    @property
    def requests(self) -> Counter[str]:
        """The number of requests to the wiki so far, by what they were about; the desk of this process has a share."""
        return sum((Counter(gateway.requests) for gateway in tuple(self._gateways.values())), Counter())

    @property
    def choice(self) -> dict[str, str]:
        """The option with which commands choose this wiki; empty if the settings have only one."""
        return {"--wiki": self.settings.wiki_name} if self.settings.wiki_name else {}

    @cached_property
    def configured_workspaces(self) -> tuple[Workspace, ...]:
        """All workspaces in the settings, independent of *only*."""
        return tuple(
            Workspace(
                each,
                self.settings.resolve(each.data),
                self.folders,
                lambda: self.renderer,
                partial(self.settings.locate, ("workspaces", index)),
                self.settings.snapshots.hides_restricted,
                {"--workspace": each.name} if len(self.settings.workspaces) > 1 or self.choice else {},
                self.choice,
            )
            for index, each in enumerate(self.settings.workspaces)
        )

    @property
    def workspaces(self) -> tuple[Workspace, ...]:
        """The selected workspaces; raises `SettingsError` if no workspace is configured or none has the name *only*."""
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
        """The selected workspace; raises `SettingsError` if several are configured and none is selected."""
        if len(self.workspaces) > 1:
            names = ", ".join(w.name for w in self.workspaces)
            raise SettingsError(f"several workspaces are configured ({names}); choose one with --workspace")
        return self.workspaces[0]

    def trying_once(self) -> "Runtime":
        """Return a copy with one try per request and a short timeout, for work that a person waits for."""
        wiki = self.settings.wiki
        quick = {"tries": 1, "timeout_seconds": min(wiki.timeout_seconds, _SHORT_TIMEOUT_SECONDS)}
        settings = self.settings.model_copy(update={"wiki": wiki.model_copy(update=quick)})
        return replace(self, settings=settings, _gateways={})

    def data_file(self) -> DataFile:
        """Load the data file of the selected workspace; raises `ContentError` with file and line."""
        return self.workspace.load_data_file()

    @cached_property
    def renderer(self) -> "Renderer":
        """The renderer, with the configured template folder first, then the templates of the program.

        Raises `SettingsError` if the configured folder does not exist: the program's templates would be used silently.
        """
        from bot.render import Renderer

        folders = [templates_dir() / "wiki"]
        if self.settings.templates is not None:
            own = self.settings.resolve(self.settings.templates) / "wiki"
            if not own.is_dir():
                message = f"templates: there is no folder {own}; make it, and put your templates there"
                raise SettingsError(message, path=self.settings.config_path)
            raise_if_writable_by_all(own, SettingsError)
            for path in self.template_files:
                raise_if_irregular(path, SettingsError)
                raise_if_writable_by_all(path, SettingsError)
            folders.insert(0, own)
        return Renderer(folders, is_cloud=self.flavour == "cloud")

    @property
    def template_files(self) -> list[Path]:
        """The files in the configured folder of templates."""
        if self.settings.templates is None:
            return []
        folder = self.settings.resolve(self.settings.templates) / "wiki"
        return sorted(path for path in folder.glob("**/*") if not path.is_dir() or path.suffix == ".j2")

    @property
    def own_files(self) -> "OwnFiles":
        """The files that steer the bot, for the check of their owners and modes."""
        from bot.operations.precautions import OwnFiles

        config = self.settings.config_path
        stray = Path(DOTENV).absolute()
        is_stray = stray != dotenv_file(config) and _has_variables(stray)
        return OwnFiles(
            (*secret_files(config), *filter(None, [self.snapshots.policy.key])),
            (
                config,
                *(each.data_path for each in self.configured_workspaces),
                *self.template_files,
                self.folders.state,
            ),
            missing_secrets_folder(),
            stray if is_stray else None,
        )

    @property
    def flavour(self) -> "Flavour":
        """The flavour of the wiki: as configured, or guessed from its address."""
        from bot.wiki.dialect import Flavour

        wiki = self.settings.wiki
        if wiki.flavour is not None:
            return Flavour(wiki.flavour)
        return Flavour.CLOUD if recognise(wiki.url).is_cloud else Flavour.DATA_CENTER

    @property
    def folders(self) -> Folders:
        """The folders of the snapshots and of the state."""
        return Folders(self.settings.resolve(self.settings.snapshots.path), self.settings.resolve(self.settings.state))

    @property
    def snapshots(self) -> Snapshots:
        """The folder of the snapshots and its settings."""
        policy, folders = self.settings.snapshots, self.folders
        places = self.settings.place(policy.path), self.settings.place(policy.separate_path)
        found = self._absolute(policy, "signing_key", "allowed_signers", "restricted_signing_key", "roster")
        witnesses = tuple(self._absolute(each, "key", "ca") for each in policy.witnesses)
        separate = self.settings.resolve(policy.separate_path)
        policy = found.model_copy(update={"witnesses": witnesses, "restricted_path": separate})
        rules = reduce(ArchivedSettings.joined_with, (each.archived for each in self.settings.workspaces), NO_RULES)
        return Snapshots(
            folders.snapshots, folders.state, policy, self.clock, self.settings.object_store, rules, *places
        )

    def _absolute(self, section: _Section, *names: str) -> _Section:
        """Return a copy of a section of the settings whose paths *names* are absolute."""
        paths = {name: getattr(section, name) for name in names}
        return section.model_copy(
            update={name: self.settings.resolve(path) for name, path in paths.items() if path and path != UNSIGNED}
        )

    @property
    def data_remote(self) -> "DataRemote | None":
        """The git remote with the data files; None if the settings have none."""
        policy = self.settings.data_git
        if policy is None:
            return None
        from bot.config.data_remote import DataRemote

        found = self._absolute(policy, "key", "commit_key")
        folder, state = map(self.settings.resolve, (policy.folder, self.settings.common_state))
        return DataRemote(policy, folder, state, found.key, found.commit_key)

    @property
    def desk_address(self) -> str:
        """The address of the desk for links in messages; empty if the settings have none."""
        desk = self.settings.desk
        return self.settings.notify.desk or (desk.url if desk is not None else None) or ""

    @property
    def announcements(self) -> "Announcements | None":
        """Who is told what; None if nobody is."""
        policy = self.settings.notify
        if not policy.channels and not policy.people:
            return None
        from bot.operations.announcement import Announcements

        workspaces = self.configured_workspaces
        return Announcements(
            policy,
            self.settings.jobs,
            workspaces,
            self.folders,
            self.desk_address,
            self.settings.wiki_name,
            self.home_comments,
        )

    @property
    def home_comments(self) -> "HomeComments":
        """The home pages of all workspaces as a place for comments."""
        from bot.operations.home_comments import HomeComments

        return HomeComments(self.gateway, self.configured_workspaces, self.settings.safety)

    @property
    def sleep(self) -> Callable[[float], None]:
        """A sleep function that returns as soon as the bot is asked to stop."""
        return interruptible_sleep(self.stop)


def person_waits() -> bool:
    """Return whether the command is interactive: standard input and standard error are terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _has_variables(path: Path) -> bool:
    try:
        return "WIKIBOT_" in read_text_file(path)
    except (OSError, UnicodeDecodeError):
        return False


def _connect(runtime: Runtime, *, may_write: bool) -> "WikiGateway":
    from bot.wiki.confluence import ConfluenceGateway  # the client library is slow to import
    from bot.wiki.connection import make_network, make_sign_in, warn_of_expiry
    from bot.wiki.session import PATIENT, Manners

    settings = runtime.settings
    wiki = settings.wiki
    try:
        settings.check_secret_binding()
        credentials = make_sign_in(wiki, runtime.flavour, settings.wiki_section)
        network = make_network(wiki, settings.resolve, state=runtime.folders.state)
    except SettingsError as error:
        missing = missing_secrets_folder()
        more = f" (WIKIBOT_SECRETS_DIR is {missing}, and there is no such folder)" if missing else ""
        raise SettingsError(f"{error}{more}", path=settings.config_path) from error
    if warning := warn_of_expiry(wiki.token_expires, runtime.clock().date()):
        logger.warning("{}", warning)
    return ConfluenceGateway(
        wiki.url,
        flavour=runtime.flavour,
        credentials=credentials,
        access=wiki.access,
        gateway=wiki.gateway,
        public_url=wiki.public_url,
        writes_per_minute=wiki.writes_per_minute,
        is_dry_run=not may_write,
        former_accounts=wiki.former_accounts,
        network=network,
        manners=Manners(
            read_seconds=wiki.timeout_seconds,
            tries=wiki.tries or PATIENT.tries,
            reports_at_once=runtime.is_attended and wiki.tries is None,
        ),
        stop=runtime.stop,
    )
