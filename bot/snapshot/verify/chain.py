"""Check the head: its signature, what it names, and every head before it."""

from dataclasses import dataclass, field

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import parse_manifest, sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, SUMS, Checkpoint, parse_checkpoint
from bot.snapshot.archive.signature import find_flaw
from bot.snapshot.verify.finding import FindingKind, Inspection


@dataclass
class Chain:
    """The heads that were found sound, newest first, and their digests."""

    heads: list[Checkpoint] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)


def check_head(inspection: Inspection, allowed_signers: str | None, *, must_be_signed: bool) -> Checkpoint | None:
    """Check the head, its signature and the files that it names; None when there is no head to read."""
    data = inspection.read(HEAD)
    if data is None:
        return None
    try:
        head = parse_checkpoint(data)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, HEAD, str(error))
        return None
    _check_signature(inspection, head, data, allowed_signers, must_be_signed=must_be_signed)
    inspection.check_digests(head.digests, witness=HEAD)
    return head


def load_sums(inspection: Inspection) -> dict[str, str]:
    """Check what `SHA256SUMS` lists and return it; empty when it cannot be read."""
    if not inspection.tree.has_file(SUMS):
        inspection.is_there(SUMS)
        return {}
    data = inspection.read(SUMS)
    try:
        sums = parse_manifest(data or b"", name=SUMS)
    except EvidenceError as error:
        inspection.report(FindingKind.MALFORMED, SUMS, str(error))
        return {}
    inspection.check_digests(sums, witness=SUMS)
    return sums


def check_chain(inspection: Inspection, head: Checkpoint) -> Chain:
    """Walk from the head to the first run: every head names the one before it, with its signature and events."""
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
    """Demand that a head which was published elsewhere is the present one or one of its ancestors."""
    if witness.strip().lower().removeprefix("sha256:") not in chain.digests:
        message = f"does not descend from the head {witness}: these snapshots are an older state, or another line"
        inspection.report(FindingKind.WITNESS, HEAD, message)


def check_no_unsigning(inspection: Inspection, chain: Chain) -> None:
    """Find heads without a signature after one with: where signing has begun it does not end."""
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
        return None  # reported where `name` was checked
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


def _check_signature(
    inspection: Inspection, head: Checkpoint, data: bytes, allowed_signers: str | None, *, must_be_signed: bool
) -> None:
    if head.signed_by is None:
        if must_be_signed:
            inspection.report(FindingKind.SIGNATURE, HEAD, "is not signed, though allowed signers were given")
        return
    signature = inspection.read(SIGNATURE)
    if signature is None:
        return
    flaw = find_flaw(data, signature, allowed_signers)
    if flaw:
        inspection.report(FindingKind.SIGNATURE, SIGNATURE, flaw)
