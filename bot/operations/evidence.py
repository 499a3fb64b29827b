"""What the bot refuses to decide about its snapshots: each decision of a person is a run with an event about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BotError, SettingsError, SnapshotError
from bot.log import logger
from bot.operations.snapshot_run import find_allowed_signers, open_run
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.checkpoint import Checkpoint, Lost, load_head, whole_digest
from bot.snapshot.archive.continuity import Consent, Override
from bot.snapshot.archive.events import Event, EventOutcome, EventType, check_free_texts
from bot.snapshot.archive.evidence_state import RememberedHead
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.holds import hold_again
from bot.snapshot.archive.paths import numbered
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.writer import SnapshotWriter, writer_lock
from bot.snapshot.witness.own_chain import read_chain
from bot.snapshot.witness.rounds import Witness


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, and why; both are recorded in the evidence."""

    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NewLog:
    """The first run of a new log; *moved_to* is where the old folder is now, None if there was none."""

    checkpoint: Checkpoint
    moved_to: Path | None


def trust(snapshots: Snapshots, head: str, decision: Decision) -> Checkpoint:
    """Go on with snapshots that this bot does not remember, if their newest head is *head* and all checks are clean."""
    with open_run(snapshots, _origin(snapshots), Consent(Override.TRUST, whole_digest(head))) as writer:
        events = [_event(EventType.TRUST, "the snapshots were accepted by a bot without memory of them", decision)]
        if writer.signer and writer.library.head and writer.library.head.key is None:
            events.append(_event(EventType.START_SIGNING, "signing begins", decision))
        return _finish(snapshots, writer, events, decision)


def accept_rollback(
    snapshots: Snapshots, head: str, decision: Decision, witnesses: Sequence[Witness] = ()
) -> Checkpoint:
    """Give up the runs after *head*, which is the newest head on disk, up to the newest that any witness shows."""
    _require_reason(decision)
    consent = Consent(Override.ACCEPT_ROLLBACK, whole_digest(head), tuple(_find_published(snapshots.root, witnesses)))
    with open_run(snapshots, _origin(snapshots), consent) as writer:
        found, given_up = writer.library.head, writer.admission.given_up
        if found is None or given_up is None:
            raise SnapshotError(f"the snapshots in {snapshots.root} were not rolled back; nothing was written")
        lost = Lost(found.sequence + 1, given_up.sequence, given_up.sha256)
        event = _event(EventType.ROLLBACK, "an older state was accepted", decision, lost_head=given_up.sha256)
        held = hold_again(writer.library, writer.state.memory.holds or ())
        return _finish(snapshots, writer, [event, *held], decision, lost=lost)


def start_signing(snapshots: Snapshots, decision: Decision) -> Checkpoint:
    """Check everything and sign from this run on."""
    if snapshots.policy.key is None:
        raise SettingsError("snapshots.signing_key names no key; set it to a private key, then begin to sign")
    with open_run(snapshots, _origin(snapshots), Consent(Override.START_SIGNING)) as writer:
        return _finish(snapshots, writer, [_event(EventType.START_SIGNING, "signing begins", decision)], decision)


def rotate_key(snapshots: Snapshots, new_key: Path, decision: Decision) -> tuple[Checkpoint, str]:
    """Announce *new_key*, signed with the present key; return the run and the fingerprint of the new key."""
    if not new_key.is_file():
        raise SettingsError(f"{new_key} does not exist; make it with `ssh-keygen -q -t ed25519 -N '' -f {new_key}`")
    fingerprint = Signer(new_key).fingerprint()
    _require_allowed(snapshots, Signer(new_key))
    with open_run(snapshots, _origin(snapshots)) as writer:
        if writer.signer is None:
            raise SnapshotError("the snapshots are not signed, so there is no key to rotate; nothing was written")
        if writer.signer.fingerprint() == fingerprint:
            raise SnapshotError(f"{new_key} is the present key; nothing was written")
        event = _event(EventType.KEY_ROTATION, "another key may sign the next run", decision, next_key=fingerprint)
        return _finish(snapshots, writer, [event], decision, next_key=fingerprint), fingerprint


def begin_new_log(snapshots: Snapshots, origin: str, decision: Decision) -> NewLog:
    """Give up the log that this bot remembers: move the folder aside, and write the first run of a new log."""
    _require_reason(decision)
    state = snapshots.state
    old = state.memory
    if not old.heads and not old.given_up:
        raise SnapshotError(f"this bot remembers no snapshots in {snapshots.root}; nothing was changed")
    moved_to = None
    if old.heads:
        with writer_lock(state):
            moved_to = _move_aside(snapshots.root)
            state.begin_log(moved_to)
    given_up = [head.sha256 for head in state.memory.given_up]
    with open_run(snapshots, origin, Consent(Override.NEW_LOG)) as writer:
        event = _event(EventType.NEW_LOG, "an earlier log was given up", decision, given_up=given_up)
        held = hold_again(writer.library, writer.state.memory.holds or ())
        return NewLog(_finish(snapshots, writer, [event, *held], decision), moved_to)


def _require_allowed(snapshots: Snapshots, new: Signer) -> None:
    """Raise `SettingsError` unless the allowed signers name the new key: the next run could not check the head."""
    line = new.allowed_signers()
    if snapshots.policy.allowed_signers is None or line.split()[-1] not in (find_allowed_signers(snapshots) or ""):
        raise SettingsError(
            f"the allowed signers do not name the new key; add this line to the file of snapshots.allowed_signers, and "
            f"keep the earlier lines: {line.strip()}"
        )


def _find_published(root: Path, witnesses: Sequence[Witness]) -> Iterator[RememberedHead]:
    """Yield the heads that witnesses show; raises `ContinuityError` if one shows another history.

    A witness that does not answer is reported by the next run.
    """
    chain = read_chain(root)
    for witness in witnesses:
        try:
            shown = witness.read()
        except BotError as error:
            logger.warning("{} was not asked which head it has: {}", witness.name, error)
            continue
        marks = shown.marks if shown else ()
        if chain is not None:
            chain.check_log(marks, witness=witness.name)
            chain.check([mark for mark in marks if mark.sequence <= chain.head.mark.sequence], witness=witness.name)
        for mark in marks:
            yield RememberedHead(sequence=mark.sequence, sha256=mark.digest)


def _move_aside(root: Path) -> Path | None:
    if not root.is_dir() or not any(root.iterdir()):
        return None
    target = root.with_name(numbered(f"{root.name}-given-up", lambda name: root.with_name(name).exists()))
    try:
        root.rename(target)
    except OSError as error:
        raise SnapshotError(
            f"{root} cannot be moved to {target}: {error.strerror}; move its content to another folder, and run the "
            "command again"
        ) from error
    return target


def _finish(
    snapshots: Snapshots,
    writer: SnapshotWriter,
    events: list[Event],
    decision: Decision,
    *,
    next_key: str | None = None,
    lost: Lost | None = None,
) -> Checkpoint:
    checkpoint = writer.finish(events, agents=(writer.software, decision.by), next_key=next_key, lost=lost)
    logger.warning("{} decided: {}; run {}", decision.by, events[0].detail, checkpoint.sequence)
    for event in events[1:]:
        if event.type is EventType.HOLD:
            pages = ", ".join(event.objects)
            logger.warning(
                "held again as {!r}, because the log does not have it any more: {}", event.facts["name"], pages
            )
    if snapshots.policy.git:
        GitRepository(writer.state, writer.signer).commit(f"Run {checkpoint.sequence}: {events[0].detail}")
    return checkpoint


def _event(kind: EventType, detail: str, decision: Decision, **facts: object) -> Event:
    stated = {**({"reason": decision.reason} if decision.reason else {}), **facts}
    return Event(kind, EventOutcome.SUCCESS, detail, (), stated)


def _require_reason(decision: Decision) -> None:
    check_free_texts("this decision", reason=decision.reason)


def _origin(snapshots: Snapshots) -> str:
    head = load_head(snapshots.root)
    return head.origin if head else ""
