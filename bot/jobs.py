"""The jobs of the daemon, by name.

Each job returns counts and what waits for a person, and raises an error if it did not complete its work.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.config.news_selection import next_due
from bot.current_run import RunPage, current_run
from bot.errors import BotError, EvidenceError, SnapshotError, StoppedError, WikiError
from bot.escape import visible_in_line
from bot.history import REQUESTS_FOR, JobResult
from bot.log import logger
from bot.notify.concern import NOT_IN_FULL
from bot.operations import capture, data_exchange, full_check, snapshot_check, sync
from bot.operations.unattended_merge import PageMerge
from bot.plural import counted
from bot.runtime import Runtime
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.sync.apply import ApplyReport, PageReport, Result
from bot.sync.plan import Plan

_NAMED_IN_ERROR = 3


Job = Callable[[Callable[[], bool]], JobResult]
"""A job: receives a function that returns whether to stop."""


def make_jobs(runtime: Runtime) -> dict[str, Job]:
    """Return the jobs for `jobs` in the settings; each notes for its record how many requests it sent."""
    jobs: dict[str, Job] = {
        "sync": lambda _should_stop: _sync(runtime),
        "snapshot": lambda should_stop: _snapshot(runtime, should_stop),
        "verify": lambda _should_stop: _verify(runtime),
        "review": lambda _should_stop: _review(runtime),
    }
    return {name: partial(_counting_requests, runtime, job) for name, job in jobs.items()}


def _counting_requests(runtime: Runtime, job: Job, should_stop: Callable[[], bool]) -> JobResult:
    before = runtime.requests
    try:
        return job(should_stop)
    finally:
        asked = runtime.requests - before
        kinds = {f"{REQUESTS_FOR}{kind}": number for kind, number in sorted(asked.items())}
        current_run().add_counts({"requests": asked.total(), **kinds})


def next_news_moment(runtime: Runtime, after: datetime) -> datetime | None:
    """Return the first time after *after* at which a news item, a line of a banner or a link appears or expires."""
    moments = (next_due(workspace.load_data_file().data, after) for workspace in runtime.workspaces)
    return min((moment for moment in moments if moment is not None), default=None)


def _sync(runtime: Runtime) -> JobResult:
    remarks = _exchange(runtime)
    outcome = sync.sync(
        runtime.gateway,
        runtime.workspaces,
        runtime.settings.safety,
        folders=runtime.folders,
        now=runtime.clock(),
        locate_limit=runtime.settings.locate_limit,
        sleep=runtime.sleep,
        on_page=_note_page,
    )
    _note_rest(outcome)
    for notice in outcome.plan.notices:
        logger.warning("{}", notice)
    remarks += _exchange(runtime) if outcome.merges else ()
    result = judge_sync(outcome.plan, outcome.report, outcome.merges)
    return replace(result, attention=(*dict.fromkeys(remarks), *result.attention))


def _note_page(done: PageReport) -> None:
    reasons = (*done.reasons, *done.remarks)
    current_run().add_page(
        RunPage(done.id, done.title, done.result, done.workspace, done.version, done.regions, reasons)
    )


def _note_rest(outcome: sync.SyncOutcome) -> None:
    """Note the pages that were merged, and those that were not written, each with the reason."""
    run = current_run()
    for merge in outcome.merges:
        run.add_page(
            RunPage(merge.page_id, merge.title, "merged", merge.workspace, merge.version, merge.regions, merge.taken)
        )
    for page, change in outcome.plan.disputed:
        reasons = (change.note,) if change.note else ()
        run.add_page(
            RunPage(page.id, page.title, change.verdict, page.workspace, regions=(change.region,), reasons=reasons)
        )
    for problem in outcome.plan.problems:
        regions = (problem.region,) if problem.region else ()
        run.add_page(
            RunPage("", problem.page, "problem", problem.workspace, regions=regions, reasons=(problem.message,))
        )


def _exchange(runtime: Runtime) -> tuple[str, ...]:
    """Take the newest data files of the git remote, and push own commits; returns what needs a person.

    A remote that does not answer stops no run: the wiki gets what is here.
    """
    remote = runtime.data_remote
    if remote is None:
        return ()
    try:
        said = data_exchange.exchange(remote)
    except BotError as error:
        return (str(error),)
    return () if said is None else (said,)


def judge_sync(plan: Plan, report: ApplyReport, merges: Sequence[PageMerge] = ()) -> JobResult:
    """Return what became of a plan, for the record of a run; raises an error if a page failed or was not tried."""
    counts = {result.value: report.count(result) for result in Result if report.count(result)}
    if merges:
        counts["merged"] = sum(len(merge.regions) for merge in merges)
    if plan.disputed:
        counts["disputed"] = len(plan.disputed)
    if report.stopped:
        raise StoppedError("; ".join(report.stopped))
    failed = [f"{page.title}: {'; '.join(page.reasons)}" for page in report.pages if page.result is Result.FAILED]
    failed += [f"{problem.page}: {problem.message}" for problem in plan.problems]
    failed += [*report.refused, *report.halted]
    failed += [f"{title}: not tried" for title in report.not_tried]
    if failed:
        raise WikiError(_listed("page", "not synchronised", failed))
    return JobResult(counts, tuple(_find_attention(plan, report)), tuple(map(str, merges)))


def judge_check(plan: Plan) -> JobResult:
    """Return what a comparison found, for the record of a run."""
    counts = {"regions": plan.managed_regions, "to write": sum(len(page.writes) for page in plan.pages)}
    disputed = tuple(f"{page.title}: {change.region}: {change.note}" for page, change in plan.disputed)
    problems = tuple(f"{problem.page}: {problem.message}" for problem in plan.problems)
    return JobResult(counts, (*problems, *disputed, *plan.attention))


def _find_attention(plan: Plan, report: ApplyReport) -> Iterator[str]:
    """Yield what waits for a person: page, region and reason."""
    yield from plan.attention
    for page, change in plan.disputed:
        people = ", ".join(dict.fromkeys(edit.author for edit in change.edits))
        by = f" by {people}" if people else ""
        yield f"{page.title}: region {change.region!r}: {change.verdict}{by}: {change.note}"
    for done in report.pages:
        if done.reasons:
            yield f"{done.title}: {done.result}: {'; '.join(done.reasons)}"
    if report.postponed:
        yield f"{counted(len(report.postponed), 'page')} left for the next run (safety.max_writes)"


def _snapshot(runtime: Runtime, should_stop: Callable[[], bool]) -> JobResult:
    outcome = capture.take_snapshot(runtime.gateway, runtime.workspaces, runtime.snapshots, should_stop=should_stop)
    _note_troubles(outcome)
    if outcome.has_shortfall:
        raise SnapshotError(_listed("page", NOT_IN_FULL, list(map(_describe, outcome.shortfalls))))
    counts = {"expected": outcome.expected, "captured": outcome.captured, "unchanged": outcome.unchanged}
    more = {"redacted": len(outcome.skipped), "gone": outcome.gone, "left out": outcome.left_out}
    counts |= {name: number for name, number in more.items() if number}
    if not outcome.reads_everything:
        counts["restrictions read"] = outcome.restrictions_read
    attention = [f"{outcome.verdict}: {_describe(doubt)}" for doubt in outcome.doubts]
    strays = [
        f"{visible_in_line(path)}: no list names this entry of the snapshots folder" for path in outcome.all_strays
    ]
    notes = (f"checkpoint {outcome.checkpoint.sequence}",) if outcome.checkpoint is not None else ()
    return JobResult(counts, (*attention, *map(str, outcome.alarms), *strays), notes)


def _note_troubles(outcome: CaptureOutcome) -> None:
    """Note the pages that are not in the capture as they should be; the capture notes those that it takes."""
    run = current_run()
    for result, troubles in (("not in full", outcome.shortfalls), ("in doubt", outcome.doubts)):
        for trouble in troubles:
            run.add_page(RunPage(trouble.page_id, trouble.title, result, reasons=(trouble.reason,)))


def _verify(runtime: Runtime) -> JobResult:
    snapshots = runtime.snapshots
    said = None
    if full_check.has_askable(snapshots):
        said = full_check.ask_witnesses(runtime.gateway, runtime.workspaces, snapshots, snapshots.root)
    further = full_check.FurtherChecks(full_check.find_tsa_ca(snapshots), said)
    basic = snapshot_check.verify_snapshots(snapshots, witnesses=further.confirmed, rotate=True)
    checked = full_check.extend(basic, further, now=runtime.clock())
    if not checked.basic.is_clean:
        raise EvidenceError(_listed("finding", "in the snapshots", list(map(str, checked.basic.findings))))
    return JobResult({"bags": checked.basic.bags, "files": checked.basic.hashed_files}, checked.open_questions)


def _review(runtime: Runtime) -> JobResult:
    from bot.operations.review import find_due, send_review  # imports the services that messages go to

    policy = runtime.settings.notify
    due = find_due(runtime.gateway, runtime.workspaces, timedelta(days=policy.review_days), runtime.clock())
    failures = send_review(policy, due, runtime.desk_address)
    return JobResult({"to review": len(due)}, tuple(f"not sent to {failure}" for failure in failures))


def _describe(trouble: Trouble) -> str:
    return f"{trouble.title}: {trouble.reason}"


def _listed(noun: str, what: str, items: list[str]) -> str:
    """Return the number of items and the first few items."""
    named = "; ".join(items[:_NAMED_IN_ERROR])
    rest = len(items) - _NAMED_IN_ERROR
    return f"{counted(len(items), noun)} {what}: {named}" + (f"; and {rest} more" if rest > 0 else "")
