"""What the workspaces want on the pages of a wiki (pure values)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bot.config.policy import DriftPolicy
from bot.storage.markers import Marker
from bot.sync.plan import PlanProblem


@dataclass(frozen=True, slots=True)
class WantedRegion:
    """What a region should say on one page; *text* is None where the data file no longer has it.

    *says_data* is False where the words come from the wiki itself and tell nothing about the data file's size.
    """

    marker: Marker
    text: str | None
    policy: DriftPolicy = DriftPolicy.REPORT
    place: str | None = None
    says_data: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """A page and what should stand on it; *stated* is how to name it to a person, *title* the title it should have."""

    page_id: str
    stated: str
    regions: tuple[WantedRegion, ...]
    title: str | None = None
    is_home: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """All that one workspace wants of the wiki, and what could not be made out while it was put together.

    *find_again* finds the id of a page by its title, for when the page known under that title is gone.
    """

    workspace: str
    revision: str
    targets: tuple[Target, ...]
    problems: tuple[PlanProblem, ...] = ()
    notices: tuple[str, ...] = ()
    find_again: Callable[[str], str | None] = lambda _title: None


def without_rivals(assignments: Iterable[Assignment]) -> Iterator[Assignment]:
    """Yield each workspace without the regions that one before it has on the same page: they would undo each other."""
    owners: dict[tuple[str, str], str] = {}
    for assignment in assignments:
        targets: list[Target] = []
        problems = list(assignment.problems)
        for target in assignment.targets:
            own: list[WantedRegion] = []
            for wanted in target.regions:
                name = wanted.marker.name
                owner = owners.setdefault((target.page_id, name), assignment.workspace)
                if owner == assignment.workspace:
                    own.append(wanted)
                    continue
                message = f"workspace {owner!r} keeps this region of the page already; take it off one of the two"
                problems.append(PlanProblem(assignment.workspace, target.stated, message, name))
            targets.append(replace(target, regions=tuple(own)))
        yield replace(assignment, targets=tuple(targets), problems=tuple(problems))
