"""Salts: random text in short bodies and renditions, and in all records, so that no digest confirms a guess.

The log has the digest of every captured file for ever. Without a salt, a text that a redaction removed, and that is
short enough to be guessed, could be confirmed by its digest. A redaction removes the salt together with the text.
"""

import hashlib
import hmac
import secrets

_START, _END, _DIGITS = b"\n<!-- salt ", b" -->\n", 32
_LENGTH = len(_START) + _DIGITS + len(_END)
_HEXADECIMAL = frozenset(b"0123456789abcdef")
SHORT = 200
"""A body of less bytes can be guessed; the file of a longer one is the body as received, and nothing else."""


class Salts:
    """The salts of one process. They follow from a random key, which is never stored, and from the name of the file."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def draw(self, name: str) -> str:
        """Return the salt of the file called *name*: 128 bits as hexadecimal digits."""
        return hmac.digest(self._key, name.encode(), "sha256").hex()[:_DIGITS]


def needs_salt(body: bytes) -> bool:
    """Return whether a body can be guessed, or ends as if it had a salt."""
    return len(body) < SHORT or split_body(body)[1] is not None


def salt_body(body: bytes, salt: str | None) -> bytes:
    """Return the content of the file of a body: the body as received, and its salt as a comment of XML."""
    return body if salt is None else body + _START + salt.encode() + _END


def digest_of_body(body: bytes, salt: str | None) -> str:
    """Return the SHA-256 of the file of a body, as manifests have it."""
    return hashlib.sha256(salt_body(body, salt)).hexdigest()


def split_body(content: bytes) -> tuple[bytes, str | None]:
    """Return the body as received, and its salt; None for a file without one."""
    body, line = content[:-_LENGTH], content[-_LENGTH:]
    salt = line[len(_START) : -len(_END)]
    if line != _START + salt + _END or len(salt) != _DIGITS or not _HEXADECIMAL.issuperset(salt):
        return content, None
    return body, salt.decode()
