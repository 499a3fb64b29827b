"""The ways to sign in: a token or password that the settings have, and access tokens of OAuth 2.0."""

import base64
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

import requests

from bot.errors import AuthenticationError, WikiAnswerError
from bot.log import redact
from bot.site_address import SiteAddress

CLOUD_TOKEN_URL = "https://auth.atlassian.com/oauth/token"  # noqa: S105 -- an address
SERVER_TOKEN_PATH = "/rest/oauth2/latest/token"  # noqa: S105 -- a path
_SERVICE_ACCOUNTS = "@serviceaccount.atlassian.com"
_MARGIN = timedelta(seconds=60)
_DEFAULT_LIFETIME_SECONDS = 3600.0

Ask = Callable[[requests.Request], requests.Response]
"""Sends a request without credentials and returns the answer, with any status."""


class SignIn(Protocol):
    """A way to sign in; thread-safe."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must not appear in logs."""

    @property
    def needs_gateway(self) -> bool:
        """Whether a Cloud site accepts it at the API gateway only."""

    def header(self, ask: Ask) -> str:
        """Return the value of the Authorization header; *ask* fetches a token where one is needed."""

    def renew(self, used: str) -> bool:
        """Forget the token in the header *used*, which was refused; return whether there can be another one."""

    def describe(self, address: SiteAddress) -> str:
        """Return which kind of sign-in it is at *address*."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Basic authentication if *user* is given (*token* is an API token or password), else a bearer token."""

    token: str = field(repr=False)
    user: str | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token, *([_basic(self.user, self.token)] if self.user else []))

    @property
    def needs_gateway(self) -> bool:
        return self.user is not None and self.user.lower().endswith(_SERVICE_ACCOUNTS)

    def header(self, ask: Ask | None = None) -> str:
        del ask
        return f"Bearer {self.token}" if self.user is None else f"Basic {_basic(self.user, self.token)}"

    def renew(self, used: str) -> bool:
        del used
        return False

    def describe(self, address: SiteAddress) -> str:
        if not address.is_cloud:
            return "personal access token" if self.user is None else f"password of {self.user}"
        if self.user is None:
            return "access token"
        kind = "scoped API token" if address.is_gateway else "classic API token"
        return f"{kind} of {'service account ' if self.needs_gateway else ''}{self.user}"


@lru_cache(maxsize=4)
def _basic(user: str, token: str) -> str:
    return base64.b64encode(f"{user}:{token}".encode()).decode()


@dataclass
class ClientCredentials:
    """OAuth 2.0 client credentials of a service account: access tokens, renewed before they end.

    Cloud (Create OAuth 2.0 credential for service accounts): JSON, 60 minutes, no refresh token. Data Center 10
    (Service accounts overview): a form.
    """

    client_id: str
    secret: str = field(repr=False)
    token_url: str
    is_cloud: bool = True
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    expires_at: datetime | None = field(default=None, init=False)
    """The end of the current access token."""
    _header: str | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.secret,)

    @property
    def needs_gateway(self) -> bool:
        return self.is_cloud

    def header(self, ask: Ask) -> str:
        with self._lock:
            if self._header is None or (self.expires_at is not None and self.now() >= self.expires_at):
                self._fetch(ask)
            return self._header or ""

    def renew(self, used: str) -> bool:
        with self._lock:
            if self._header == used:
                self._header = None
            return True

    def describe(self, address: SiteAddress) -> str:
        del address
        return f"OAuth 2.0 client {self.client_id} of a service account"

    def _fetch(self, ask: Ask) -> None:
        fields = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.secret}
        asked_at = self.now()
        body = {"json": fields} if self.is_cloud else {"data": fields}
        response = ask(requests.Request("POST", self.token_url, **body))
        answer = _json_object(response)
        if not response.ok:
            said = redact(str(answer.get("error_description") or answer.get("error") or "no reason given"))
            raise AuthenticationError(
                f"{self.token_url}: no access token for client {self.client_id}: answer {response.status_code} "
                f"({said}); check wiki.client_id and the secret, or create a new credential for the service account"
            )
        token, seconds = answer.get("access_token"), answer.get("expires_in", _DEFAULT_LIFETIME_SECONDS)
        if not isinstance(token, str) or not token or not isinstance(seconds, int | float):
            raise WikiAnswerError(f"{self.token_url}: the answer has no access token; check wiki.token_url")
        redact.add_account(None, token)
        lifetime = timedelta(seconds=float(seconds))
        self._header, self.expires_at = f"Bearer {token}", asked_at + lifetime - min(_MARGIN, lifetime / 10)


def _json_object(response: requests.Response) -> dict[str, object]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
