"""What the overview shows, as values; nothing here asks the wiki."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.data_model import OLDER_NEWS, NewsItem, WorkspaceData
from bot.config.news_selection import NewsState, news_states
from bot.config.policy import JobSettings
from bot.desk.data_cache import KnownData
from bot.desk.desk import Desk
from bot.errors import BotError, HistoryError, SnapshotError, StoppedError
from bot.history import Run, RunHistory, RunOutcome, open_history
from bot.operations.drafts import Draft, Drafts
from bot.operations.last_check import LastCheck, find_last_check, find_written
from bot.operations.workspace import Workspace
from bot.snapshot.archive.checkpoint import Checkpoint, load_head
from bot.sync.drift import Verdict
from bot.sync.plan import Action

SHOWN_RUNS = 30
_MOST_COMING = 6
_LATE = timedelta(minutes=2)
_BARS = {
    RunOutcome.SUCCESS: "",
    RunOutcome.ATTENTION: "d",
    RunOutcome.FAILED: "f",
    RunOutcome.INTERRUPTED: "f",
    RunOutcome.STOPPED: "n",
}


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One region of a workspace. *verdict* is a name of the macro `verdict`; *next* is when the region is written."""

    name: str
    verdict: str
    counts: Mapping[str, int]
    written: datetime | None
    next: datetime | None
    needs_person: bool = False
    people: tuple[str, ...] = ()
    """Who changed it on the wiki."""
    edited: datetime | None = None
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that will happen by itself; *kind* is `appears`, `disappears` or `written`."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class WorkspaceState:
    """A workspace as the overview shows it; *trouble* is why its data file cannot be read."""

    name: str
    title: str
    checked: datetime | None
    regions: tuple[RegionRow, ...]
    problems: tuple[str, ...]
    coming: tuple[Coming, ...]
    trouble: str | None
    stopped: str | None
    proposals: tuple[Draft, ...] = ()
    """Changes that wait for an approval."""

    @property
    def decisions(self) -> tuple[RegionRow, ...]:
        """The regions that wait for a person, conflicts first."""
        found = (row for row in self.regions if row.needs_person)
        return tuple(sorted(found, key=lambda row: row.verdict != "conflict"))

    @property
    def count(self) -> int:
        """The number of things that need a person."""
        troubles = bool(self.trouble) + bool(self.stopped)
        return len(self.decisions) + len(self.problems) + len(self.proposals) + troubles


@dataclass(frozen=True, slots=True)
class JobOverview:
    """One job: when it runs, its last runs (*bars*, the newest last), its next due time, and whether that is past."""

    name: str
    kind: str
    every: str
    at: str | None
    last: Run | None
    next: datetime | None
    bars: tuple[str, ...]
    counts: Mapping[str, int]
    is_late: bool


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """The newest head of the snapshots, the number of pages, and the last run that verified everything."""

    head: Checkpoint | None
    pages: int | None
    verified: Run | None
    trouble: str | None


def workspace_states(
    desk: Desk, names: Sequence[str], next_sync: datetime | None, *, with_proposals: Sequence[str] = ()
) -> list[WorkspaceState]:
    """Return the state of each workspace in *names*; proposals only of those that the person may decide on."""
    now = desk.clock()
    return [
        _state(
            each,
            desk.data.read(each),
            find_last_check(each),
            _stop_of(each),
            next_sync,
            now,
            _proposals(each) if each.name in with_proposals else (),
        )
        for each in desk.workspaces
        if each.name in names
    ]


def _proposals(workspace: Workspace) -> tuple[Draft, ...]:
    drafts = Drafts(workspace).iter_newest_first(only_open=True)
    return tuple(draft for draft in drafts if draft.state == "proposed")


def job_rows(desk: Desk) -> list[JobOverview]:
    """Return the jobs of the settings."""
    history = open_history(desk.runtime.folders.state / "runs.db")
    due = desk.next_due()
    return [
        _job(name, spec, history, due[name], desk.clock())
        for (name, spec) in zip(due, desk.runtime.settings.jobs, strict=False)
    ]


def archive_state(desk: Desk, count_pages: Callable[[], int | None]) -> ArchiveState:
    """Return what is known about the snapshots without verifying them."""
    history = open_history(desk.runtime.folders.state / "runs.db")
    try:
        head, trouble = load_head(desk.runtime.folders.snapshots), None
    except SnapshotError as error:
        head, trouble = None, str(error)
    return ArchiveState(head, count_pages() if head is not None else None, history.last_run_of_kind("verify"), trouble)


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What a new bot has done: the wiki answered, all regions are taken over, a capture exists."""

    is_reached: bool
    is_taken_over: bool
    is_captured: bool

    @property
    def are_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_reached and self.is_taken_over and self.is_captured


def first_steps(states: Sequence[WorkspaceState], archive: ArchiveState, *, captures: bool) -> FirstSteps:
    """Return what is left to do on a new bot; the capture counts only if a job *captures*."""
    verdicts = [row.verdict for state in states for row in state.regions]
    return FirstSteps(
        any(state.checked is not None for state in states),
        bool(verdicts) and not {"unknown", "unmanaged"} & set(verdicts),
        archive.head is not None or not captures,
    )


def _stop_of(workspace: Workspace) -> str | None:
    try:
        order = workspace.folders.stop_orders.find(workspace.name)
    except StoppedError as error:
        return str(error)
    return None if order is None else str(order)


def _state(
    workspace: Workspace,
    known: KnownData,
    check: LastCheck | None,
    stopped: str | None,
    next_sync: datetime | None,
    now: datetime,
    proposals: tuple[Draft, ...],
) -> WorkspaceState:
    data = known.data
    rows = tuple(_regions(workspace, data, check, next_sync, now))
    problems = () if check is None else tuple(f"{each.page}: {each.message}" for each in check.plan.problems)
    coming = sorted(_coming(data, rows, next_sync, now), key=lambda each: each.at)
    return WorkspaceState(
        workspace.name,
        workspace.name if data is None else str(data.workspace.home),
        check.at if check is not None else None,
        rows,
        problems,
        tuple(coming[:_MOST_COMING]),
        known.error,
        stopped,
        proposals,
    )


def _regions(
    workspace: Workspace,
    data: WorkspaceData | None,
    check: LastCheck | None,
    next_sync: datetime | None,
    now: datetime,
) -> Iterator[RegionRow]:
    names = [name for name in workspace.settings.regions if data is None or getattr(data, name, None) is not None]
    if check is not None:
        planned = dict.fromkeys(change.region for page in check.plan.pages for change in page.changes)
        names += [name for name in planned if name not in names]
    for name in names:
        yield _region(name, _counts(name, data, now), check, find_written(workspace).get(name), next_sync)


def _region(
    name: str,
    counts: Mapping[str, int],
    check: LastCheck | None,
    written: datetime | None,
    next_sync: datetime | None,
) -> RegionRow:
    if check is None:
        return RegionRow(name, "unknown", counts, written, None)
    changes = check.changes(name)
    edits = [edit for change in changes for edit in change.edits]
    is_written = any(change.action is not Action.NONE for change in changes)
    urls = (page.url for page in check.plan.pages for change in page.changes if change.region == name)
    return RegionRow(
        name,
        _verdict(check, name),
        counts,
        written,
        next_sync if is_written else None,
        any(change.needs_a_person for change in changes),
        tuple(dict.fromkeys(edit.author for edit in edits)),
        max((edit.when for edit in edits), default=None),
        next((change.note for change in changes if change.note), ""),
        next(urls, ""),
    )


def _verdict(check: LastCheck, name: str) -> str:
    changes, verdict = check.changes(name), check.verdict(name)
    if any(change.is_waiting for change in changes):
        return "waiting"
    if any(change.live is None and change.action is Action.NONE for change in changes):
        return "missing"
    is_written = any(change.action is not Action.NONE for change in changes)
    return "held" if verdict is Verdict.BEHIND and not is_written else verdict.value


def _counts(name: str, data: WorkspaceData | None, now: datetime) -> dict[str, int]:
    """Return numbers about the content of a region, by what is counted."""
    if data is None:
        return {}
    if name == "news" and data.news is not None:
        states = news_states(data.news, now)
        shown = sum(state in (NewsState.LIVE, NewsState.PINNED) for state in states)
        return {"shown": shown, "scheduled": states.count(NewsState.SCHEDULED)}
    if name == "status" and data.status is not None:
        return {"lines": len(data.status.lines)}
    if name == "quick_links" and data.quick_links is not None:
        return {"links": sum(1 + len(link.links) for link in data.quick_links.links)}
    return {}


def _coming(
    data: WorkspaceData | None, rows: Sequence[RegionRow], next_sync: datetime | None, now: datetime
) -> Iterator[Coming]:
    if next_sync is not None:
        for row in rows:
            if row.next is not None and row.name != OLDER_NEWS:
                yield Coming(max(next_sync, now), "written", row.name)
    if data is not None and data.news is not None:
        for item in data.news.items:
            yield from _moments(item, now)


def _moments(item: NewsItem, now: datetime) -> Iterator[Coming]:
    if item.publish_at is not None and item.publish_at > now:
        yield Coming(item.publish_at, "appears", item.text)
    if item.expires_at is not None and item.expires_at > now:
        yield Coming(item.expires_at, "disappears", item.text)


def _job(name: str, spec: JobSettings, history: RunHistory, due: datetime, now: datetime) -> JobOverview:
    try:
        runs = history.recent(limit=SHOWN_RUNS, job=name)
    except (HistoryError, BotError):
        runs = []
    bars = [_BARS[run.outcome] if run.outcome is not None else "g" for run in reversed(runs)]
    ended = [run.outcome for run in runs if run.outcome is not None]
    counts = {
        "done": ended.count(RunOutcome.SUCCESS),
        "attention": ended.count(RunOutcome.ATTENTION),
        "failed": ended.count(RunOutcome.FAILED) + ended.count(RunOutcome.INTERRUPTED),
    }
    is_late = due < now - _LATE and (not runs or runs[0].outcome is not None)
    padding = ["n"] * (SHOWN_RUNS - len(bars))
    return JobOverview(
        name, spec.run, spec.every, spec.at, runs[0] if runs else None, due, (*padding, *bars), counts, is_late
    )
