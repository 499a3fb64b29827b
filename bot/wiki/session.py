"""The HTTP session under the gateway: sign-in, retries, rate limit, deadlines, dry runs, redirects, redaction."""

import base64
import itertools
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from loguru import logger
from requests.auth import AuthBase
from requests.utils import select_proxy

from bot.egress import EgressError, RedirectRule, peer_rule
from bot.errors import (
    AuthenticationError,
    RateLimitedError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
    WritesForbiddenError,
)
from bot.log import redact
from bot.stopping import raise_if_stopping
from bot.wiki.deadline import Deadline, DeadlineAdapter
from bot.wiki.failures import (
    TransientError,
    describe_loss,
    describe_tls_failure,
    find_proxy_refusal,
    parse_retry_after,
    refusal,
    said_by_wiki,
    shorten_address,
)
from bot.wiki.gateway import Sink

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_CHUNK_BYTES = 64 * 1024
_MAX_HOPS = 5
_SHORTEST_PAUSE_SECONDS = 1.0
_LOGIN_PATH = re.compile(
    r"/(?:login|log-in|signin|sign-in|authenticate|saml2?|sso|oauth2?)(?:\.(?:action|jsp|aspx?|php|html?))?(?:/|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials: basic authentication if *user* is given (*token* is an API token or password), else bearer."""

    token: str = field(repr=False)
    user: str | None = None

    @property
    def header(self) -> str:
        """The value of the Authorization header."""
        if self.user is None:
            return f"Bearer {self.token}"
        return "Basic " + base64.b64encode(f"{self.user}:{self.token}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Manners:
    """Timeouts, retries and rate limit of the session."""

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 300.0
    download_seconds: float = 1800.0
    tries: int = 5
    reports_at_once: bool = False
    """For interactive use: until the wiki has answered once, a request without an answer is not retried."""
    first_pause_seconds: float = 5.0
    longest_pause_seconds: float = 120.0
    longest_retry_after_seconds: float = 300.0
    max_answer_bytes: int = 256 * 1024 * 1024
    max_download_bytes: int = 2 * 1024 * 1024 * 1024
    """Cloud's limit of a file: CONFCLOUD-77566."""


PATIENT = Manners()


class RateLimiter:
    """Keeps requests at least *interval_seconds* apart; the first request does not wait.

    A thread can reserve the slot of its next request, so that this request is sent without waiting.
    """

    def __init__(
        self,
        interval_seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = interval_seconds
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_slot = float("-inf")
        self._of_thread = threading.local()

    @classmethod
    def per_minute(
        cls,
        calls: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> "RateLimiter":
        """Allow *calls* per minute, evenly spaced; zero or less means no limit."""
        return cls(60.0 / calls if calls > 0 else 0.0, clock=clock, sleep=sleep)

    def reserve(self) -> None:
        """Sleep until the next free slot, and keep the slot for the next `wait` of this thread."""
        self.wait()
        self._of_thread.has_slot = True

    def postpone(self, seconds: float) -> None:
        """Let no slot begin within the next *seconds*."""
        with self._lock:
            self._next_slot = max(self._next_slot, self._clock() + seconds)

    def wait(self) -> bool:
        """Take the next free slot and sleep until then; return whether the slot was reserved and needed no sleep."""
        if getattr(self._of_thread, "has_slot", False):
            self._of_thread.has_slot = False
            return True
        with self._lock:
            now = self._clock()
            slot = max(now, self._next_slot)
            self._next_slot = slot + self._interval
        if slot > now:
            self._sleep(slot - now)
        return False


class _Authorization(AuthBase):
    """Sets the Authorization header, so that `requests` does not read a .netrc file."""

    def __init__(self, header: str | None) -> None:
        self._header = header

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._header is not None:
            request.headers["Authorization"] = self._header
        return request


class WikiSession(requests.Session):
    """A `requests` session with retries, rate limit and deadlines.

    429 is retried for any verb, because the server did not process the request. But a PUT with a reserved slot replaces
    what people may change during the wait: its error is raised, later writes wait as the wiki asks, and the caller
    reads the page again. 5xx, lost connections and unreadable answers are retried for GET only: a write may have been
    committed although its answer was lost, so the gateway reads the page again instead. Once *stop* is set, no more
    requests are sent, and waits end with `StoppedError`. Sessions to one wiki share *has_answered*. *on_pause* is
    called before each wait for the wiki.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        write_limiter: RateLimiter,
        manners: Manners = PATIENT,
        redirects: RedirectRule | None = None,
        ca_bundle: Path | None = None,
        is_dry_run: bool = False,
        stop: threading.Event | None = None,
        has_answered: threading.Event | None = None,
        on_pause: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        super().__init__()
        self.auth = _Authorization(credentials.header)
        self.verify = str(ca_bundle) if ca_bundle else True
        self.headers["User-Agent"] = "wikibot"
        self.mount("https://", DeadlineAdapter())
        self.mount("http://", DeadlineAdapter())
        redact.add_account(credentials.user, credentials.token)
        self._write_limiter = write_limiter
        self._manners = manners
        self._redirects = redirects or RedirectRule("https://wiki.invalid")
        self._is_dry_run = is_dry_run
        self._stop = stop or threading.Event()
        self._has_answered = has_answered or threading.Event()
        self._on_pause = on_pause
        self._sleep = sleep
        self._now = now
        self._jitter = jitter

    def request(  # type: ignore[override]  # timeouts, redirects and verification are set by this session
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: str | bytes | None = None,
        json: object = None,
        **_ignored: Any,
    ) -> requests.Response:
        """Send a request with a JSON answer; the body of the answer is read before this method returns."""
        request = requests.Request(method.upper(), url, headers=dict(headers or {}), data=data, json=json)
        return self._persist(request)

    def resolve_redirects(self, *_args: Any, **_options: Any) -> Iterator[requests.Response]:
        """Yield no redirects: `requests` would look ahead even if told not to, and read a body without a size limit."""
        return iter(())

    def download(self, url: str, sink: Sink) -> int:
        """Write the bytes at *url* to *sink* and return their number.

        A redirect to another host is followed without credentials, if *redirects* allows the host.
        """
        counter = _CountingSink(sink)
        response = self._persist(requests.Request("GET", url), sink=counter)
        if not response.ok:
            words = said_by_wiki(response)
            said = f" ({words})" if words else ""
            raise WikiAnswerError(f"downloading {shorten_address(url)}: the wiki answered {response.status_code}{said}")
        return counter.size_bytes

    def _persist(self, request: requests.Request, *, sink: "_CountingSink | None" = None) -> requests.Response:
        is_write = request.method not in _SAFE_METHODS
        if is_write and self._is_dry_run:
            raise WritesForbiddenError(
                f"a dry run tried to {request.method} {shorten_address(request.url)}; nothing was sent"
            )
        for tries_made in itertools.count(1):
            is_reserved = is_write and self._write_limiter.wait()
            raise_if_stopping(self._stop)
            try:
                response = self._try(request, sink)
            except TransientError as failure:
                is_limited = isinstance(failure.error, RateLimitedError)
                if is_limited:
                    self._has_answered.set()
                if tries_made >= self._max_tries or (is_write and not is_limited):
                    raise failure.error from failure
                pause = self._length_of_pause(request, failure, tries_made=tries_made)
                if is_reserved and request.method == "PUT":
                    self._write_limiter.postpone(pause)
                    raise _worth_waiting(failure.error) from failure
                self._on_pause()
                self._sleep(pause)
                continue
            self._has_answered.set()
            return response
        raise AssertionError("unreachable: the last try returns or raises")

    @property
    def _max_tries(self) -> int:
        is_first_contact = self._manners.reports_at_once and not self._has_answered.is_set()
        return 1 if is_first_contact else self._manners.tries

    def _length_of_pause(self, request: requests.Request, failure: TransientError, *, tries_made: int) -> float:
        manners = self._manners
        if failure.retry_after is not None:
            if failure.retry_after > manners.longest_retry_after_seconds:
                raise failure.error from failure
            pause = max(failure.retry_after, _SHORTEST_PAUSE_SECONDS)
        else:
            pause = min(manners.first_pause_seconds * 2 ** (tries_made - 1), manners.longest_pause_seconds)
            pause *= 0.75 + 0.5 * self._jitter()
        logger.warning(
            "{} {}: {}; trying again in {:.0f} s", request.method, shorten_address(request.url), failure, pause
        )
        return pause

    def _try(self, request: requests.Request, sink: "_CountingSink | None") -> requests.Response:
        """Make one attempt; raises `TransientError` for temporary failures."""
        about = f"{request.method} {shorten_address(request.url)}"
        try:
            response = self._follow(request, sink)
        except EgressError as error:
            raise WikiAnswerError(f"{about}: the redirect of the wiki {error}") from error
        except requests.exceptions.SSLError as error:
            raise WikiUnreachableError(f"{shorten_address(request.url)}: {describe_tls_failure(error)}") from error
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            if (advice := find_proxy_refusal(error)) is not None:
                raise WikiUnreachableError(f"{about}: {advice}") from error
            reason = describe_loss(error)
            lost = WikiUnreachableError(f"{about}: {reason}; check wiki.url and the network")
            raise TransientError(lost, reason=reason) from error
        except requests.exceptions.ContentDecodingError as error:
            reason = "the answer is damaged"
            raise TransientError(WikiAnswerError(f"{about}: {reason}"), reason=reason) from error
        except requests.RequestException as error:
            raise WikiUnreachableError(f"{shorten_address(request.url)}: {redact(str(error))}") from error
        self._raise_for_pause(response, about, is_write=request.method not in _SAFE_METHODS)
        if sink is None and response.ok and response.content and not _is_html(response) and not _is_json(response):
            reason = "the answer is not complete JSON"
            raise TransientError(WikiAnswerError(f"{about}: {reason}"), reason=reason)
        return response

    def _raise_for_pause(self, response: requests.Response, about: str, *, is_write: bool) -> None:
        """Raise `TransientError` for a temporary refusal: 429, and 5xx unless its message says otherwise."""
        status = response.status_code
        if status != requests.codes.too_many_requests and status < requests.codes.server_error:
            return
        retry_after = parse_retry_after(response.headers.get("Retry-After"), now=self._now())
        error = refusal(response, about, is_write=is_write)
        match error:
            case RateLimitedError():
                error = RateLimitedError(
                    str(error) + ("" if retry_after is None else f"; try again in {retry_after:.0f} s"),
                    retry_after_seconds=retry_after,
                )
                error.status = status
            case WikiUnreachableError():
                pass
            case _:
                return
        raise TransientError(error, reason=f"the wiki answered {status}", retry_after=retry_after)

    def _follow(self, request: requests.Request, sink: "_CountingSink | None") -> requests.Response:
        home = _origin(request.url)
        url = request.url
        for _hop in range(_MAX_HOPS):
            hop = requests.Request(request.method, url, headers=request.headers, data=request.data, json=request.json)
            response = self._exchange(hop, is_home=_origin(url) == home, sink=sink)
            if not response.is_redirect:
                return response
            url = _redirected(url, response.headers["Location"])
            if _is_login(url):
                raise AuthenticationError(
                    f"{shorten_address(request.url)}: the wiki redirects to a login page; check user and token"
                )
            if request.method not in _SAFE_METHODS or (_origin(url) != home and sink is None):
                target = shorten_address(url)
                raise WikiAnswerError(
                    f"{shorten_address(request.url)}: the wiki redirects to {target}; set wiki.url to its real address"
                )
        raise WikiAnswerError(f"{shorten_address(request.url)}: more than {_MAX_HOPS} redirects")

    def _exchange(self, request: requests.Request, *, is_home: bool, sink: "_CountingSink | None") -> requests.Response:
        """Send once and read the whole answer within the deadline; only the home host gets credentials and cookies."""
        manners = self._manners
        if is_home:
            prepared = self.prepare_request(request)
        else:
            request.auth = _Authorization(None)
            request.headers = {**request.headers, "User-Agent": str(self.headers["User-Agent"])}
            prepared = request.prepare()
        settings: dict[str, Any] = dict(self.merge_environment_settings(prepared.url or "", {}, True, None, None))
        if self.verify is not True:
            settings["verify"] = self.verify  # a configured bundle takes precedence over the environment
        seconds = manners.total_seconds if sink is None else manners.download_seconds
        too_late = f"no complete answer within {seconds:.0f} s"
        with Deadline(seconds) as deadline, self._guard(request.url, settings["proxies"], is_home=is_home):
            try:
                response = self.send(
                    prepared,
                    timeout=(manners.connect_seconds, manners.read_seconds),
                    allow_redirects=False,
                    **settings,
                )
                is_file = sink is not None and response.ok and not response.is_redirect
                if sink is not None and is_file:
                    _copy(response, sink, manners.max_download_bytes)
                else:
                    _read(response, manners.max_answer_bytes)
            except (OSError, requests.RequestException) as error:
                if deadline.has_passed:
                    raise requests.Timeout(too_late) from error
                raise
        if deadline.has_passed:
            raise requests.Timeout(too_late)
        return response

    @contextmanager
    def _guard(self, url: str, proxies: Mapping[str, str], *, is_home: bool) -> Iterator[None]:
        """Apply the rule of redirects to a request that leaves the host of the wiki; raises `EgressError`."""
        if is_home:
            yield
            return
        self._redirects.check(url, is_proxied=bool(select_proxy(url, proxies)))
        token = peer_rule.set(self._redirects)
        try:
            yield
        finally:
            peer_rule.reset(token)


class _CountingSink:
    """Counts the bytes that go to another sink; each new attempt begins at zero."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self.size_bytes = sink, 0

    def restart(self) -> None:
        self._sink.restart()
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        self._sink.write(data)
        self.size_bytes += len(data)


def _copy(response: requests.Response, sink: _CountingSink, max_bytes: int) -> None:
    """Copy the body to *sink*, but no more than *max_bytes*."""
    sink.restart()
    for piece in response.iter_content(_CHUNK_BYTES):
        sink.write(piece)
        if sink.size_bytes > max_bytes:
            response.close()
            raise WikiAnswerError(f"{shorten_address(response.url)}: the file is larger than {max_bytes} bytes")


def _worth_waiting(error: WikiError) -> WikiError:
    if isinstance(error, RateLimitedError):
        error.is_worth_waiting = True
    return error


def _read(response: requests.Response, max_bytes: int) -> None:
    """Read the whole body into the response, as `requests` would, but no more than *max_bytes*."""
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_content(_CHUNK_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            response.close()
            raise WikiAnswerError(f"{shorten_address(response.url)}: the answer is larger than {max_bytes} bytes")
    response._content = b"".join(pieces)  # noqa: SLF001 -- requests has no public way to cap the size of a body
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 -- as above


def _is_json(response: requests.Response) -> bool:
    try:
        response.json()
    except ValueError:
        return False
    return True


def _is_html(response: requests.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "") or response.content.lstrip()[:1] == b"<"


def _is_login(url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname == "id.atlassian.com" or _LOGIN_PATH.search(parts.path) is not None


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        _origin(target)
    except ValueError as error:
        raise WikiAnswerError(f"{shorten_address(url)}: the wiki redirects to an invalid address") from error
    return target


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
