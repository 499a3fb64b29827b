"""Decide whether the snapshots on disk continue what the bot remembers, before anything is written.

Some refusals can be overridden by a person, with a command of `wikibot evidence`; a scheduled run never overrides.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.errors import ContinuityError
from bot.snapshot.archive.evidence_state import EvidenceMemory, EvidenceState, RememberedHead
from bot.snapshot.archive.library import Library, load_library


class Override(StrEnum):
    """What a person can accept; each is a command of `wikibot evidence`."""

    TRUST = "trust"
    NEW_LOG = "new-log"
    ACCEPT_ROLLBACK = "accept-rollback"
    START_SIGNING = "start-signing"


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person accepts; *head* is the digest that the person typed, if the command needs one.

    *published* are heads that witnesses show: the state may have been rolled back together with the snapshots.
    """

    override: Override
    head: str = ""
    published: tuple[RememberedHead, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundHead:
    """A head in the snapshots folder; *key* signed it, *next_key* may sign the next one."""

    sequence: int
    sha256: str
    key: str | None
    next_key: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is on disk (*heads*, the newest first), what is remembered, and with which *key* the run signs."""

    root: Path
    heads: tuple[FoundHead, ...]
    memory: EvidenceMemory
    key: str | None
    consent: Consent | None = None

    def accepts(self, override: Override) -> bool:
        """Return whether a person gave this override; raises `ContinuityError` if it names another head."""
        if self.consent is None or self.consent.override is not override:
            return False
        wanted = self.consent.head.strip().lower().removeprefix("sha256:")
        if wanted and wanted != self.heads[0].sha256:
            raise ContinuityError(
                f"the newest head in {self.root} is {_describe(self.heads[0])}, not {wanted}; nothing was written"
            )
        return True


def find_heads(library: Library) -> tuple[FoundHead, ...]:
    """Return all heads of the snapshots, the newest first."""
    return tuple(FoundHead(head.sequence, digest, head.key, head.next_key) for head, digest in library.iter_heads())


def as_remembered(heads: tuple[FoundHead, ...]) -> tuple[RememberedHead, ...]:
    """Return *heads* as the state remembers them, the oldest first."""
    return tuple(RememberedHead(sequence=head.sequence, sha256=head.sha256) for head in reversed(heads))


def admit(situation: Situation) -> bool:
    """Return whether the snapshots must be checked in full before this run; raises `ContinuityError` to refuse it."""
    if not situation.heads:
        _admit_empty(situation)
        return False
    is_new_line = _admit_line(situation)
    return _admit_key(situation) or is_new_line


def load_remembered(state: EvidenceState) -> Library:
    """Load the snapshots for reading; raises `ContinuityError` if they do not descend from the remembered head."""
    library = load_library(state.root)
    remembered = state.memory.head
    if remembered is None:
        return library
    if library.head is None:
        raise ContinuityError(f"{_describe_loss(state.root, remembered)}. Restore the folder from a copy")
    heads = find_heads(library)
    if remembered.sha256 not in {head.sha256 for head in heads}:
        raise ContinuityError(
            f"the newest head in {state.root} is {_describe(heads[0])}, which does not descend from run "
            f"{remembered.sequence} (head {remembered.sha256}), which this bot remembers; nothing in the folder is "
            "shown. Restore the newest copy; `wikibot snapshot` says what else can be done"
        )
    return library


def find_lost(situation: Situation) -> RememberedHead | None:
    """Return the newest head that is remembered, or known to a witness, and is above the newest head on disk.

    A head that was given up before is of another log, or a newer head of this one is remembered.
    """
    memory, newest = situation.memory, situation.heads[0].sequence
    published = situation.consent.published if situation.consent else ()
    given_up = {head.sha256 for head in memory.given_up}
    known = (*memory.heads, *memory.published, *published)
    above = [head for head in known if head.sequence > newest and head.sha256 not in given_up]
    return max(above, key=lambda head: head.sequence, default=None)


def _admit_empty(situation: Situation) -> None:
    root, memory = situation.root, situation.memory
    consent = situation.consent.override if situation.consent else None
    if memory.head is None and not memory.given_up and consent is None:
        return
    if memory.head is None and memory.given_up and consent is Override.NEW_LOG:
        return
    if memory.head is not None:
        raise ContinuityError(
            f"{_describe_loss(root, memory.head)}; nothing was written. Restore the folder from a copy, or give up "
            "what was there: `wikibot evidence new-log --reason TEXT`"
        )
    if memory.given_up:
        raise ContinuityError(
            f"the log of {root} was given up, but the first run of the new log was not written; nothing was written. "
            "Run `wikibot evidence new-log --reason TEXT` again"
        )
    raise ContinuityError(f"there are no snapshots in {root}; nothing was written")


def _admit_line(situation: Situation) -> bool:
    """Return whether the head on disk is another one than the remembered."""
    found, memory, root = situation.heads[0], situation.memory, situation.root
    if memory.head is None:
        if situation.accepts(Override.TRUST):
            return True
        raise ContinuityError(
            f"this bot has no memory of the snapshots in {root}, whose newest head is {_describe(found)}; nothing was "
            "written. Compare the digest with one that was published elsewhere, then run "
            f"`wikibot evidence trust --head {found.sha256}`"
        )
    if memory.head.sha256 == found.sha256:
        return _admit_same(situation)
    if memory.head.sha256 in {head.sha256 for head in situation.heads}:
        return _admit_descendant(situation)
    if found.sha256 in {head.sha256 for head in memory.heads}:
        if situation.accepts(Override.ACCEPT_ROLLBACK):
            return True
        raise ContinuityError(
            f"the snapshots in {root} were rolled back: the newest head is {_describe(found)}, but this bot remembers "
            f"run {memory.head.sequence} (head {memory.head.sha256}); nothing was written. Restore a newer copy, or "
            f"give up the later runs: `wikibot evidence accept-rollback --head {found.sha256} --reason TEXT`"
        )
    raise ContinuityError(
        f"the snapshots in {root} are another line: their newest head is {_describe(found)}, which does not descend "
        f"from run {memory.head.sequence} (head {memory.head.sha256}), which this bot remembers; nothing was written. "
        "Restore the folder from a copy, or give up what is there: `wikibot evidence new-log --reason TEXT`"
    )


def _admit_same(situation: Situation) -> bool:
    """Admit the remembered head; a rollback is accepted if a witness knows a newer one."""
    if situation.accepts(Override.TRUST):
        raise ContinuityError(f"this bot already remembers {_describe(situation.heads[0])}; nothing was written")
    if situation.accepts(Override.ACCEPT_ROLLBACK):
        if find_lost(situation) is None:
            raise ContinuityError(
                f"the snapshots in {situation.root} were not rolled back; nothing was written. A witness that shows "
                "runs of a log that was given up needs another place in snapshots.witnesses"
            )
        return True
    return False


def _admit_descendant(situation: Situation) -> bool:
    found = situation.heads[0]
    if situation.accepts(Override.TRUST) or _is_signed_on(situation):
        return True
    raise ContinuityError(
        f"another program wrote {_describe(found)} to {situation.root}, and no key that this bot knows signed it; "
        f"nothing was written. Find out who wrote it; `wikibot evidence trust --head {found.sha256}` accepts it"
    )


def _is_signed_on(situation: Situation) -> bool:
    """Return whether all heads after the remembered one are signed by the same or an announced key."""
    memory = situation.memory
    if not memory.has_signed or memory.head is None:
        return False
    keys = {memory.key, memory.next_key} - {None}
    digests = [head.sha256 for head in situation.heads]
    for head in reversed(situation.heads[: digests.index(memory.head.sha256)]):
        if head.key not in keys:
            return False
        keys = {head.key, head.next_key} - {None}
    return True


def _admit_key(situation: Situation) -> bool:
    """Return whether signing begins with this run."""
    found, memory, key = situation.heads[0], situation.memory, situation.key
    has_signed = memory.has_signed or any(head.key for head in situation.heads)
    if key is None:
        if has_signed:
            raise ContinuityError(
                f"the runs in {situation.root} are signed, so each later run must be; nothing was written. Set "
                f"snapshots.signing_key to the key {memory.key or found.key}"
            )
        return False
    if not has_signed:
        if situation.accepts(Override.START_SIGNING) or situation.accepts(Override.TRUST):
            return True
        raise ContinuityError(
            f"the snapshots in {situation.root} were never signed, and a signature would cover what an unknown person "
            "may have written; nothing was written. To check everything and begin to sign, run "
            "`wikibot evidence start-signing`"
        )
    if situation.accepts(Override.START_SIGNING):
        raise ContinuityError(f"the runs in {situation.root} are signed already; nothing was written")
    if found.key is None:
        raise ContinuityError(
            f"{_describe(found)} in {situation.root} is not signed, but earlier runs are; nothing was written. Restore "
            "the folder from a copy"
        )
    if key not in {found.key, found.next_key, memory.next_key}:
        raise ContinuityError(
            f"{_describe(found)} in {situation.root} was signed by {found.key}, and snapshots.signing_key is the key "
            f"{key}; nothing was written. Set the earlier key, then announce the new one: "
            "`wikibot evidence rotate-key --to NEW_KEY`"
        )
    return False


def _describe_loss(root: Path, head: RememberedHead) -> str:
    return f"{root} contains no snapshots, but this bot wrote run {head.sequence} there (head {head.sha256})"


def _describe(head: FoundHead) -> str:
    return f"run {head.sequence} (head {head.sha256})"
