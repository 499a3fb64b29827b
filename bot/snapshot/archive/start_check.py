"""Decide whether a run may start, from what is on disk and what the bot remembers. Nothing is written."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from bot.errors import EvidenceError
from bot.snapshot.archive.continuity import Consent, Situation, admit, find_heads
from bot.snapshot.archive.evidence_state import EvidenceMemory, EvidenceState
from bot.snapshot.archive.head_check import check_before_writing, refuse_first_format
from bot.snapshot.archive.journal import check_pending
from bot.snapshot.archive.library import Library, load_chain, load_library
from bot.snapshot.archive.plausibility import check_plausible
from bot.snapshot.archive.signature import Signer

_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def check_start(
    state: EvidenceState,
    *,
    origin: str | None,
    now: datetime,
    signer: Signer | None,
    allowed_signers: str | None,
    check_all: Callable[[], None],
) -> Library | None:
    """Raise what `bot.snapshot.archive.writer.open_writer` would raise now; return what the run would continue.

    None: a run was interrupted, and the next one completes it first; what is on disk now is not checked. If *origin* is
    None, the address of the wiki is not compared.
    """
    if state.recalled is not None:
        try:
            if check_pending(state) is not None:
                return None
        except EvidenceError:
            if not is_overtaken(state):
                raise
            check_all = _check_nothing  # the run deletes what the interrupted run left, and checks afterwards
    situation = read_situation(state.root, state.prospect, signer, None, allowed_signers)
    is_new_line = admit(situation)
    library = load_continued(state.root, allowed_signers, origin=origin, now=now)
    if is_new_line:
        check_all()
    return library


def read_situation(
    root: Path, memory: EvidenceMemory, signer: Signer | None, consent: Consent | None, allowed_signers: str | None
) -> Situation:
    """Read the heads on disk; raises `EvidenceError` if a head is changed or missing.

    Raises `SnapshotError` for format 1.
    """
    try:
        chain = load_chain(root)
        refuse_first_format(root, chain.head)
        heads = find_heads(chain)
    except EvidenceError:
        check_before_writing(root, allowed_signers)  # names the first of all changes
        raise
    return Situation(root, heads, memory, signer.fingerprint() if signer else None, consent)


def load_continued(root: Path, allowed_signers: str | None, *, origin: str | None, now: datetime) -> Library:
    """Load the snapshots; raises `EvidenceError` if someone changed them, or if a run of now cannot follow them."""
    check_before_writing(root, allowed_signers)
    library = load_library(root, is_checked=True)
    if library.head is not None:
        check_plausible(root, library.head, origin=one_line(origin or library.head.origin), now=now)
    return library


def is_overtaken(state: EvidenceState) -> bool:
    """Return whether another bot has written runs after the newest that this bot remembers."""
    remembered = state.memory.head
    heads = [head.sha256 for head in find_heads(load_chain(state.root))]
    return remembered is not None and remembered.sha256 in heads[1:]


def one_line(text: str) -> str:
    """Return an origin as printable ASCII without spaces."""
    return quote("".join(text.split()), safe=_PRINTABLE)


def _check_nothing() -> None:
    pass
