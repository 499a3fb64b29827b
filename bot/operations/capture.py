"""Capture archived pages, and render captured pages again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.audit_log import AuditLog
from bot.config.policy import HistoryMode, RestrictedPages
from bot.errors import ContinuityError, SettingsError, SnapshotError
from bot.files import read_text_file
from bot.log import logger
from bot.operations.converter_pool import open_converter
from bot.operations.mirror import mirror_snapshots, open_mirror
from bot.operations.progress_log import ProgressLog
from bot.operations.snapshot_run import open_run
from bot.operations.witnesses import inform_witnesses, make_witnesses
from bot.operations.workspace import Connect, Snapshots, Workspace
from bot.plural import counted
from bot.snapshot.archive.checkpoint import load_head
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.strays import find_strays
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.audience import Audience
from bot.snapshot.capture.bulk_consent import BulkConsent
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.snapshot.capture.rebuild import Rebuilt, rebuild
from bot.snapshot.capture.run import capture
from bot.snapshot.mirror.mirror_report import MirrorReport
from bot.snapshot.witness.rounds import check_before_run
from bot.sync.clock_difference import describe_difference
from bot.sync.page_memory import PageMemory
from bot.wiki.gateway import WikiGateway


@dataclass(frozen=True, slots=True)
class CaptureChoices:
    """The options of one run; if *history* is None, the settings apply."""

    everything: bool = False
    history: HistoryMode | None = None
    consent: BulkConsent = field(default_factory=BulkConsent)


def take_snapshot(
    connect: Connect,
    workspaces: Sequence[Workspace],
    snapshots: Snapshots,
    choices: CaptureChoices = CaptureChoices(),
    *,
    on_page: Callable[[str, int], None] = lambda _title, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> CaptureOutcome:
    """Capture the archived pages of all *workspaces* as one run; restricted pages as the policy says.

    *on_page* is called with the title of each page and the total number of pages. Raises `LockedError`, `EvidenceError`
    if the snapshots were changed by someone else, are older than what a witness shows, or if the clock of this machine
    is wrong, and `WikiError` if no space could be listed; then nothing was written.
    """

    def take(snapshots: Snapshots, audience: Audience) -> CaptureOutcome:
        log = ProgressLog()

        def count(title: str, total: int) -> None:
            log.step(total)
            on_page(title, total)

        return _take(connect, workspaces, snapshots, choices, audience, on_page=count, should_stop=should_stop)

    outcome = take(snapshots, Audience.OPEN if snapshots.policy.hides_restricted else Audience.ALL)
    if snapshots.policy.restricted is RestrictedPages.SEPARATE:
        outcome.separate = take(snapshots.separate, Audience.RESTRICTED)
    return outcome


def _take(
    connect: Connect,
    workspaces: Sequence[Workspace],
    snapshots: Snapshots,
    choices: CaptureChoices,
    audience: Audience,
    *,
    on_page: Callable[[str, int], None],
    should_stop: Callable[[], bool],
) -> CaptureOutcome:
    policy = snapshots.policy
    roster = read_roster(policy.roster) if policy.roster else ()
    gateway = connect()
    witnesses = make_witnesses(connect, workspaces, snapshots)
    store = open_mirror(snapshots)
    _check_clock(gateway, snapshots.clock())
    check_before_run(snapshots.state, witnesses)
    memories: list[PageMemory] = []
    requests = [_request(gateway, workspace, memories, everything=choices.everything) for workspace in workspaces]
    with open_converter(policy) as executor, open_run(snapshots, gateway.base_url) as writer:
        history = choices.history or policy.history
        options = CaptureOptions(
            executor,
            history,
            choices.consent,
            roster,
            audience,
            policy.parallel_requests,
            audit_head=AuditLog(snapshots.state_folder, snapshots.clock).head(),
            on_page=on_page,
            should_stop=should_stop,
        )
        strays = find_strays(writer.library)
        outcome = capture(gateway, writer, requests, options)
        outcome.strays = tuple(str(snapshots.root / path) for path in strays)
        for memory in memories:
            memory.save()
        _log(outcome)
        uncommitted = _commit(writer, outcome) if policy.git else None
    outcome.witnesses = inform_witnesses(snapshots, witnesses)
    outcome.mirror = mirror_snapshots(snapshots, store, should_stop=should_stop)
    if uncommitted is not None:
        raise uncommitted
    return outcome


def rebuild_renditions(
    snapshots: Snapshots, *, on_page: Callable[[str, int], None] = lambda _title, _total: None
) -> tuple[Rebuilt, MirrorReport | None]:
    """Render every captured page again from the snapshots, and write those that differ; then mirror the snapshots."""
    root, store = snapshots.root, open_mirror(snapshots)
    head = load_head(root)
    if head is None:
        raise SnapshotError(f"there are no snapshots in {root}; `wikibot snapshot` makes the first")
    with open_converter(snapshots.policy) as executor, open_run(snapshots, head.origin) as writer:
        rebuilt = rebuild(writer, executor, on_page=on_page)
        if rebuilt.checkpoint and snapshots.policy.git:
            GitRepository(writer.state, writer.signer).commit(f"Run {rebuilt.checkpoint.sequence}: render pages again")
    return rebuilt, mirror_snapshots(snapshots, store)


def read_roster(path: Path) -> tuple[str, ...]:
    """Return the page ids of an administrator's list: one per line; `#` begins a comment."""
    try:
        lines = read_text_file(path).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"snapshots.roster: {path} cannot be read: {error}") from error
    ids = [line.partition("#")[0].strip() for line in lines]
    for number, page_id in enumerate(ids, start=1):
        if page_id and not page_id.isdecimal():
            raise SettingsError(
                f"snapshots.roster: {path}:{number}: {page_id!r} is not a page id; write one id per line"
            )
    return tuple(dict.fromkeys(page_id for page_id in ids if page_id))


def _request(
    gateway: WikiGateway, workspace: Workspace, memories: list[PageMemory], *, everything: bool
) -> SpaceRequest:
    space_key = workspace.load_data_file().data.workspace.space
    memory = workspace.page_memory(gateway, space_key)
    memories.append(memory)
    return SpaceRequest(
        space_key,
        workspace.settings.archived,
        everything,
        places=workspace.archive_rules(),
        recall=memory.recall,
        remember=memory.remember,
    )


def _check_clock(gateway: WikiGateway, now: datetime) -> None:
    """Raise `ContinuityError` if the clock of this machine is wrong: the time of a run is a part of the evidence."""
    gateway.fetch_current_user()  # for the clock of the wiki, and to know that the account is accepted
    problem = describe_difference(now, gateway.wiki_time)
    if problem:
        raise ContinuityError(f"nothing was captured: {problem}")


def _commit(writer: SnapshotWriter, outcome: CaptureOutcome) -> SnapshotError | None:
    """Commit the run; a failure is returned, because it must not keep the head from the witnesses and the mirror."""
    try:
        GitRepository(writer.state, writer.signer).commit(_commit_message(outcome))
    except SnapshotError as error:
        return error
    return None


def _commit_message(outcome: CaptureOutcome) -> str:
    if outcome.checkpoint is None:
        return "Catch up with a run that was interrupted before its commit"
    changed = outcome.captured + outcome.gone
    return f"Run {outcome.checkpoint.sequence}: {changed} of {counted(outcome.expected, 'page')} changed"


def _log(outcome: CaptureOutcome) -> None:
    if outcome.left_out:
        logger.info("left out {}, because only some people may read them", counted(outcome.left_out, "page"))
    for trouble in outcome.restricted_later:
        logger.warning("page {}: {}", trouble.page_id, trouble.reason)
    level = "INFO" if outcome.verdict is RunVerdict.COMPLETE else "WARNING"
    logger.log(
        level,
        "{}: captured {} of {} expected, {} unchanged{}, {} gone, {} not complete",
        outcome.verdict,
        outcome.captured,
        counted(outcome.expected, "page"),
        outcome.unchanged,
        outcome.rest,
        outcome.gone,
        len(outcome.shortfalls),
    )
