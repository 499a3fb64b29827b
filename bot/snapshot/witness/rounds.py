"""The protocol of all witnesses: read back, compare with the own chain, write, read back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.errors import BotError, ContinuityError, EvidenceError, SnapshotError
from bot.snapshot.archive.evidence_state import EvidenceMemory, EvidenceState, RememberedHead, WitnessNote
from bot.snapshot.witness.own_chain import HeadMark, OwnChain, read_chain


@dataclass(frozen=True, slots=True)
class Showing:
    """What a witness shows: the newest head, and others that it also has."""

    newest: HeadMark | None = None
    others: tuple[HeadMark, ...] = ()

    @property
    def marks(self) -> tuple[HeadMark, ...]:
        """All heads."""
        return (*([self.newest] if self.newest else []), *self.others)


class Witness(Protocol):
    """One place that confirms heads."""

    @property
    def name(self) -> str:
        """The name for people; it contains no secret."""

    @property
    def place(self) -> str:
        """The key in the memory of the bot: another place has another one, also if the name stays."""

    @property
    def keeps_heads(self) -> bool:
        """Whether this place shows the newest head for ever; a time stamp is only made, and the next one covers it."""

    def read(self) -> Showing | None:
        """Return what the witness shows; None if it does not answer this question. Raises `BotError`."""

    def write(self, chain: OwnChain, shown: Showing | None) -> None:
        """Publish the head of *chain*; *shown* is what `read` returned. Raises `BotError`, then nothing was written."""


class WitnessState(StrEnum):
    """What is known about one witness after a run."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "not confirmed"
    """The head was sent, but the witness does not answer which head it has."""
    RESTORED = "restored"
    """The witness had lost a head that it had confirmed before; now it confirms the newest."""
    FAILED = "failed"
    REFUSED = "refused"
    """The witness shows a head that is not in the chain, or someone changed what it shows."""


@dataclass(frozen=True, slots=True)
class WitnessReport:
    """The result for one witness; *is_new* tells whether a head was written to it."""

    witness: str
    state: WitnessState
    sequence: int | None = None
    message: str = ""
    is_new: bool = False
    may_fail: bool = False
    digest: str = ""
    """SHA-256 of the head that the witness confirmed, if it was asked."""

    @property
    def is_fine(self) -> bool:
        """Whether the witness confirms the head."""
        return self.state is WitnessState.CONFIRMED

    @property
    def is_silent(self) -> bool:
        """Whether the witness shows no head, or does not answer which; it contradicts nothing."""
        return self.state is WitnessState.UNCONFIRMED

    @property
    def needs_attention(self) -> bool:
        """Whether a person has to do something."""
        return self.state in (WitnessState.REFUSED, WitnessState.RESTORED) or (
            self.state is WitnessState.FAILED and not self.may_fail
        )

    def __str__(self) -> str:
        """Return the result for people."""
        if self.message:
            return f"{self.witness}: {self.state}: {self.message}"
        if self.state is WitnessState.UNCONFIRMED:
            return f"{self.witness}: run {self.sequence} was sent, but not confirmed: it answers no GET with a head"
        return f"{self.witness}: run {self.sequence} {self.state}"


def inform(state: EvidenceState, witnesses: Sequence[Witness]) -> tuple[WitnessReport, ...]:
    """Publish the head to each witness; a witness that fails or refuses does not stop the others."""
    return tuple(_attempt(state, witness) for witness in witnesses)


def check_before_run(state: EvidenceState, witnesses: Sequence[Witness]) -> None:
    """Raise `ContinuityError` if a witness shows a head that the snapshots do not descend from.

    Such a head is remembered, so that a rollback that a person accepts gets a number above it. Witnesses that cannot be
    read are skipped: the run reports them at its end.
    """
    for witness in witnesses:
        try:
            shown = witness.read()
        except BotError:
            continue
        if shown is None or not shown.marks:
            continue
        chain = _require_chain(state.root, shown.marks, witness)
        chain.check_log(shown.marks, witness=witness.name)
        try:
            chain.check(shown.marks, witness=witness.name)
        except ContinuityError:
            newest = max(shown.marks, key=lambda mark: mark.sequence)
            _remember(state, witness, newest, is_confirmed=True)
            raise


def ask(root: Path, witnesses: Sequence[Witness], memory: EvidenceMemory | None) -> Iterator[WitnessReport]:
    """Compare what each witness shows with the chain of *root*, and with what it confirmed before; nothing is written.

    *memory* is what the bot remembers, if it ever made a run.
    """
    notes = memory.witnesses if memory else {}
    for witness in witnesses:
        try:
            shown = witness.read()
            _require_kept(witness, shown, notes.get(witness.place, WitnessNote()))
            if shown is None:
                yield WitnessReport(witness.name, WitnessState.UNCONFIRMED, message="it answers no GET with a head")
                continue
            if shown.newest is None:
                yield WitnessReport(witness.name, WitnessState.UNCONFIRMED, message="it shows no head")
                continue
            _require_chain(root, shown.marks, witness).check(shown.marks, witness=witness.name)
            newest = shown.newest
            yield WitnessReport(witness.name, WitnessState.CONFIRMED, newest.sequence, digest=newest.digest)
        except EvidenceError as error:
            yield WitnessReport(witness.name, WitnessState.REFUSED, message=str(error))
        except BotError as error:
            yield WitnessReport(witness.name, WitnessState.FAILED, message=str(error))


def _require_kept(witness: Witness, shown: Showing | None, note: WitnessNote) -> None:
    """Raise `EvidenceError` if a witness has lost a head that it confirmed, `SnapshotError` if it answers no more."""
    if shown is None:
        _require_answer(note)
        return
    lost = _find_lost(shown, note.read_back) if witness.keeps_heads else None
    if lost:
        raise EvidenceError(
            f"{witness.name} shows {shown.newest or 'no head'}, but it confirmed {lost} before; find out "
            "who removed it. `wikibot snapshot` publishes the newest head again"
        )


def _require_answer(note: WitnessNote) -> None:
    """Raise `SnapshotError` for a witness that does not answer which head it has, if it did before."""
    if note.read_back:
        raise SnapshotError(
            f"it confirmed run {note.read_back.sequence} before, and did not answer which head it has now"
        )


def _require_chain(root: Path, marks: Sequence[HeadMark], witness: Witness) -> OwnChain:
    chain = read_chain(root)
    if chain is None:
        raise ContinuityError(
            f"{witness.name} shows {marks[0]}, but there are no snapshots in {root}. Restore the folder from a copy; "
            "if a new history is meant to begin, name another place for this witness in snapshots.witnesses"
        )
    return chain


def _attempt(state: EvidenceState, witness: Witness) -> WitnessReport:
    try:
        return _tell(state, witness)
    except EvidenceError as error:
        return WitnessReport(witness.name, WitnessState.REFUSED, message=str(error))
    except BotError as error:
        message = f"{error}; the next run tries again"
        return WitnessReport(witness.name, WitnessState.FAILED, message=message, may_fail=not witness.keeps_heads)


def _tell(state: EvidenceState, witness: Witness) -> WitnessReport:
    shown = witness.read()
    chain = read_chain(state.root)  # read after the witness, so that a run of another bot meanwhile is no higher number
    if chain is None:
        raise SnapshotError(f"there are no snapshots in {state.root} yet")
    head, name = chain.head.mark, witness.name
    if shown is None:
        return _tell_unheard(state, witness, chain)
    chain.check(shown.marks, witness=name)
    lost = _find_lost(shown, _recall(state, witness).read_back) if witness.keeps_heads else None
    is_new = not _is_shown(shown, head)
    if is_new:
        witness.write(chain, shown)
        shown = witness.read()
        if not _is_shown(shown, head):
            _remember(state, witness, head, is_confirmed=False)
            raise SnapshotError(_read_back(head, shown))
    _remember(state, witness, head, is_confirmed=True)
    if lost:
        message = f"had lost {lost}, which it had confirmed; find out who removed it. It shows {head} now"
        return WitnessReport(name, WitnessState.RESTORED, head.sequence, message, is_new=True)
    return WitnessReport(name, WitnessState.CONFIRMED, head.sequence, is_new=is_new)


def _tell_unheard(state: EvidenceState, witness: Witness, chain: OwnChain) -> WitnessReport:
    """Publish to a witness that does not answer which head it has; the same head is sent only once.

    It is asked again after the write: before the first head, a witness may have no answer.
    """
    head, name = chain.head.mark, witness.name
    note = _recall(state, witness)
    is_new = note.told is None or note.told.sha256 != head.digest
    if is_new:
        witness.write(chain, None)
        shown = witness.read()
        is_confirmed = _is_shown(shown, head)
        _remember(state, witness, head, is_confirmed=is_confirmed)
        if shown is not None and not is_confirmed:
            raise SnapshotError(_read_back(head, shown))
        if is_confirmed:
            return WitnessReport(name, WitnessState.CONFIRMED, head.sequence, is_new=True)
    _require_answer(note)
    return WitnessReport(name, WitnessState.UNCONFIRMED, head.sequence, is_new=is_new)


def _is_shown(shown: Showing | None, head: HeadMark) -> bool:
    return shown is not None and shown.newest is not None and shown.newest.digest == head.digest


def _read_back(head: HeadMark, shown: Showing | None) -> str:
    return f"{head} was sent, but {shown.newest if shown and shown.newest else 'no head'} is read back"


def _find_lost(shown: Showing, confirmed: RememberedHead | None) -> HeadMark | None:
    newest = shown.newest.sequence if shown.newest else 0
    return HeadMark(confirmed.sequence, confirmed.sha256) if confirmed and newest < confirmed.sequence else None


def _recall(state: EvidenceState, witness: Witness) -> WitnessNote:
    return state.memory.witnesses.get(witness.place, WitnessNote())


def _remember(state: EvidenceState, witness: Witness, mark: HeadMark, *, is_confirmed: bool) -> None:
    head = RememberedHead(sequence=mark.sequence, sha256=mark.digest)
    state.note_witness(witness.place, told=head, read_back=head if is_confirmed else None)
