"""The desired regions of each workspace, by page (pure values)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from bot.config.policy import CommentPolicy, DriftPolicy, MergePolicy, NotifyPolicy
from bot.storage.markers import Marker
from bot.sync.news_moves import NewsMove
from bot.sync.plan import PlanProblem
from bot.sync.region_memory import RegionMemory


@dataclass(frozen=True, slots=True)
class DeadLink:
    """A link in the text of a region to a page that does not exist; *message* begins with its file and line.

    *is_gone* is set if the bot has seen the page before.
    """

    reference: str
    message: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file that the text of a region links to, and that the page must have.

    *replaces* has the SHA-256 of files of that name on the page that it may replace. *place* is file and line.
    *find_problem* returns why the bytes next to the data file are not these.
    """

    name: str
    size: int
    sha256: str
    replaces: tuple[str, ...]
    place: str
    find_problem: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class WantedRegion:
    """A desired region on one page; *text* is None if the data file does not contain the region.

    *says_data* is False if the text comes from the wiki and not from the data file. Such a region does not count for
    the size check of the data file. A region with *dead_links* is not written, except for links that are on the page
    already and whose target the bot has never seen. *text_at* returns the text at another time.
    """

    marker: Marker
    text: str | None
    policy: DriftPolicy = DriftPolicy.REPORT
    place: str | None = None
    says_data: bool = True
    notify: NotifyPolicy = NotifyPolicy.NEVER
    comments: CommentPolicy = CommentPolicy.REPORT
    dead_links: tuple[DeadLink, ...] = ()
    merge: MergePolicy = MergePolicy.ASK
    text_at: Callable[[datetime], str] | None = None
    files: tuple[WantedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetPage:
    """A page and its desired regions; *stated* is its name in messages, *title* the title in the settings."""

    page_id: str
    stated: str
    regions: tuple[WantedRegion, ...]
    title: str | None = None
    is_home: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """The targets of one workspace, and the problems found while they were collected.

    *find_again* returns the id of the page that has a title now, if the remembered page is gone. *explain_missing* says
    why there is none. *has_lost_adoption* returns whether the data file lacks what an adoption took from the page;
    it takes the revision of the adoption, and returns None if this is not known. *entry_texts* returns the words of
    each entry of the data file. *has_had_revision* returns whether the data file of this host ever had a revision.
    *waits_until* says when repairs and expiries are written, if they have to wait now. *news_move* describes the page
    of older news, if there is one. *space_key* is the space of the data file; *place_of* returns file and line of its
    `home` or `space`. *memory_of* returns the region memory of a page by its id.
    """

    workspace: str
    revision: str
    targets: tuple[TargetPage, ...]
    problems: tuple[PlanProblem, ...] = ()
    notices: tuple[str, ...] = ()
    find_again: Callable[[str], str | None] = lambda _title: None
    explain_missing: Callable[[str], str] = lambda _title: ""
    has_lost_adoption: Callable[[str], bool | None] = lambda _revision: False
    entry_texts: Callable[[], Iterable[str]] = tuple
    has_had_revision: Callable[[str], bool] = lambda _revision: False
    waits_until: str = ""
    news_move: NewsMove | None = None
    space_key: str = ""
    place_of: Callable[[str], str] = lambda _key: ""
    memory_of: Callable[[str], RegionMemory] = lambda _page_id: RegionMemory()


def without_rivals(assignments: Iterable[Assignment]) -> Iterator[Assignment]:
    """Yield each assignment without regions that an earlier assignment has on the same page."""
    owners: dict[tuple[str, str], str] = {}
    for assignment in assignments:
        targets: list[TargetPage] = []
        problems = list(assignment.problems)
        for target in assignment.targets:
            own: list[WantedRegion] = []
            for wanted in target.regions:
                name = wanted.marker.name
                owner = owners.setdefault((target.page_id, name), assignment.workspace)
                if owner == assignment.workspace:
                    own.append(wanted)
                    continue
                message = f"workspace {owner!r} already manages this region of the page; remove it from one of the two"
                problems.append(PlanProblem(assignment.workspace, target.stated, message, name))
            targets.append(replace(target, regions=tuple(own)))
        yield replace(assignment, targets=tuple(targets), problems=tuple(problems))
