"""The plan: what a run would change, region by region, and what waits for a person (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.config.data_model import OLDER_NEWS, PAGE_INDEX
from bot.config.policy import DriftPolicy, NotifyPolicy
from bot.plural import counted
from bot.storage.markers import Marker
from bot.storage.meaning import is_same
from bot.sync.drift import LastApplied, ManualEdit, Verdict, digest_of
from bot.sync.own_blocks import OwnBlocks

EVERY_REGION = "all"
HELD_BY_DEAD_LINK = "held back, because it would publish a dead link"
"""The beginning of the note of a change that is not written for this reason."""
EDIT_WAR = "edit war"
"""The beginning of the note of a repair that is not made again."""
_MAX_HEADINGS = 8
_WAYS_TO_KEEP = {
    OLDER_NEWS: "change the items with `wikibot news edit` until the page and the data file agree",
    PAGE_INDEX: "move their words out of the region",
}
"""What preserves the words of people in a region that `wikibot adopt` cannot take, because the bot generates it."""


class Action(StrEnum):
    """The action of a plan on one region."""

    NONE = "none"
    WRITE = "write"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Requirement:
    """The lines that a region of another page must have on the wiki before a change is written."""

    page_id: str
    title: str
    marker: Marker
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is uploaded to the page before the region is written.

    *replaces* is the id of the file of that name on the page that it replaces, and *replaces_version* its version.
    """

    name: str
    size: int
    sha256: str
    replaces: str | None = None
    replaces_version: int = 0

    @property
    def words(self) -> str:
        """The file in words."""
        what = f"replaces version {self.replaces_version} on the page" if self.replaces else "new on the page"
        return f"file {self.name}, {counted(self.size, 'byte')}, {what}, sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Change:
    """One region of one page: its three states, the verdict and the action.

    *notify* says whether the version sends notifications. *is_waiting* is set if the change waits for the quiet window.
    *orphans* name author and words of open inline comments that lose their place.

    *place* is where a missing region is created. *is_repair* is set if the same text was written before. *edits* are
    the versions in which people changed the region. *lost_comments* are the commented texts that the new text does not
    contain. *uploads* are the files that the page needs first; a region in sync can need them, too.

    *note* explains to people why nothing is done, or what they can do. *requires* is what another page must
    have before the change is written. *merges* is set if `wikibot sync` merges what people changed. *own* is set if
    people put blocks of their own into a region below a heading; *desired* then has these too.
    """

    region: str
    marker: Marker
    verdict: Verdict
    action: Action
    desired: str
    live: str | None
    last_applied: LastApplied | None = None
    policy: DriftPolicy = DriftPolicy.REPORT
    place: str | None = None
    is_repair: bool = False
    edits: tuple[ManualEdit, ...] = ()
    lost_comments: tuple[str, ...] = ()
    note: str = ""
    notify: NotifyPolicy = NotifyPolicy.NEVER
    is_waiting: bool = False
    orphans: tuple[str, ...] = ()
    merges: bool = False
    own: OwnBlocks | None = None
    requires: Requirement | None = None
    uploads: tuple[Upload, ...] = ()

    @property
    def own_desired(self) -> str:
        """The desired text without the blocks of people."""
        if self.own is None:
            return self.desired
        return self.desired[len(self.own.before) : len(self.desired) - len(self.own.after)]

    @property
    def desired_digest(self) -> str:
        """The digest of *desired*, as in version messages."""
        return digest_of(self.desired)

    @property
    def live_digest(self) -> str | None:
        """The digest of *live*."""
        return None if self.live is None else digest_of(self.live)

    @property
    def needs_a_person(self) -> bool:
        """Whether the region is not in sync, is not written, and neither waits nor is ignored by its drift policy."""
        is_ignored = self.verdict is Verdict.DRIFTED and self.policy is DriftPolicy.IGNORE
        is_settled = self.verdict is Verdict.IN_SYNC or self.is_waiting or is_ignored
        return not is_settled and self.action is Action.NONE


@dataclass(frozen=True, slots=True)
class PagePlan:
    """All managed regions of a page, at least one not in sync; *base_version* is the page version that was read."""

    workspace: str
    id: str
    title: str
    url: str
    base_version: int
    changes: tuple[Change, ...]
    revision: str = ""
    is_first_run: bool = False
    space_key: str = ""

    @property
    def writes(self) -> tuple[Change, ...]:
        """The changes that `apply` carries out."""
        return tuple(each for each in self.changes if each.action is not Action.NONE)

    @property
    def uploads(self) -> tuple[Upload, ...]:
        """The files that `apply` uploads."""
        return tuple(dict.fromkeys(upload for change in self.changes for upload in change.uploads))


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Why a page, or one region of it, could not be planned or written."""

    workspace: str
    page: str
    message: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """How much of a workspace was compared, and the live and desired size of the home page's regions in characters.

    *distinct_regions* counts a region once, on however many pages it is. Of the *live_lines* of all pages, the plan
    replaces *replaced_lines*.
    """

    workspace: str
    revision: str
    pages: int
    regions: int
    live_characters: int = 0
    desired_characters: int = 0
    distinct_regions: int = 0
    live_lines: int = 0
    replaced_lines: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of a run. `plan_file.plan_digest` returns the digest of a plan.

    *drafts* are messages about the unpublished changes that prevent the write of pages at the moment. *attention*
    are messages about what a person has to settle, apart from single regions.
    """

    wiki: str
    created: datetime
    scopes: tuple[Scope, ...]
    pages: tuple[PagePlan, ...] = ()
    problems: tuple[PlanProblem, ...] = ()
    notices: tuple[str, ...] = field(default=())
    drafts: tuple[str, ...] = field(default=())
    attention: tuple[str, ...] = field(default=())

    @property
    def page_writes(self) -> tuple[PagePlan, ...]:
        """The pages that `apply` writes."""
        return tuple(page for page in self.pages if page.writes or page.uploads)

    @property
    def disputed(self) -> tuple[tuple[PagePlan, Change], ...]:
        """The regions that wait for a person's decision."""
        return tuple((page, change) for page in self.pages for change in page.changes if change.needs_a_person)

    @property
    def managed_regions(self) -> int:
        """The number of regions that were compared."""
        return sum(scope.regions for scope in self.scopes)


def decide(
    change: Change, *, take_over: frozenset[str], repairs_left: int, headings: Sequence[str] = ()
) -> tuple[Action, str]:
    """Return the action for a region, and a note if the bot needs a person.

    *take_over* names the regions (or `all`) whose live text may be overwritten. *repairs_left* is the number of
    repairs that are still allowed today. *headings* are the headings of the page, for advice on where to create a
    missing region.
    """
    is_given_up = change.region in take_over or EVERY_REGION in take_over
    match change.verdict:
        case Verdict.IN_SYNC:
            return Action.NONE, ""
        case Verdict.BEHIND:
            return _unless_at_war(change, Action.WRITE, repairs_left)
        case Verdict.DRIFTED if change.policy is DriftPolicy.REPAIR and not is_given_up:
            action, note = _put_back(change, headings)
            return _unless_at_war(change, action, repairs_left) if action is not Action.NONE else (action, note)
        case Verdict.UNMANAGED if change.live is None:
            return _put_back(change, headings)
        case _ if is_given_up:
            return _put_back(change, headings)
        case verdict:
            return Action.NONE, _advice(verdict, change)


def _put_back(change: Change, headings: Sequence[str]) -> tuple[Action, str]:
    if change.live is not None:
        return Action.WRITE, ""
    if change.place is not None:
        return Action.CREATE, ""
    where = _advise_place(change.region, headings)
    if change.verdict is Verdict.UNMANAGED:
        return Action.NONE, (
            "the page does not have this region and the bot has never written it; `wikibot adopt` takes over what "
            f"people wrote there; if they wrote none, {where}"
        )
    return Action.NONE, f"somebody removed the region; restore that version of the page, or {where}"


def _advise_place(region: str, headings: Sequence[str]) -> str:
    shown = ", ".join(f"“{text}”" for text in headings[:_MAX_HEADINGS])
    more = ", …" if len(headings) > _MAX_HEADINGS else ""
    found = f"; headings of the page: {shown}{more}" if shown else ""
    return (
        f"choose where to create it with `wikibot adopt --place {region}=end` "
        f"(or start, before:HEADING, after:HEADING{found})"
    )


def _unless_at_war(change: Change, action: Action, repairs_left: int) -> tuple[Action, str]:
    if change.is_repair and repairs_left <= 0:
        return Action.NONE, (
            f"{EDIT_WAR}: the bot has repaired this region too often within 24 hours and has stopped; agree with the "
            f"editors of the page, or {advise_keeping(change.region)}"
        )
    return action, ""


def is_generated(region: str) -> bool:
    """Return whether the bot generates the region from other data, so that no text of a page can become its data."""
    return region in _WAYS_TO_KEEP


def advise_keeping(region: str) -> str:
    """Return how people can preserve what they wrote in the region."""
    return _WAYS_TO_KEEP.get(region, "let `wikibot adopt` take their text into the data file")


def _advise_generated(verdict: Verdict, region: str) -> str:
    found = (
        "the page's history has no record that the bot wrote this"
        if verdict is Verdict.UNMANAGED
        else ("people changed it, and the bot generates this region")
    )
    return (
        f"{found}: restore the earlier version of the page, or {_WAYS_TO_KEEP[region]}; "
        f"`wikibot plan --take-over {region}` plans to replace the text of the page"
    )


def _is_rolled_back(change: Change) -> bool:
    last = change.last_applied
    if last is None or last.adopted is None:
        return False
    return change.live is not None and is_same(change.live, last.text)


def _advice(verdict: Verdict, change: Change) -> str:
    """Return what people can do without losing a word of the page or of the data file."""
    if change.merges and verdict in (Verdict.DRIFTED, Verdict.CONFLICT) and not _is_rolled_back(change):
        return (
            "people changed it; the next `wikibot sync` merges what does not clash with the data file (`merge: auto`)"
        )
    match verdict:
        case Verdict.DRIFTED if change.policy is DriftPolicy.IGNORE:
            return "not overwritten, because the settings say `drift: ignore`"
        case _ if is_generated(change.region):
            return _advise_generated(verdict, change.region)
        case Verdict.DRIFTED:
            return "people changed it; `wikibot adopt` takes their text into the data file"
        case Verdict.CONFLICT if _is_rolled_back(change):
            return (
                "the data file does not have what an adoption took from the page: it was rolled back, or the adoption "
                "was not completed; `wikibot adopt` takes the text again"
            )
        case Verdict.CONFLICT:
            return "both the page and the data file have changed; `wikibot adopt` merges them entry by entry"
        case _:
            return "the page's history has no record that the bot wrote this; `wikibot adopt` keeps it"
