"""Send the requests that botocore signed: the bot's rules for outgoing requests apply to them.

botocore would send them itself, follow the region redirects of AWS, and know nothing of the bot's certificates,
deadlines and forbidden addresses. Its event `before-send` takes the answer from here instead.
"""

import threading
from typing import Any
from urllib.parse import urlsplit

import requests
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError

from bot.egress import AddressRule, EgressError, Reach, guarded
from bot.errors import ObjectStoreError, SettingsError
from bot.wiki.deadline import Deadline, DeadlineAdapter
from bot.wiki.endpoint import is_loopback
from bot.wiki.proxies import as_proxies, find_proxy
from bot.wiki.tls import make_context

_CONNECT_SECONDS, _READ_SECONDS = 10, 60
_DEADLINE_SECONDS = 60
_SLOWEST_BYTES = 64 * 1024
"""Bytes a second below which an upload is given up."""
_MOST_BYTES = 16 << 20
"""A listing of 1,000 objects with keys of 1,024 bytes, each byte written as an entity, has 7 MB."""
_AMAZON = ("amazonaws.com", "amazonaws.com.cn")


class _PublicRule(AddressRule):
    """The rule for a host that no setting names: its address must be public."""

    def _home_reach(self) -> Reach:
        return Reach.PUBLIC


class StoreTransport:
    """Sends requests to *endpoint*, the address in the settings, or without it to Amazon. Thread-safe.

    Raises `SettingsError` for an address without TLS on another machine: what is sent is confidential.
    """

    def __init__(self, endpoint: str | None) -> None:
        parts = urlsplit(endpoint or "")
        self._host = parts.hostname
        if endpoint and parts.scheme != "https" and not is_loopback(self._host or ""):
            raise SettingsError(
                "object_store.endpoint: must be an https address; http is allowed on this machine only, because the "
                "pages would cross the network in clear text"
            )
        self._rule = AddressRule(endpoint) if endpoint else _PublicRule("")
        self._context = make_context()
        self._local = threading.local()

    def send(self, request: Any, **_details: Any) -> Any:
        """Send a request of botocore and return its answer, whatever the status; no redirect is followed."""
        self._check_host(request.url)
        proxy = find_proxy(request.url, None)
        data = _content(request.body)
        try:
            with (
                guarded(self._rule, request.url, is_proxied=proxy is not None),
                Deadline(_DEADLINE_SECONDS + len(data) / _SLOWEST_BYTES),
            ):
                answer = self._session().request(
                    request.method,
                    request.url,
                    data=data or None,
                    headers={"Accept-Encoding": "identity"}
                    | {name: _text(value) for name, value in request.headers.items()},
                    timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                    proxies=as_proxies(proxy),
                )
                made = AWSResponse(answer.url, answer.status_code, answer.headers, answer.raw)
                if not request.stream_output:
                    made._content = _read(answer)  # noqa: SLF001 -- botocore would read without a limit
                return made
        except requests.RequestException as error:
            # botocore tries again after this error; its message has the address without query and without secrets
            raise EndpointConnectionError(endpoint_url=self._host or "Amazon S3", error=type(error).__name__) from error

    def _check_host(self, url: str) -> None:
        """Raise `EgressError` unless the host is the configured one, or one of Amazon's if none is configured."""
        host = urlsplit(url).hostname or ""
        allowed = (self._host,) if self._host else _AMAZON
        if not any(host == name or host.endswith(f".{name}") for name in allowed):
            raise EgressError(f"leads to {host}, which object_store.endpoint does not name")

    def _session(self) -> requests.Session:
        """Return the session of this thread."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.auth = _no_account
            session.mount("https://", DeadlineAdapter(self._context))
            session.mount("http://", DeadlineAdapter())
            self._local.session = session
        return session


def _read(answer: requests.Response) -> bytes:
    """Return the body, within the deadline; raises `ObjectStoreError` for one that is no listing and no error."""
    body: bytes = answer.raw.read(_MOST_BYTES + 1, decode_content=False)
    if len(body) > _MOST_BYTES:
        answer.close()
        raise ObjectStoreError(
            f"{urlsplit(answer.url).hostname}: the store answers with more than {_MOST_BYTES >> 20} MB"
        )
    return body


def _no_account(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add nothing. With an `auth` of its own, a session does not read `.netrc`."""
    return request


def _content(body: Any) -> bytes:
    if hasattr(body, "read"):
        body.seek(0)
        body = body.read()
    return bytes(body or b"")


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
