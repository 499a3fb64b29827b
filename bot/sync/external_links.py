"""Check external links: rate-limited requests, never to a private network."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import urllib3

from bot.egress import PORTS, IpAddress, is_public, resolve
from bot.sync.data_links import DataLink, LinkKind, LinkProblem
from bot.wiki.deadline import Deadline, WatchedPool, WatchedTlsPool

_MAX_HOPS = 5
_TIMEOUT = urllib3.Timeout(connect=5, read=10)
_DEADLINE_SECONDS = 20.0
_HEADERS = {"User-Agent": "wikibot (checks the links of a wiki page)", "Accept": "*/*"}
_REFUSES_HEAD = {400, 403, 404, 405, 501}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    location: str | None


class _RefusedError(Exception):
    """The address must not be requested."""


@dataclass
class ExternalLinks:
    """Requests each URL once, with a pause of *pause_seconds* between two URLs of one host.

    Each host name is resolved once per request, and the connection uses exactly the address that was checked. This
    prevents DNS rebinding. The target of each redirect is checked in the same way.
    """

    may_ask: Callable[[IpAddress], bool] = is_public
    pause_seconds: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _asked: dict[str, float] = field(default_factory=dict, repr=False)

    def find_problems(self, links: Iterable[DataLink]) -> list[LinkProblem]:
        """Return the problems of the external links in *links*; `mailto:` addresses are not checked."""
        answers: dict[str, str | None] = {}
        problems = []
        for link in links:
            if link.kind is not LinkKind.EXTERNAL or urlsplit(link.target).scheme.lower() not in PORTS:
                continue
            if link.target not in answers:
                answers[link.target] = self._judge(link.target)
            found = answers[link.target]
            if found is not None:
                problems.append(LinkProblem(link, f"{link.target} {found}"))
        return problems

    def _judge(self, url: str) -> str | None:
        """Return the problem of a URL, with the new URL after a permanent redirect; None if there is no problem."""
        here, moved_to, is_permanent = url, None, True
        for _ in range(_MAX_HOPS):
            try:
                answer = self._ask(here)
            except _RefusedError as error:
                return str(error)
            except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                return f"cannot be reached: {_reason(error)}"
            if answer.location is None or not 300 <= answer.status < 400:
                break
            is_permanent = is_permanent and answer.status in (301, 308)
            here = urljoin(here, answer.location)
            moved_to = here if is_permanent else moved_to
        else:
            return f"redirects more than {_MAX_HOPS} times"
        if answer.status in (404, 410):
            return f"leads nowhere (answer {answer.status})"
        if answer.status >= 500:
            return f"is out of order (answer {answer.status})"
        return None if moved_to is None else f"has moved for good; write {moved_to}"

    def _ask(self, url: str) -> _Answer:
        parts = urlsplit(url)
        scheme, host = parts.scheme.lower(), parts.hostname
        if scheme not in PORTS or host is None:
            raise _RefusedError(f"leads to {url}, which is no web address")
        port = parts.port or PORTS[scheme]
        address = self._resolve(host, port)
        self._wait_for_turn(host)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with _connect(scheme, address, host, port) as pool:
            headers = _HEADERS | {"Host": parts.netloc.rpartition("@")[2]}
            answer = _request(pool, "HEAD", path, headers)
            if answer.status in _REFUSES_HEAD:
                answer = _request(pool, "GET", path, headers)
        return answer

    def _resolve(self, host: str, port: int) -> str:
        found = resolve(host, port)
        if not all(map(self.may_ask, found)):
            raise _RefusedError(f"leads to {host}, which is inside a private network; it was not asked")
        return min(map(str, found), key=lambda text: (":" in text, text))

    def _wait_for_turn(self, host: str) -> None:
        last = self._asked.get(host)
        if last is not None and (left := last + self.pause_seconds - self.clock()) > 0:
            self.sleep(left)
        self._asked[host] = self.clock()


def _connect(scheme: str, address: str, host: str, port: int) -> urllib3.HTTPConnectionPool:
    if scheme == "https":
        return WatchedTlsPool(
            address, port, timeout=_TIMEOUT, retries=False, server_hostname=host, assert_hostname=host
        )
    return WatchedPool(address, port, timeout=_TIMEOUT, retries=False)


def _request(pool: urllib3.HTTPConnectionPool, method: str, path: str, headers: dict[str, str]) -> _Answer:
    """Send a request without reading the response body; raises `TimeoutError` if the headers do not end in time."""
    with Deadline(_DEADLINE_SECONDS) as deadline:
        try:
            answer = pool.urlopen(method, path, headers=headers, redirect=False, preload_content=False)
        except (urllib3.exceptions.HTTPError, OSError):
            if not deadline.has_passed:
                raise
        else:
            answer.close()
    if deadline.has_passed:
        raise TimeoutError(f"no answer within {_DEADLINE_SECONDS:.0f} s")
    return _Answer(answer.status, answer.headers.get("Location"))


def _reason(error: Exception) -> str:
    text = str(error)
    return text.rpartition(": ")[2] or type(error).__name__
