"""Check the head: its signature, the files that it lists, and all previous heads."""

from dataclasses import dataclass, field

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, SUMS, Checkpoint, parse_checkpoint
from bot.snapshot.archive.inspection import FindingKind, Inspection


@dataclass
class Chain:
    """The valid heads, newest first, and their digests."""

    heads: list[Checkpoint] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)


def check_chain(inspection: Inspection, head: Checkpoint) -> Chain:
    """Walk from the head to the first run: each head lists the previous head, with its signature and events."""
    chain = Chain([head], [inspection.tree.digest(HEAD)])
    current, name = head, HEAD
    while current.sequence > 1:
        previous = _step_back(inspection, current, name)
        if previous is None:
            return chain
        current, name, digest = previous
        chain.heads.append(current)
        chain.digests.append(digest)
    if current.previous_path:
        inspection.report(FindingKind.CHAIN, name, "is the first head and yet names one before it")
    return chain


def check_witness(inspection: Inspection, chain: Chain, witness: str) -> None:
    """Check that a head that was published elsewhere is the current head or one of its ancestors."""
    if witness.strip().lower().removeprefix("sha256:") not in chain.digests:
        message = f"does not descend from the head {witness}: these snapshots are an older state, or another line"
        inspection.report(FindingKind.WITNESS, HEAD, message)


def check_no_unsigning(inspection: Inspection, chain: Chain) -> None:
    """Find an unsigned head after a signed head: once signing has started, every head must be signed."""
    for newer, older in zip(chain.heads, chain.heads[1:], strict=False):
        if older.signed_by and not newer.signed_by:
            message = f"run {newer.sequence} is not signed though run {older.sequence} was"
            inspection.report(FindingKind.SIGNATURE, HEAD, message)


def _step_back(inspection: Inspection, current: Checkpoint, name: str) -> tuple[Checkpoint, str, str] | None:
    path = current.previous_path
    if path is None:
        inspection.report(FindingKind.CHAIN, name, f"names no head before run {current.sequence}")
        return None
    data = inspection.read(path) if inspection.tree.has_file(path) else None
    if data is None:
        return None  # already reported where `name` was checked
    try:
        previous = parse_checkpoint(data, name=path)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, path, str(error))
        return None
    if previous.sequence != current.sequence - 1:
        message = f"is run {previous.sequence}, but {name} is run {current.sequence}"
        inspection.report(FindingKind.CHAIN, path, message)
        return None
    if previous.signed_by and f"{path}.sig" not in current.digests:
        inspection.report(FindingKind.CHAIN, name, f"does not name the signature of {path}")
    older = {target: digest for target, digest in previous.digests.items() if target != SUMS}
    inspection.check_digests(older, witness=path)
    return previous, path, sha256(data)
