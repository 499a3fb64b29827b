"""Open the snapshots for a run, with the keys and signers that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from bot.errors import EvidenceError, SettingsError, SnapshotError
from bot.file_trust import raise_if_readable_by_all
from bot.files import raise_if_irregular, read_file
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.checkpoint import load_head
from bot.snapshot.archive.continuity import Consent, Override
from bot.snapshot.archive.holds import remember_holds
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.start_check import check_start
from bot.snapshot.archive.strays import find_strays
from bot.snapshot.archive.writer import SnapshotWriter, open_writer
from bot.snapshot.verify.verification import verify


def find_signer(snapshots: Snapshots) -> Signer | None:
    """Return the signer of the head, None if no key is configured; raises `SettingsError` if the key is missing."""
    key = snapshots.policy.key
    if key is None:
        return None
    raise_if_irregular(key, SettingsError)
    if not key.exists():
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


@contextmanager
def open_run(snapshots: Snapshots, origin: str, consent: Consent | None = None) -> Iterator[SnapshotWriter]:
    """Start a run that writes to the snapshots; see `bot.snapshot.archive.writer.open_writer`."""
    allowed_signers = find_allowed_signers(snapshots)
    known = snapshots.state.recalled
    with open_writer(
        snapshots.state,
        origin=origin,
        software=software(),
        clock=snapshots.clock,
        signer=get_signer(snapshots),
        allowed_signers=allowed_signers,
        consent=consent,
        check_all=lambda: _check_all(snapshots, allowed_signers),
    ) as writer:
        gives_up = consent is not None and consent.override in (Override.ACCEPT_ROLLBACK, Override.NEW_LOG)
        is_known = known is not None and known.head is not None and known.head.sha256 == writer.library.head_digest
        if not gives_up and (not is_known or writer.state.memory.holds is None):
            remember_holds(writer)
        yield writer


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
        return read_file(path).decode("utf-8", "surrogateescape")  # a comment can be in another encoding
    except OSError as error:
        raise SnapshotError(f"the allowed signers in {path} cannot be read: {error.strerror}") from error
