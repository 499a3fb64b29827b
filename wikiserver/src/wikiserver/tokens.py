"""Scoped API tokens, OAuth clients and service accounts of a site, and the access tokens that clients get."""

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Scopes = frozenset[str] | None
"""The scopes of a token; None means all."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token with scopes: an API token of an account, or the access token of a client (*is_bearer*)."""

    account: str
    scopes: Scopes = None
    is_bearer: bool = False
    expires_at: float = float("inf")

    def allows(self, *alternatives: tuple[str, ...]) -> bool:
        """Return whether the scopes of the token include one of the alternatives; an empty one does not count."""
        return any(needed and (self.scopes is None or self.scopes.issuperset(needed)) for needed in alternatives)


@dataclass(frozen=True, slots=True)
class Client:
    """The OAuth 2.0 client of a service account."""

    account: str
    secret: str
    scopes: Scopes = None


@dataclass(slots=True)
class Tokens:
    """The tokens of a site. *lifetime_seconds* is how long an access token of a client is valid."""

    lifetime_seconds: float = 3600
    clock: Callable[[], float] = time.monotonic
    service_accounts: set[str] = field(default_factory=set)
    """Accounts that have no password and no classic token."""
    issued: dict[str, Token] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)

    def issue(self, account: str, scopes: Scopes = None, *, text: str | None = None) -> str:
        """Create a scoped API token of an account; return its text."""
        text = text or f"ATATT-{secrets.token_urlsafe(24)}"
        self.issued[text] = Token(account, scopes)
        return text

    def grant(self, client_id: str, secret: str) -> tuple[str, Client] | None:
        """Return a new access token of a client, or None if id and secret do not match."""
        client = self.clients.get(client_id)
        if client is None or not secrets.compare_digest(client.secret.encode(), secret.encode()):
            return None
        text = f"eyJ-{secrets.token_urlsafe(24)}"
        expires_at = self.clock() + self.lifetime_seconds
        self.issued[text] = Token(client.account, client.scopes, is_bearer=True, expires_at=expires_at)
        return text, client

    def find(self, header: str | None, email: Callable[[str], str]) -> Token | None:
        """Return the token in an `Authorization` header: Basic with the account's e-mail address, or Bearer."""
        scheme, _, given = (header or "").partition(" ")
        if scheme.lower() == "bearer":
            return self._valid(self.issued.get(given.strip()))
        try:
            name, _, text = base64.b64decode(given, validate=True).decode().partition(":")
        except ValueError:  # not Base64, or not UTF-8
            return None
        token = self._valid(self.issued.get(text))
        if token is None or token.is_bearer or name not in {token.account, email(token.account)}:
            return None
        return token

    def is_token_text(self, header: str | None) -> bool:
        """Return whether an `Authorization` header has the text of any token of this site."""
        _, _, given = (header or "").partition(" ")
        try:
            text = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except ValueError:  # not Base64, or not UTF-8
            text = ""
        return given.strip() in self.issued or text in self.issued

    def _valid(self, token: Token | None) -> Token | None:
        return token if token is not None and self.clock() < token.expires_at else None
