"""HTTP requests to other places than the wiki: no redirects, a deadline, a size limit.

`send` sends one, without `.netrc` and with only the host in errors. `ServiceAdapter` sends those of a library.
"""

from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests

from bot.egress import AddressRule, EgressError, guarded
from bot.errors import BotError, SnapshotError
from bot.wiki.deadline import Deadline, DeadlineAdapter
from bot.wiki.proxies import as_proxies, find_proxy
from bot.wiki.tls import describe_tls_failure, find_tls_error, make_context

_TIMEOUT_SECONDS = 30
_DEADLINE_SECONDS = 60
_MAX_BYTES = 256 * 1024
_CHUNK_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """The status and the body of an answer."""

    status: int
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Whether the answer is a 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def send(
    method: str,
    url: str,
    data: bytes,
    headers: dict[str, str],
    *,
    error: type[BotError] = SnapshotError,
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> PlainAnswer:
    """Send one request and return the answer with any status except a redirect.

    Raises *error* with the host only: path and query of an address may be secrets, and the errors of the HTTP
    library contain them.
    """
    host = host_of(url)
    with requests.Session() as session, Deadline(deadline_seconds) as deadline:
        session.auth = _no_account
        session.mount("https://", DeadlineAdapter(make_context() if url.startswith("https:") else None))
        session.mount("http://", DeadlineAdapter())
        try:
            answer = session.request(
                method,
                url,
                data=data or None,
                headers={
                    "Accept-Encoding": "identity",
                    "Cache-Control": "no-cache",
                    "User-Agent": "wikibot",
                    **headers,
                },
                timeout=min(_TIMEOUT_SECONDS, deadline_seconds),
                allow_redirects=False,
                stream=True,
            )
            body = answer.raw.read(_MAX_BYTES + 1, decode_content=False)
        except Exception as failure:  # noqa: BLE001 -- urllib3 raises several kinds; each message may contain the address
            reason = _explain(failure)
        else:
            reason = _find_fault(answer, body)
        if deadline.has_passed:
            reason = f"did not answer within {deadline_seconds:.0f} s"
    if reason:
        raise error(f"{host} {reason}")
    return PlainAnswer(answer.status_code, body)


def host_of(url: str) -> str:
    """Return the host name, the only part of an address that is shown."""
    return urlsplit(url).hostname or "the host"


def _no_account(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add nothing. With an `auth` of its own, a session does not read `.netrc`."""
    return request


def _find_fault(answer: requests.Response, body: bytes) -> str:
    if answer.is_redirect or HTTPStatus.MULTIPLE_CHOICES <= answer.status_code < HTTPStatus.BAD_REQUEST:
        return f"answers with a redirect ({answer.status_code}), which is not followed; use the address itself"
    if len(body) > _MAX_BYTES:
        return f"answers with more than {_MAX_BYTES // 1024} KB"
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        return "answers with a compressed text, which was not asked for"
    return ""


def _explain(error: Exception) -> str:
    if find_tls_error(error) is not None:
        return f"cannot be used: {describe_tls_failure(error)}"
    if isinstance(error, requests.Timeout):
        return f"did not answer within {_TIMEOUT_SECONDS} s"
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema | ValueError):
        return "has an address that is none"
    return "cannot be reached"


class ServiceAdapter(DeadlineAdapter):
    """Sends the requests of a library to *home*, the address of a service in the settings, and where the service says.

    That may not be more private than *home*, nor http if *home* is https. Raises `EgressError` then, for a redirect and
    for an answer that is too large, and `requests.Timeout`.
    """

    def __init__(self, home: str) -> None:
        super().__init__(make_context() if home.startswith("https:") else None)
        self._home = home

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Send *request* and read the whole answer; the options of the library do not count."""
        url = str(request.url)
        host = host_of(url)
        if self._home.startswith("https:") and not url.startswith("https:"):
            raise EgressError(f"leads from https to http at {host}")
        proxy = find_proxy(url, None)
        rule = guarded(AddressRule(self._home), url, is_proxied=proxy is not None)
        body = BytesIO()
        with rule, Deadline(_DEADLINE_SECONDS) as deadline:
            try:
                answer = super().send(request, stream=True, timeout=_TIMEOUT_SECONDS, proxies=as_proxies(proxy))
                if answer.is_redirect:
                    raise EgressError(f"leads to {host}, which answers with a redirect; it is not followed")
                for piece in answer.iter_content(_CHUNK_BYTES):
                    body.write(piece)
                    if body.tell() > _MAX_BYTES:
                        answer.close()
                        raise EgressError(f"leads to {host}, which answers with more than {_MAX_BYTES // 1024} KB")
            except (OSError, requests.RequestException):
                if not deadline.has_passed:
                    raise
        if deadline.has_passed:
            raise requests.Timeout(f"{host} did not answer within {_DEADLINE_SECONDS} s")
        answer._content = body.getvalue()  # noqa: SLF001 -- requests has no public way to cap the size of a body
        answer._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 -- as above
        return answer
