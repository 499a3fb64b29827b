"""Capture archived pages, and verify the snapshots."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from bot.audit_log import AuditLog
from bot.config.policy import HistoryMode, RestrictedPages
from bot.errors import ContinuityError, EvidenceError, SettingsError, SnapshotError
from bot.file_trust import raise_if_readable_by_all
from bot.log import logger
from bot.operations.converter_pool import open_converter
from bot.operations.mirror import mirror_snapshots, open_mirror
from bot.operations.progress_log import ProgressLog
from bot.operations.witnesses import inform_witnesses, make_witnesses
from bot.operations.workspace import Connect, Snapshots, Workspace
from bot.plural import counted
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import load_head, read_head
from bot.snapshot.archive.continuity import Consent
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.folder import Folder, is_being_written
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.start_check import check_start
from bot.snapshot.archive.strays import find_strays
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import SnapshotWriter, open_writer, writer_lock
from bot.snapshot.capture.audience import Audience
from bot.snapshot.capture.bulk_consent import BulkConsent
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.snapshot.capture.rebuild import Rebuilt, rebuild
from bot.snapshot.capture.run import capture
from bot.snapshot.mirror.mirror_report import MirrorReport
from bot.snapshot.verify.verification import Verification, verify
from bot.snapshot.witness.rounds import check_before_run
from bot.sync.clock_difference import describe_difference
from bot.sync.page_memory import PageMemory
from bot.wiki.gateway import WikiGateway

_WAIT_SECONDS = 600


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
        if policy.git:
            GitRepository(writer.state, writer.signer).commit(_commit_message(outcome))
    outcome.witnesses = inform_witnesses(snapshots, witnesses)
    outcome.mirror = mirror_snapshots(snapshots, store, should_stop=should_stop)
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


def verify_snapshots(
    snapshots: Snapshots, *, witnesses: Sequence[str] = (), signers: Path | None = None, rotate: bool = False
) -> Verification:
    """Verify the bot's own snapshots; *rotate* hashes the seventh of the day. Read-only."""
    root, state = snapshots.root, snapshots.state
    text = read_signers(signers) if signers else find_allowed_signers(snapshots)
    now = snapshots.clock()
    portion = now.toordinal() if rotate else None

    def check() -> Verification:
        head = state.memory.head
        remembered = head.sha256 if head else None
        return verify(root, witnesses=witnesses, allowed_signers=text, portion=portion, now=now, remembered=remembered)

    checked = check()
    if not checked.is_clean and _was_written_to(state, checked):
        with writer_lock(state, wait_seconds=_WAIT_SECONDS):
            checked = check()
    return checked


def verify_copy(
    path: Path, *, now: datetime, witnesses: Sequence[str] = (), signers: Path | None = None, rotate: bool = False
) -> Verification:
    """Verify a folder of snapshots without settings, for example from another installation; read-only."""
    text = read_signers(signers) if signers else None
    portion = now.toordinal() if rotate else None
    return verify(path, witnesses=witnesses, allowed_signers=text, portion=portion, now=now)


def _was_written_to(state: EvidenceState, checked: Verification) -> bool:
    """Return whether a run was committed, or put its files in place, during the check."""
    data = read_head(Folder(state.root))
    return is_being_written(state.root) or (sha256(data) if data else None) != checked.head_digest


def find_signer(snapshots: Snapshots) -> Signer | None:
    """Return the signer of the head, None if no key is configured; raises `SettingsError` if the key is missing."""
    key = snapshots.policy.key
    if key is None:
        return None
    if not key.is_file():
        raise SettingsError(
            f"snapshots.signing_key: {key} does not exist; make it with `ssh-keygen -t ed25519 -N '' -f {key}`"
        )
    raise_if_readable_by_all(key, SettingsError)
    return Signer(key)


def get_signer(snapshots: Snapshots) -> Signer | None:
    """Return the signer for a run; raises `SettingsError` unless a key, or `none`, is written in the settings.

    The allowed signers must name the key now: otherwise the run after this one would refuse its head.
    """
    if snapshots.policy.signing_key is None:
        raise SettingsError(
            "snapshots.signing_key is not set; nothing was written. Make a key next to the settings file (`ssh-keygen "
            "-q -t ed25519 -N '' -f snapshots-key`) and set `signing_key: snapshots-key`, or write `signing_key: none` "
            "for snapshots that prove nothing"
        )
    signer = find_signer(snapshots)
    signers = snapshots.policy.allowed_signers
    if signer and signers and (flaw := signer.find_refusal(read_signers(signers), snapshots.clock())):
        raise SettingsError(
            f"snapshots.allowed_signers: {signers} does not accept snapshots.signing_key: a signature {flaw}. "
            f"Add this line, and keep the earlier lines: {signer.allowed_signers().strip()}"
        )
    return signer


def find_allowed_signers(snapshots: Snapshots) -> str | None:
    """Return the accepted signers: the configured file, else the signing key's own, else None."""
    if snapshots.policy.allowed_signers:
        return read_signers(snapshots.policy.allowed_signers)
    own = find_signer(snapshots)
    return own.allowed_signers() if own else None


def open_run(
    snapshots: Snapshots, origin: str, consent: Consent | None = None
) -> AbstractContextManager[SnapshotWriter]:
    """Start a run that writes to the snapshots; see `bot.snapshot.archive.writer.open_writer`."""
    allowed_signers = find_allowed_signers(snapshots)
    return open_writer(
        snapshots.state,
        origin=origin,
        software=software(),
        clock=snapshots.clock,
        signer=get_signer(snapshots),
        allowed_signers=allowed_signers,
        consent=consent,
        check_all=lambda: _check_all(snapshots, allowed_signers),
    )


def try_start(snapshots: Snapshots, origin: str | None) -> tuple[str, ...]:
    """Raise what would stop a run at its start, and return the entries that no list names; nothing is written.

    If *origin* is None, the address of the wiki is not compared.
    """
    signer, allowed_signers = get_signer(snapshots), find_allowed_signers(snapshots)
    if signer:
        signer.allowed_signers()  # raises if the key has a passphrase
    library = check_start(
        snapshots.state,
        origin=origin,
        now=snapshots.clock(),
        signer=signer,
        allowed_signers=allowed_signers,
        check_all=lambda: _check_all(snapshots, allowed_signers),
    )
    return tuple(find_strays(library)) if library else ()


def _check_all(snapshots: Snapshots, allowed_signers: str | None) -> None:
    """Verify the whole folder; raises `EvidenceError` for the first finding. A head without signature is no finding."""
    head = load_head(snapshots.root)
    checked = verify(snapshots.root, allowed_signers=allowed_signers if head and head.key else None)
    if not checked.is_clean:
        first = checked.findings[0]
        raise EvidenceError(
            f"the snapshots in {snapshots.root} are not accepted, because the check has findings: {first.path} "
            f"{first.message}; nothing was written. `wikibot verify` lists all findings"
        )


def software() -> str:
    """Return the name of the software as recorded in the evidence."""
    return f"wikibot {version('wikibot')}"


def read_signers(path: Path) -> str:
    """Return a file of allowed signers."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SnapshotError(f"the allowed signers in {path} cannot be read: {error.strerror}") from error


def read_roster(path: Path) -> tuple[str, ...]:
    """Return the page ids of an administrator's list: one per line; `#` begins a comment."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
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
        "{}: captured {} of {} expected, {} unchanged, {} gone, {} not complete",
        outcome.verdict,
        outcome.captured,
        counted(outcome.expected, "page"),
        outcome.unchanged,
        outcome.gone,
        len(outcome.shortfalls),
    )
