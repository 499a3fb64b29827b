"""Capture archived pages, and check what was captured."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from loguru import logger

from bot.config.policy import HistoryMode, WorkspaceSettings
from bot.errors import SettingsError, SnapshotError
from bot.runtime import Runtime
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, Checkpoint, load_head
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.journal import has_pending, recover
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.witnesses import Publisher, publish, to_webhook, to_wiki_page
from bot.snapshot.archive.writer import open_writer, writer_lock
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.snapshot.capture.rebuild import rebuild
from bot.snapshot.capture.run import CaptureOptions, SpaceRequest, capture
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.snapshot.verify.verification import Verification, verify

_WAIT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class CaptureChoices:
    """What a person may choose for one run; *history* None is what the settings say."""

    everything: bool = False
    history: HistoryMode | None = None
    accepts_many_gone: bool = False


def take_snapshot(
    runtime: Runtime,
    choices: CaptureChoices = CaptureChoices(),
    *,
    on_page: Callable[[str, int], None] = lambda _title, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> CaptureOutcome:
    """Capture the archived pages of every chosen workspace as one run.

    *on_page* hears each page's title and the number of pages in all. Raises `LockedError`, `EvidenceError` when the
    snapshots were changed by someone else, `WikiError` when a listing failed; then nothing was written.
    """
    settings = runtime.settings.snapshots
    gateway = runtime.gateway()
    requests = [_request(runtime, workspace, everything=choices.everything) for workspace in runtime.workspaces]
    with (
        _converter(settings.workers) as executor,
        open_writer(
            runtime.snapshots_dir,
            origin=gateway.base_url,
            software=software(),
            clock=runtime.clock,
            signer=signer(runtime),
            allowed_signers=allowed_signers(runtime),
        ) as writer,
    ):
        history = choices.history or settings.history
        options = CaptureOptions(executor, history, choices.accepts_many_gone, on_page=on_page, should_stop=should_stop)
        outcome = capture(gateway, writer, requests, options)
        _log(outcome)
        if settings.git:
            GitRepository(runtime.snapshots_dir, writer.signer).commit(_commit_message(outcome))
    publish(runtime.snapshots_dir, _publishers(runtime))
    return outcome


def rebuild_renditions(
    runtime: Runtime, *, on_page: Callable[[str, int], None] = lambda _title, _total: None
) -> Checkpoint | None:
    """Render every captured page anew from what is held; None where nothing comes out otherwise."""
    root = runtime.snapshots_dir
    head = load_head(root)
    if head is None:
        raise SnapshotError(f"there are no snapshots in {root}; `wikibot snapshot` makes the first")
    with (
        _converter(runtime.settings.snapshots.workers) as executor,
        open_writer(
            root,
            origin=head.origin,
            software=software(),
            clock=runtime.clock,
            signer=signer(runtime),
            allowed_signers=allowed_signers(runtime),
        ) as writer,
    ):
        checkpoint = rebuild(writer, executor, on_page=on_page)
        if checkpoint and runtime.settings.snapshots.git:
            GitRepository(root, writer.signer).commit(f"Run {checkpoint.sequence}: render pages anew")
    return checkpoint


def verify_snapshots(
    runtime: Runtime | None,
    path: Path | None = None,
    *,
    witness: str | None = None,
    signers: Path | None = None,
    rotate: bool = False,
) -> Verification:
    """Check the snapshots under *path*, by default the configured ones; *rotate* hashes today's seventh.

    An interrupted run of our own is completed first; a *path* that was named is only read.
    """
    if path is None and runtime is None:
        raise SettingsError("names no snapshots to verify; give their folder")
    root = path or (runtime.snapshots_dir if runtime else Path())
    text = _read_signers(signers) if signers else (allowed_signers(runtime) if runtime and path is None else None)
    portion = _today(runtime) if rotate else None
    if path is None:
        complete_interrupted(root)
    checked = verify(root, witness=witness, allowed_signers=text, portion=portion)
    if path is None and not checked.is_clean and _was_written_to(root, checked):
        with writer_lock(root, Disk(), wait_seconds=_WAIT_SECONDS):
            checked = verify(root, witness=witness, allowed_signers=text, portion=portion)
    return checked


def complete_interrupted(root: Path) -> None:
    """Carry a committed run that a crash interrupted to its end; waits for a run that is under way."""
    if not has_pending(root):
        return
    disk = Disk()
    with writer_lock(root, disk, wait_seconds=_WAIT_SECONDS):
        if recover(root, disk):
            logger.info("completed the interrupted capture in {}", root)


def _was_written_to(root: Path, checked: Verification) -> bool:
    """Tell whether a run ended, or came to apply its files, while the check was under way."""
    head = root / HEAD
    digest = sha256(head.read_bytes()) if head.is_file() else None
    return has_pending(root) or digest != checked.head_digest


def signer(runtime: Runtime) -> Signer | None:
    """Return what signs the head; None where no key is configured."""
    key = runtime.settings.snapshots.signing_key
    if key is None:
        return None
    path = runtime.settings.resolve(key)
    if not path.is_file():
        raise SettingsError(
            f"snapshots.signing_key: {path} does not exist; make it with `ssh-keygen -t ed25519 -N '' -f {path}`",
            path=runtime.settings.config_path,
        )
    return Signer(path)


def allowed_signers(runtime: Runtime) -> str | None:
    """Return whose signatures count: the configured file, else the signing key's own, else None."""
    configured = runtime.settings.snapshots.allowed_signers
    if configured:
        return _read_signers(runtime.settings.resolve(configured))
    own = signer(runtime)
    return own.allowed_signers() if own else None


def software() -> str:
    """Return what the evidence names as its writer."""
    return f"wikibot {version('wikibot')}"


def _read_signers(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SnapshotError(f"the allowed signers in {path} cannot be read: {error.strerror}") from error


def _request(runtime: Runtime, workspace: WorkspaceSettings, *, everything: bool) -> SpaceRequest:
    space_key = runtime.document(workspace).data.workspace.space
    return SpaceRequest(space_key, workspace.archived, everything)


@contextmanager
def _converter(workers: int) -> Iterator[Executor]:
    if workers == 1:
        yield SerialExecutor()
        return
    # Not forked: this process has threads, and a fork copies their locks but not the threads.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool


def _publishers(runtime: Runtime) -> dict[str, Publisher]:
    settings = runtime.settings.snapshots
    publishers: dict[str, Publisher] = {}
    if settings.publish_url:
        publishers[settings.publish_url] = to_webhook(settings.publish_url)
    if settings.publish_page:
        space_key = runtime.document(runtime.workspaces[0]).data.workspace.space
        gateway = runtime.gateway(may_write=True)
        publishers[f"{space_key}:{settings.publish_page}"] = to_wiki_page(gateway, space_key, settings.publish_page)
    return publishers


def _commit_message(outcome: CaptureOutcome) -> str:
    if outcome.checkpoint is None:
        return "Catch up with a run that was interrupted before its commit"
    changed = outcome.captured + outcome.gone
    return f"Run {outcome.checkpoint.sequence}: {changed} of {outcome.expected} page(s) changed"


def _today(runtime: Runtime | None) -> int:
    now = runtime.clock() if runtime else datetime.now(UTC)
    return now.toordinal()


def _log(outcome: CaptureOutcome) -> None:
    level = "WARNING" if outcome.has_shortfall else "INFO"
    logger.log(
        level,
        "captured {} of {} expected page(s), {} unchanged, {} gone, {} not complete",
        outcome.captured,
        outcome.expected,
        outcome.unchanged,
        outcome.gone,
        len(outcome.shortfalls),
    )
