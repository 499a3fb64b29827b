"""How the bot is doing, from the files of its state folder alone: no request to the wiki, and no lock for long."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.advice import complete
from bot.config.policy import JobSettings, name_jobs
from bot.errors import LockedError, SettingsError, SnapshotError, StoppedError
from bot.files import InstanceLock
from bot.history import Run, RunHistory, RunOutcome
from bot.notify.announcer import CHANNEL_FAILS
from bot.notify.concern import NOT_IN_FULL, Concern, HealthLevel
from bot.notify.memory import load_notified
from bot.operations.last_check import find_last_check, find_written
from bot.operations.workspace import Folders, Workspace
from bot.snapshot.archive.checkpoint import load_head
from bot.sync.drift import Verdict
from bot.sync.plan import EDIT_WAR, HELD_BY_DEAD_LINK, Action, Change

_SHOWN_RUNS = 10
_LEVELS = {
    RunOutcome.SUCCESS: HealthLevel.WELL,
    RunOutcome.ATTENTION: HealthLevel.ATTENTION,
    RunOutcome.STOPPED: HealthLevel.ATTENTION,
    RunOutcome.FAILED: HealthLevel.FAILING,
    RunOutcome.INTERRUPTED: HealthLevel.FAILING,
}
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class JobHealth:
    """One job: *last* is its newest run that has ended, *going_since* the start of one that goes on.

    *next_due* is None for a job that never ran; a moment in the past means at once.
    """

    name: str
    level: HealthLevel
    last: Run | None
    last_success: datetime | None
    going_since: datetime | None
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class WorkspaceHealth:
    """One workspace: the verdicts of its last check, how many regions have each, and who stopped the bot, if anybody.

    *checked* is None if nothing was compared yet.
    """

    name: str
    checked: datetime | None
    regions: Mapping[str, int]
    stopped: str | None


@dataclass(frozen=True, slots=True)
class ArchiveHealth:
    """The newest head of the snapshots, and the numbers of the last capture: pages expected, captured, unchanged."""

    sequence: int
    at: datetime | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Health:
    """How the bot is doing at the moment *at*; *is_running* says whether a process runs the jobs."""

    at: datetime
    level: HealthLevel
    is_running: bool
    jobs: tuple[JobHealth, ...]
    workspaces: tuple[WorkspaceHealth, ...]
    archive: ArchiveHealth
    concerns: tuple[Concern, ...]


def read_health(
    jobs: Sequence[JobSettings],
    workspaces: Sequence[Workspace],
    folders: Folders,
    history: RunHistory,
    *,
    now: datetime,
    trouble: str = "",
) -> Health:
    """Return how the bot is doing; *trouble* is why changed settings are not used.

    Raises `HistoryError` if the run records cannot be read.
    """
    oldest = history.first_run()
    job_states = tuple(_job(name, job, history, oldest, now) for name, job in name_jobs(jobs))
    found = [concern for workspace in workspaces for concern in _concerns_of(workspace)]
    if not jobs:
        found += [_never_compared(each) for each in workspaces if find_last_check(each) is None]
    troubled = [job for job in job_states if job.level is not HealthLevel.WELL]
    from_jobs = [_concern_of(job, now) for job in troubled if found or not _is_settled(job, workspaces)]
    concerns = [concern for concern in from_jobs if not _is_explained(concern, found)] + found
    if trouble:
        key = f"settings:{_digest(trouble)}"
        concerns.append(Concern(HealthLevel.ATTENTION, "settings", "settings", trouble, key))
    concerns += _failing_channels(folders)
    choices = {each.name: each.choice for each in workspaces}
    choices[""] = next((each.wiki_choice for each in workspaces), {})
    concerns = [replace(each, message=complete(each.message, choices[each.workspace])) for each in concerns]
    concerns.sort(key=lambda concern: -concern.level)
    level = max((concern.level for concern in concerns), default=HealthLevel.WELL)
    workspace_states = tuple(_workspace(workspace) for workspace in workspaces)
    archive = _archive(folders, history)
    return Health(now, level, is_bot_running(folders), job_states, workspace_states, archive, tuple(concerns))


def is_bot_running(folders: Folders) -> bool:
    """Return whether a `wikibot run` with this state folder is running; it has the lock then."""
    path = folders.state / "run.lock"
    if not path.exists():
        return False
    try:
        with InstanceLock(path, purpose="the bot"):
            return False
    except LockedError:
        return True
    except SettingsError:  # another account may not open the lock, and so cannot know
        return False


def _job(name: str, job: JobSettings, history: RunHistory, oldest: Run | None, now: datetime) -> JobHealth:
    runs = history.recent(limit=_SHOWN_RUNS, job=name)
    going = next((run for run in runs[:1] if run.finished is None), None)
    # A run that ended because the bot was asked to end says nothing about the job.
    last = next((run for run in runs if run.finished and (run.outcome is not RunOutcome.STOPPED or run.message)), None)
    success = history.last_success(name)
    if not runs:
        start = oldest.started if oldest else None
        first_due = None if start is None else job.cadence.first_after(start)
        is_stale = first_due is None or now > job.cadence.next_after(first_due, first_due)
        level = HealthLevel.STALE if is_stale else HealthLevel.WELL
        return JobHealth(name, level, None, None, None, first_due)
    started = runs[0].started
    due = job.cadence.next_after(started, started)
    level = _LEVELS[last.outcome] if last is not None and last.outcome is not None else HealthLevel.WELL
    if now > job.cadence.next_after(due, due):
        level = HealthLevel.STALE
    return JobHealth(
        name, level, last, success.started if success else None, going.started if going else None, max(due, now)
    )


def _concern_of(job: JobHealth, now: datetime) -> Concern:
    last = job.last
    match job.level:
        case HealthLevel.STALE if last is None and job.going_since is None:
            message = (
                "it never ran; start `wikibot run`, or `wikibot run --once` from cron: a command that somebody typed "
                "is no run of a job"
            )
            return Concern(job.level, "late", job.name, message, f"late:{job.name}")
        case HealthLevel.STALE:
            since = job.going_since or (last.started if last else now)
            what = "its run has been going on" if job.going_since else "it did not run"
            message = f"{what} since {since:%Y-%m-%d %H:%M} UTC, more than two of its intervals; is `wikibot run` well?"
            return Concern(job.level, "late", job.name, message, f"late:{job.name}")
        case HealthLevel.FAILING:
            message = f"{last.message if last else ''}; `wikibot runs {last.id if last else ''}` shows the log"
            kind = "shortfall" if last is not None and NOT_IN_FULL in last.message else "failed"
            return Concern(job.level, kind, job.name, message, f"{kind}:{job.name}")
        case _:
            outcome, message = (last.outcome, last.message) if last else (None, "")
            kind = "stopped" if outcome is RunOutcome.STOPPED else "attention"
            return Concern(job.level, kind, job.name, message, f"{kind}:{job.name}:{_digest(message)}")


def _is_explained(concern: Concern, found: Sequence[Concern]) -> bool:
    """Return whether the concern of a job is only the sum of what was *found* in the workspaces."""
    return concern.kind in ("attention", "stopped") and concern.about.partition(" ")[0] == "sync" and bool(found)


def _is_settled(job: JobHealth, workspaces: Sequence[Workspace]) -> bool:
    """Return whether a `sync` found only disputed regions, of which a person has taken over the last one since.

    The caller knows that nothing is left in any workspace.
    """
    last = job.last
    if job.level is not HealthLevel.ATTENTION or last is None or last.finished is None or not last.waiting:
        return False
    is_only_disputed = last.waiting == last.counts.get("disputed")
    return is_only_disputed and any(at > last.finished for each in workspaces for at in find_written(each).values())


def _concerns_of(workspace: Workspace) -> Iterator[Concern]:
    name = workspace.name
    if (stopped := _stop_of(workspace)) is not None:
        message = f"{stopped}; `wikibot resume` lets the bot write again"
        yield Concern(HealthLevel.ATTENTION, "stopped", f"workspace {name}", message, f"stopped:{name}", name)
    check = find_last_check(workspace)
    if check is None:
        return
    plan = check.plan
    for page, change in plan.disputed:
        kind = _kind_of(change)
        people = ", ".join(dict.fromkeys(edit.author for edit in change.edits))
        message = f"{f'by {people}: ' if people else ''}{change.note}"
        key = f"{kind}:{name}:{page.id}:{change.region}:{change.live_digest}"
        about = f"{page.title}: {change.region}"
        yield Concern(HealthLevel.ATTENTION, kind, about, message, key, name, page.url)
    for problem in plan.problems:
        about = problem.page if problem.region is None else f"{problem.page}: {problem.region}"
        key = f"problem:{name}:{about}:{_digest(problem.message)}"
        yield Concern(HealthLevel.ATTENTION, "problem", about, problem.message, key, name)
    for text in plan.attention:
        yield Concern(
            HealthLevel.ATTENTION, "attention", f"workspace {name}", text, f"attention:{name}:{_digest(text)}", name
        )


def _failing_channels(folders: Folders) -> Iterator[Concern]:
    """Yield a concern for each channel or person whose last message was not sent."""
    for name, receiver in load_notified(folders.state).receivers.items():
        if (failure := receiver.failure) is not None and not failure.is_said:
            message = (
                f"{failure.reason} (since {failure.since:%Y-%m-%d %H:%M} UTC); correct the address, and try it with "
                "`wikibot notify test`"
            )
            key = f"{CHANNEL_FAILS}:{name.removeprefix('channel ')}"
            yield Concern(HealthLevel.ATTENTION, CHANNEL_FAILS, f"notify: {name}", message, key)


def _never_compared(workspace: Workspace) -> Concern:
    name = workspace.name
    message = "it was never compared with its pages, and no job is scheduled; `wikibot plan` compares it now"
    return Concern(HealthLevel.ATTENTION, "never compared", f"workspace {name}", message, f"unknown:{name}", name)


def _kind_of(change: Change) -> str:
    if change.note.startswith(EDIT_WAR):
        return "edit war"
    if change.note.startswith(HELD_BY_DEAD_LINK):
        return "dead link"
    if change.live is None:
        return "missing"
    return "held" if change.verdict is Verdict.BEHIND and change.action is Action.NONE else change.verdict.value


def _workspace(workspace: Workspace) -> WorkspaceHealth:
    check = find_last_check(workspace)
    if check is None:
        return WorkspaceHealth(workspace.name, None, {}, _stop_of(workspace))
    counts = Counter(change.verdict.value for page in check.plan.pages for change in page.changes)
    total = sum(scope.regions for scope in check.plan.scopes)
    counts[Verdict.IN_SYNC.value] = total - sum(
        number for verdict, number in counts.items() if verdict != Verdict.IN_SYNC.value
    )
    return WorkspaceHealth(workspace.name, check.at, dict(counts), _stop_of(workspace))


def _stop_of(workspace: Workspace) -> str | None:
    try:
        order = workspace.folders.stop_orders.find(workspace.name)
    except StoppedError as error:
        return str(error)
    return None if order is None else str(order)


def _archive(folders: Folders, history: RunHistory) -> ArchiveHealth:
    try:
        head = load_head(folders.snapshots)
    except (SnapshotError, OSError):
        head = None  # `verify` reports it; this is no check of the snapshots
    last = history.last_run_of_kind("snapshot")
    counts = dict(last.counts) if last is not None else {}
    return ArchiveHealth(head.sequence if head else 0, head.time if head else None, counts)


def _digest(message: str) -> str:
    """Return a digest of a message without its numbers, which can change while the matter stays."""
    return hashlib.sha256(_NUMBERS.sub("", message).encode()).hexdigest()[:10]
