"""SSHSIG signatures of the head, created and verified by `ssh-keygen` of OpenSSH."""

import base64
import binascii
import re
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import SnapshotError

NAMESPACE, PRINCIPAL = "wiki-snapshots", "wikibot"
_TIMEOUT_SECONDS = 60
_ARMOUR = re.compile(rb"-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)-----END SSH SIGNATURE-----\n")
_LINE_LENGTH = 70
_SAMPLE = b"a sample, which is not stored\n"


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one private key, which must not have a passphrase."""

    key: Path

    def fingerprint(self) -> str:
        """Return the fingerprint of the key, as written in `CHECKPOINT`."""
        return _run("-l", "-E", "sha256", "-f", str(self.key), failure=self._failure).decode().split()[1]

    def sign(self, data: bytes) -> bytes:
        """Return an armoured signature of *data*."""
        return _run("-Y", "sign", "-n", NAMESPACE, "-f", str(self.key), stdin=data, failure=self._failure)

    def allowed_signers(self) -> str:
        """Return the allowed-signers line with which an auditor can verify signatures by this key."""
        line = _run("-y", "-P", "", "-f", str(self.key), failure=self._failure).decode()
        return f'{PRINCIPAL} namespaces="{NAMESPACE}" {" ".join(line.split()[:2])}\n'

    def find_refusal(self, allowed_signers: str, when: datetime) -> str | None:
        """Return why a signature by this key is not accepted at the time *when*, or None."""
        return find_flaw(_SAMPLE, self.sign(_SAMPLE), allowed_signers, when=when)

    @property
    def _failure(self) -> str:
        return f"cannot sign with {self.key}"


def find_flaw(
    data: bytes, signature: bytes, allowed_signers: str | None, *, key: str | None = None, when: datetime | None = None
) -> str | None:
    """Return what is wrong with *signature* of *data*, or None.

    *allowed_signers* is the text of an allowed-signers file (`man ssh-keygen`, ALLOWED SIGNERS), which must allow the
    principal `wikibot` at the time *when*. Without it, only the signature is verified, not its signer. *key* is the
    fingerprint of the key that must have signed.
    """
    if not _is_canonical(signature):
        return "is not exactly one SSH signature as ssh-keygen writes it"
    with tempfile.TemporaryDirectory() as folder:
        path, allowed = Path(folder, "signature"), Path(folder, "allowed_signers")
        path.write_bytes(signature)
        result = _keygen("-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(path), stdin=data)
        if result.returncode:
            return "does not fit the checkpoint"
        signed_by = result.stdout.decode("utf-8", "replace").split()[-1:]
        if key is not None and signed_by != [key]:
            return f"was made by the key {' '.join(signed_by)}, but the checkpoint names {key}"
        if allowed_signers is None:
            return None
        allowed.write_bytes(allowed_signers.encode("utf-8", "surrogateescape"))
        at = ("-O", f"verify-time={when.astimezone(UTC):%Y%m%d%H%M%SZ}") if when else ()
        arguments = ("-Y", "verify", "-n", NAMESPACE, "-I", PRINCIPAL, "-f", str(allowed), "-s", str(path), *at)
        if _keygen(*arguments, stdin=data).returncode:
            return (
                f"was made by a key that the allowed signers do not name for {PRINCIPAL} at the time of the checkpoint"
            )
        return None


def _is_canonical(signature: bytes) -> bool:
    """Reject variants of a signature that ssh-keygen would accept: spaces, blank lines, stray bits."""
    match = _ARMOUR.fullmatch(signature)
    if not match:
        return False
    try:
        blob = base64.b64decode(match[1].replace(b"\n", b""), validate=True)
    except binascii.Error:
        return False
    text = base64.b64encode(blob)
    lines = [text[start : start + _LINE_LENGTH] + b"\n" for start in range(0, len(text), _LINE_LENGTH)]
    return match[1] == b"".join(lines) and blob.startswith(b"SSHSIG\x00\x00\x00\x01")


def _run(*arguments: str, failure: str, stdin: bytes = b"") -> bytes:
    result = _keygen(*arguments, stdin=stdin)
    if result.returncode:
        problem = (result.stderr.decode("utf-8", "replace").strip() or "no reason given").splitlines()[-1]
        raise SnapshotError(f"{failure}: {problem}")
    return result.stdout


def _keygen(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 -- arguments are paths and fixed words, no shell is involved
            ["ssh-keygen", *arguments],  # noqa: S607 -- the location of OpenSSH depends on the system
            input=stdin,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            start_new_session=True,  # no terminal: a key with a passphrase fails instead of asking
        )
    except FileNotFoundError as error:
        raise SnapshotError(
            "ssh-keygen was not found; install OpenSSH's client to sign and check signatures"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SnapshotError(f"ssh-keygen did not answer within {_TIMEOUT_SECONDS} s") from error
