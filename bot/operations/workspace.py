"""A workspace as operations need it: its settings, its data file, its templates and its folders."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bot.config.data_file import DataFile
from bot.config.policy import (
    NO_RULES,
    ArchivedSettings,
    ObjectStoreSettings,
    SnapshotSettings,
    WitnessKind,
    WorkspaceSettings,
)
from bot.config.yaml_source import Location
from bot.files import InstanceLock

if TYPE_CHECKING:
    from bot.config.data_model import WorkspaceData
    from bot.config.shared_data_file import SharedDataFile
    from bot.render import Renderer
    from bot.snapshot.archive.evidence_state import EvidenceState
    from bot.sync.page_finder import PageFinder
    from bot.sync.page_memory import KnownVersions, PageMemory
    from bot.sync.region_memory import RegionMemory
    from bot.sync.stop_order import StopOrders
    from bot.wiki.gateway import WikiGateway


class Connect(Protocol):
    """Returns a gateway to the wiki; unless *may_write* is set, the session refuses all writes."""

    def __call__(self, *, may_write: bool = False) -> "WikiGateway": ...


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of the bot: the snapshots, and its own state (run history, locks, page and region memory)."""

    snapshots: Path
    state: Path

    @property
    def feeds(self) -> Path:
        """The folder of the Atom feeds, next to the folder of the snapshots."""
        return self.snapshots.parent / "feeds"

    @property
    def stop_orders(self) -> "StopOrders":
        """The orders of people that nothing is written to a workspace."""
        from bot.sync.stop_order import StopOrders

        return StopOrders(self.state)

    def known_versions(self, wiki: str) -> "KnownVersions":
        """Return which versions of the pages of *wiki* this bot knows."""
        from bot.sync.page_memory import KnownVersions

        return KnownVersions(self.state / "pages.json", wiki=wiki)

    def writer_lock(self, wiki: str) -> InstanceLock:
        """Return the lock that allows only one run at a time to write to *wiki*."""
        name = f"writer-{hashlib.sha256(wiki.encode()).hexdigest()[:12]}.lock"
        return InstanceLock(self.state / name, purpose=f"writing to {wiki}")


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots folder *root* and its policy; the paths of keys in *policy* are absolute."""

    root: Path
    state_folder: Path
    policy: SnapshotSettings
    clock: Callable[[], datetime]
    object_store: ObjectStoreSettings = field(default_factory=ObjectStoreSettings)
    rules: ArchivedSettings = NO_RULES
    """Which pages the workspaces select, for readers of the folder."""
    place: Path | None = None
    """*root* as the settings name it, which can be a link; the same as *root* if None."""
    separate_place: Path | None = None
    """The folder of the restricted pages, likewise."""

    @property
    def state(self) -> "EvidenceState":
        """What the bot remembers about the folder; raises `SettingsError` if the state lies inside the folder."""
        from bot.snapshot.archive.evidence_state import EvidenceState  # not every command needs what is imported late

        return EvidenceState(self.root, self.state_folder, place=self.place)

    @property
    def separate(self) -> "Snapshots":
        """The folder of the restricted pages, with its own key. Its heads are stamped, but not published."""
        changes = {
            "signing_key": self.policy.restricted_signing_key or self.policy.signing_key,
            "allowed_signers": None,
            "mirror": self.policy.restricted_mirror,
            "witnesses": tuple(each for each in self.policy.witnesses if each.kind is WitnessKind.TIMESTAMP),
        }
        policy = self.policy.model_copy(update=changes)
        return replace(self, root=self.policy.separate_path, place=self.separate_place, policy=policy)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace. Loading the templates raises `SettingsError` when their folder does not exist."""

    settings: WorkspaceSettings
    data_path: Path
    folders: Folders
    load_renderer: "Callable[[], Renderer]"
    locate: Callable[[Location], str] = lambda location: ".".join(map(str, location))
    """Returns the file and line of a key of the workspace in the settings, for messages."""
    hides_restricted: bool = True
    """Whether pages that only some people may read are left out of lists that others read."""
    choice: Mapping[str, str] = field(default_factory=dict)
    """The option with which commands choose this workspace; empty if the settings have only one."""
    wiki_choice: Mapping[str, str] = field(default_factory=dict)
    """The option with which commands choose the wiki of this workspace; empty if the settings have only one."""

    @property
    def name(self) -> str:
        """The name of the workspace in the settings."""
        return self.settings.name

    def load_data_file(self) -> DataFile:
        """Read the data file; raises `ContentError` with file and line."""
        return DataFile.load(self.data_path)

    @property
    def shared_data(self) -> "SharedDataFile":
        """The data file as several programs share it."""
        from bot.config.shared_data_file import SharedDataFile

        return SharedDataFile(self.data_path, self.folders.state, self.name, commits=self.settings.git)

    def page_finder(self, gateway: "WikiGateway", data: "WorkspaceData") -> "PageFinder":
        """Return the finder of the pages that the data file names; the finder also finds renamed pages."""
        from bot.sync.page_finder import PageFinder

        return PageFinder(gateway, data.workspace.space, self.page_memory(gateway, data.workspace.space))

    def page_memory(self, gateway: "WikiGateway", space_key: str) -> "PageMemory":
        """Return the page memory of the space."""
        from bot.sync.page_memory import PageMemory

        return PageMemory(self.folders.state / "pages.json", wiki=gateway.base_url, space_key=space_key)

    def region_memory(self, gateway: "WikiGateway", page_id: str) -> "RegionMemory":
        """Return the region memory of a page."""
        from bot.sync.region_memory import RegionMemory

        wiki = hashlib.sha256(gateway.base_url.encode()).hexdigest()[:12]
        return RegionMemory(self.folders.state / "regions" / f"{wiki}-{page_id}.json")

    def archive_rules(self) -> dict[tuple[str, str], str]:
        """Return the rules of `archived` that the settings state, with file and line; a default value is not stated."""
        rule = self.settings.archived
        status = {} if rule.status else {("status", "archived"): self.locate(("archived", "status"))}
        return status | {
            (key, name): self.locate(("archived", key, index))
            for key, names in (("labels", rule.labels), ("under", rule.under))
            if key in rule.model_fields_set
            for index, name in enumerate(names)
        }
