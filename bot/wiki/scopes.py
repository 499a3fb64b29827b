"""The scopes that a scoped token needs, from the table that `script/scopes.py` makes of Atlassian's documents."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SCOPES_FILE = "bot/wiki/scopes.json"
_PROBE_ID = "0"
_SCOPE_FAILURE = re.compile(r"scopes? (?:does|do) not match|insufficient.scope", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ScopedCall:
    """One operation that the bot uses; *path* has `{}` for each parameter.

    A token may call it if it has all *granular* scopes, or all *classic* ones; empty means that no scope of this kind
    opens the operation.
    """

    method: str
    path: str
    granular: tuple[str, ...]
    classic: tuple[str, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """The scopes to give to a new token: the granular ones, because classic scopes do not open v2."""
        return self.granular or self.classic

    @property
    def is_optional(self) -> bool:
        """Whether only something that is off by default needs the operation: messages as comments."""
        return (self.method, self.path) == ("POST", "/api/v2/footer-comments")

    @property
    def probe_path(self) -> str:
        """A path of this operation that names no object of any wiki."""
        return self.path.replace("{}", _PROBE_ID)

    def fits(self, method: str, path: str) -> bool:
        """Return whether a request to *path* is this operation."""
        pattern = re.escape(self.path).replace(r"\{\}", "[^/]+")
        return method == self.method and re.fullmatch(pattern, path.partition("?")[0]) is not None


@cache
def scoped_calls() -> tuple[ScopedCall, ...]:
    """Return all operations that the bot uses on Cloud."""
    rows = json.loads((Path(__file__).parent / "scopes.json").read_text(encoding="utf-8"))
    return tuple(ScopedCall(r["method"], r["path"], tuple(r["granular"]), tuple(r["classic"])) for r in rows)


def needed_scopes(method: str, path: str) -> tuple[str, ...]:
    """Return the scopes that a request needs; empty if the table does not have the request."""
    fitting = [call for call in scoped_calls() if call.fits(method, path)]
    return min(fitting, key=lambda call: call.path.count("{}")).needed if fitting else ()


def all_needed_scopes() -> tuple[str, ...]:
    """Return all scopes that a token for the bot needs, sorted."""
    return unique(scope for call in scoped_calls() for scope in call.needed)


def unique(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return each scope once, sorted."""
    return tuple(sorted(set(scopes)))


def is_scope_failure(words: str, category: str) -> bool:
    """Return whether a refusal means a missing scope (mark#917): by its words, or by `X-Failure-Category`."""
    return "SCOPE" in category.upper() or _SCOPE_FAILURE.search(words) is not None
