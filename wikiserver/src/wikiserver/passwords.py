"""The passwords of the accounts: the public ones of demonstrations, or own ones with a limit on guesses."""

import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MAX_GUESSES = 10
GUESS_SECONDS = 60.0
MIN_LENGTH = 12
_GENERATED_BYTES = 18


class PasswordFileError(ValueError):
    """The file of passwords cannot be used."""


@dataclass(slots=True)
class Passwords:
    """The passwords of a site.

    Without *own* ones, the password of NAME is `NAME-secret`, and its bearer token `NAME-token`. An own password is
    also the bearer token of its account. After ten wrong passwords for an account, none is accepted for it until a
    minute has passed since the first of them.
    """

    own: Mapping[str, str] | None = None
    clock: Callable[[], float] = time.monotonic
    _wrong: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def is_right(self, account: str, password: str) -> bool:
        """Return whether *password* is that of *account*."""
        if self.own is None:
            return password in {f"{account}-secret", f"{account}-token"}
        with self._lock:
            wrong, now = self._wrong[account], self.clock()
            while wrong and now - wrong[0] >= GUESS_SECONDS:
                wrong.popleft()
            if len(wrong) >= MAX_GUESSES:
                return False
            known = self.own.get(account)
            if known is not None and secrets.compare_digest(known.encode(), password.encode()):
                wrong.clear()
                return True
            wrong.append(now)
            return False

    def find_account(self, bearer: str) -> str | None:
        """Return the name of the account whose bearer token *bearer* is."""
        if self.own is None:
            name = bearer.removesuffix("-token")
            return name if bearer == f"{name}-token" else None
        matching = [name for name, own in self.own.items() if secrets.compare_digest(own.encode(), bearer.encode())]
        return matching[0] if matching else None


def generate(accounts: Iterable[str]) -> dict[str, str]:
    """Return a new password for each account."""
    return {name: secrets.token_urlsafe(_GENERATED_BYTES) for name in accounts}


def load(path: Path) -> dict[str, str]:
    """Read lines `NAME:PASSWORD`; raises `PasswordFileError`."""
    try:
        mode, lines = path.stat().st_mode, path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PasswordFileError(f"{path}: cannot be read: {error}") from error
    if mode & 0o077:
        raise PasswordFileError(f"{path}: other accounts of this machine can read it; run `chmod 600 {path}`")
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not colon or len(password) < MIN_LENGTH or name.strip() in found:
            raise PasswordFileError(
                f"{path}:{number}: must be NAME:PASSWORD, each name once, with at least {MIN_LENGTH} characters in the "
                "password"
            )
        found[name.strip()] = password
    if len(set(found.values())) < len(found) or not found:
        raise PasswordFileError(f"{path}: must have at least one account, and no password twice")
    return found
