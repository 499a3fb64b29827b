"""The HTTP session under the gateway: sign-in, retries, rate limit, deadlines, dry runs, redirects, redaction."""

import itertools
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy
from urllib3.util import Timeout

from bot.egress import EgressError, RedirectRule, guarded
from bot.errors import (
    AuthenticationError,
    RateLimitedError,
    WikiAnswerError,
    WikiError,
    WikiUnreachableError,
    WritesForbiddenError,
)
from bot.log import logger, redact
from bot.site_address import origin
from bot.stopping import Stop, raise_if_stopping
from bot.wiki.credentials import SignIn
from bot.wiki.deadline import Deadline, DeadlineAdapter
from bot.wiki.failures import (
    TransientError,
    describe_loss,
    describe_unreached,
    is_proxy_refusal,
    is_proxy_silence,
    parse_retry_after,
    refusal,
    said_by_wiki,
    shorten_address,
)
from bot.wiki.gateway import Sink
from bot.wiki.pause import Pause
from bot.wiki.proxies import Proxy, as_proxies, find_proxy
from bot.wiki.read_pace import ReadPace
from bot.wiki.tls import ClientCertificate, describe_tls_failure, find_tls_error, make_context
from bot.wiki.traffic import TRAFFIC
from bot.wiki.wiki_clock import WikiClock

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_CONVERSION = re.compile(r"/rest/api/contentbody/convert/(?:view|async/export_view)/?\Z")
"""The paths of the requests that convert a text to HTML: each is a POST, and changes nothing on the wiki."""
_PLAIN_URL = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/(?!\.)(?:[\w?&=~,:@+.-]++|%[0-9A-F]{2})*+)++", re.ASCII)
"""Addresses that `requests` would leave as they are; most of the time for a request would go into the check."""
_CHUNK_BYTES = 64 * 1024
_MOST_VALUES = 1_000_000
"""Texts, lists and objects in an answer; the largest listings have about 50,000. A value takes up to 200 bytes."""
_VALUE = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{\[,]', re.DOTALL)
"""A text of JSON, also one without an end, or what begins another value."""
_MAX_HOPS = 5
_OLDEST_SECONDS = 60
"""Age of an answer that is accepted: a request may take as long."""
_AGE_DIGITS = 10
_SHORTEST_PAUSE_SECONDS = 1.0
_LOGIN_PATH = re.compile(
    r"/(?:login|log-in|signin|sign-in|authenticate|saml2?|sso|oauth2?)(?:\.(?:action|jsp|aspx?|php|html?))?(?:/|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Network:
    """How the wiki is reached: trusted authorities, client certificate, proxy, headers of a company network.

    *headers* and *certificate* are for the host of *home* only. *pause* remembers how long the wiki asked to wait, and
    *pace* slows the requests of all threads while the limit of the wiki is near.
    """

    home: str = ""
    download_hosts: tuple[str, ...] = ()
    ca_bundle: Path | None = None
    certificate: ClientCertificate | None = None
    proxy: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    pause: Pause = field(default_factory=Pause)
    pace: ReadPace = field(default_factory=ReadPace)
    _contexts: dict[bool, ssl.SSLContext] = field(default_factory=dict, init=False, repr=False, compare=False)

    def context(self, *, is_home: bool) -> ssl.SSLContext:
        """Return the TLS context for the wiki or for another host; the sessions of all threads share it."""
        if is_home not in self._contexts:
            self._contexts[is_home] = make_context(self.ca_bundle, self.certificate if is_home else None)
        return self._contexts[is_home]


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


def _raise_for_age(response: requests.Response, about: str) -> None:
    """Raise `TransientError` for an answer that was kept by a cache which asks the wiki for nothing (RFC 9111, 5.1).

    A capture could take it for the state of the wiki, and an edit could be compared with it. Files are as they were.
    """
    age = response.headers.get("Age", "")
    seconds = int(age[:_AGE_DIGITS]) if age.isdecimal() else 0
    if seconds > _OLDEST_SECONDS:
        problem = f"a cache between the bot and the wiki gave an answer that is {seconds} s old"
        advice = "though the bot asked for a new one (Cache-Control: no-cache); exclude the wiki from the cache"
        raise TransientError(WikiAnswerError(f"{about}: {problem}, {advice}"), reason=problem)


def _openly(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authorize a request without credentials: change nothing."""
    return request


class WikiSession(requests.Session):
    """A `requests` session with retries, rate limit and deadlines.

    Caches are asked not to answer: a change that they hide would be missing in a capture, and a page would be compared
    with an old text before it is written.

    429 is retried for any verb, because the server did not process the request. But a PUT with a reserved slot replaces
    what people may change during the wait: its error is raised, later writes wait as the wiki asks, and the caller
    reads the page again. 5xx, lost connections and unreadable answers are retried for GET only: a write may have been
    committed although its answer was lost, so the gateway reads the page again instead. Once *stop* is set, no more
    requests are sent, and waits end with `StoppedError`. Sessions to one wiki share *has_answered*. *on_pause* is
    called before each wait for the wiki. *clock* learns the time of the wiki.
    """

    def __init__(
        self,
        credentials: SignIn,
        *,
        write_limiter: RateLimiter,
        manners: Manners = PATIENT,
        network: Network | None = None,
        is_dry_run: bool = False,
        stop: Stop | None = None,
        has_answered: threading.Event | None = None,
        on_pause: Callable[[], None] = lambda: None,
        clock: WikiClock | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        super().__init__()
        self.headers["User-Agent"] = "wikibot"
        self.headers["Cache-Control"] = "no-cache"  # a cache asks the wiki before it answers (RFC 9111, 5.2.1.4)
        self.headers.pop("Connection")  # HTTP/1.1 keeps connections open without it
        self.mount("http://", DeadlineAdapter())
        self.adapters.pop("https://")  # `get_adapter` makes those for https when they are needed
        self._credentials = credentials
        self._network = network or Network()
        for secret in (*credentials.secrets, *self._network.headers.values()):
            redact.add_account(None, secret)
        self._checked_headers: tuple[dict[str, str] | None, CaseInsensitiveDict[str]] = (None, CaseInsensitiveDict())
        self._proxies: dict[tuple[str, str | None, int | None], Proxy | None] = {}
        self._write_limiter = write_limiter
        self._manners = manners
        self._timeout = Timeout(connect=manners.connect_seconds, read=manners.read_seconds)
        self._redirects = RedirectRule(self._network.home or "https://wiki.invalid", self._network.download_hosts)
        self._is_dry_run = is_dry_run
        self._stop = stop or threading.Event()
        self._has_answered = has_answered or threading.Event()
        self._on_pause = on_pause
        self._clock = clock or WikiClock()
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

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare *request* with what this session has: headers, cookies and credentials."""
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        if _PLAIN_URL.fullmatch(request.url):
            prepared.url = request.url
        else:
            prepared.prepare_url(request.url, {})
        prepared.headers = self._prepare_headers(request.headers)
        if self.cookies:
            prepared.prepare_cookies(self.cookies)
        if request.method not in _SAFE_METHODS:
            prepared.prepare_body(request.data, None, request.json)
        if request.auth is not _openly:  # not in `self.auth`: a cycle would keep connections open
            prepared.headers["Authorization"] = self._credentials.header(self._ask_openly)
        return prepared

    def _prepare_headers(self, headers: Mapping[str, str]) -> CaseInsensitiveDict[str]:
        """Return *headers* and those of this session; they are checked once, because most requests have the same.

        The copy is a plain dictionary, which `requests` and urllib3 read much faster; all names are written as here.
        """
        known, checked = self._checked_headers
        if known != headers:
            prepared = requests.PreparedRequest()
            prepared.prepare_headers({**self.headers, **headers})
            self._checked_headers = (known, checked) = (dict(headers), prepared.headers)
        return cast("CaseInsensitiveDict[str]", dict(checked))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send once, and remember cookies; without the hooks of `requests`, and without a look at redirects."""
        response = self.get_adapter(str(request.url)).send(request, stream=True, **options)
        if "Set-Cookie" in response.headers:
            extract_cookies_to_jar(self.cookies, request, response.raw)  # type: ignore[no-untyped-call]  # theirs
        return response

    def get_adapter(self, url: str) -> BaseAdapter:
        """Return the adapter for *url*; the client certificate is used for the host of the wiki only."""
        scheme, host, port = origin(url)
        if scheme != "https":
            return super().get_adapter(url)
        is_home = origin(self._network.home) == (scheme, host, port)
        prefix = f"{scheme}://{host}:{port}" if is_home else "https://"
        if prefix not in self.adapters:
            self.mount(prefix, DeadlineAdapter(self._network.context(is_home=is_home)))
        return self.adapters[prefix]

    def ask_openly(self, url: str) -> requests.Response:
        """Send a GET without credentials; return the answer, with any status."""
        return self._ask_openly(requests.Request("GET", url))

    def _ask_openly(self, request: requests.Request) -> requests.Response:
        request.auth = _openly
        return self._persist(request, is_sign_in=True)

    def probe(self, method: str, url: str) -> requests.Response:
        """Send a request that cannot change anything (its ids do not exist), also in a dry run."""
        return self._persist(requests.Request(method, url, json=None if method == "GET" else {}), is_sign_in=True)

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

    def _persist(
        self, request: requests.Request, *, sink: "_CountingSink | None" = None, is_sign_in: bool = False
    ) -> requests.Response:
        is_write = not is_read(request.method, request.url) and not is_sign_in
        if is_write and self._is_dry_run:
            raise WritesForbiddenError(
                f"a dry run tried to {request.method} {shorten_address(request.url)}; nothing was sent"
            )
        for tries_made in itertools.count(1):
            is_reserved = is_write and self._write_limiter.wait()
            raise_if_stopping(self._stop)
            if tries_made == 1:
                self._await_pause(shorten_address(request.url))
            try:
                response = self._try_signed_in(request, sink)
            except TransientError as failure:
                is_limited = isinstance(failure.error, RateLimitedError)
                if is_limited and failure.retry_after is not None:
                    self._network.pause.start(self._now(), failure.retry_after)
                if is_limited:
                    self._has_answered.set()
                if tries_made >= self._max_tries or (is_write and not is_limited):
                    raise failure.error from failure
                pause = self._length_of_pause(request, failure, tries_made=tries_made)
                if is_reserved and request.method == "PUT":
                    self._write_limiter.postpone(pause)
                    raise _worth_waiting(failure.error) from failure
                self._on_pause()
                TRAFFIC.waits(pause)
                self._sleep(pause)
                continue
            self._has_answered.set()
            if tries_made > 1:
                self._network.pause.end()
            return response
        raise AssertionError("unreachable: the last try returns or raises")

    def _await_pause(self, about: str) -> None:
        """Wait until the wiki takes requests again; raises `RateLimitedError` if that is too long."""
        seconds = self._network.pause.seconds_left(self._now())
        if seconds > self._manners.longest_retry_after_seconds:
            raise self._network.pause.refusal(about, self._now())
        if seconds > 0:
            TRAFFIC.waits(seconds)
            self._sleep(seconds)

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

    def _try_signed_in(self, request: requests.Request, sink: "_CountingSink | None") -> requests.Response:
        """Make one attempt, and another one with a new access token if the wiki refuses the current one."""
        if is_read(request.method, request.url):
            self._network.pace.wait(self._sleep)
        response = self._try(request, sink)
        self._network.pace.learn(response.headers, self._now())
        used = response.request.headers.get("Authorization")
        if response.status_code != requests.codes.unauthorized or not used or not self._credentials.renew(used):
            return response
        return self._try(request, sink)

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
            raise self._lost(error, about, request.url) from error
        except requests.exceptions.ContentDecodingError as error:
            reason = "the answer is damaged"
            raise TransientError(WikiAnswerError(f"{about}: {reason}"), reason=reason) from error
        except requests.RequestException as error:
            raise WikiUnreachableError(f"{shorten_address(request.url)}: {redact(str(error))}") from error
        if response.status_code == requests.codes.proxy_authentication_required and (proxy := self._proxy(request.url)):
            raise WikiUnreachableError(f"{about}: {proxy.explain_refusal()}")
        self._raise_for_pause(response, about, is_write=not is_read(request.method, request.url))
        if sink is None and request.auth is not _openly:
            _raise_for_age(response, about)
        if sink is None and response.ok and response.content and not _is_html(response) and not _is_json(response):
            reason = "the answer is not complete JSON"
            raise TransientError(WikiAnswerError(f"{about}: {reason}"), reason=reason)
        return response

    def _lost(self, error: requests.RequestException, about: str, url: str) -> Exception:
        """Return the error for a request without an answer; what a proxy refuses is not temporary."""
        proxy = self._proxy(url)
        if proxy is not None and is_proxy_refusal(error):
            return WikiUnreachableError(f"{about}: {proxy.explain_refusal()}")
        if find_tls_error(error) is not None:
            return WikiUnreachableError(f"{shorten_address(url)}: {describe_tls_failure(error)}")
        reason = describe_loss(error)
        advice = "" if proxy is not None and is_proxy_silence(error) else "; check wiki.url and the network"
        lost = WikiUnreachableError(f"{about}: {describe_unreached(error, proxy)}{advice}")
        return TransientError(lost, reason=reason)

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
        home = origin(request.url)
        hop = request
        for _hop in range(_MAX_HOPS):
            response = self._exchange(hop, is_home=origin(hop.url) == home, sink=sink)
            if not response.is_redirect:
                return response
            url = _redirected(hop.url, response.headers["Location"])
            if _is_login(url):
                raise AuthenticationError(
                    f"{shorten_address(request.url)}: the wiki redirects to a login page; check user and token"
                )
            if request.method not in _SAFE_METHODS or (origin(url) != home and sink is None):
                target = shorten_address(url)
                raise WikiAnswerError(
                    f"{shorten_address(request.url)}: the wiki redirects to {target}; set wiki.url to its real address"
                )
            hop = requests.Request(request.method, url, headers=request.headers, data=request.data, json=request.json)
            hop.auth = request.auth
        raise WikiAnswerError(f"{shorten_address(request.url)}: more than {_MAX_HOPS} redirects")

    def _exchange(self, request: requests.Request, *, is_home: bool, sink: "_CountingSink | None") -> requests.Response:
        """Send once and read the whole answer within the deadline; only the home host gets credentials and cookies."""
        manners = self._manners
        if is_home:
            prepared = self.prepare_request(request)
        else:
            request.auth = _openly
            request.headers = {**request.headers, "User-Agent": str(self.headers["User-Agent"])}
            prepared = request.prepare()
        if self._network.headers and origin(request.url) == origin(self._network.home):
            prepared.headers.update(self._network.headers)
        proxies = as_proxies(self._proxy(request.url))
        seconds = manners.total_seconds if sink is None else manners.download_seconds
        too_late = f"no complete answer within {seconds:.0f} s"
        response: requests.Response | None = None
        with Deadline(seconds) as deadline, self._guard(request.url, proxies, is_home=is_home):
            try:
                response = self.send(
                    prepared,
                    timeout=self._timeout,
                    proxies=proxies,
                )
                TRAFFIC.answered(request.method, response.status_code)
                is_file = sink is not None and response.ok and not response.is_redirect
                if sink is not None and is_file:
                    _copy(response, sink, manners.max_download_bytes)
                else:
                    _read(response, manners.max_answer_bytes)
            except (OSError, requests.RequestException) as error:
                if response is None:
                    TRAFFIC.answered(request.method, None)
                if deadline.has_passed:
                    raise requests.Timeout(too_late) from error
                raise
        if deadline.has_passed:
            raise requests.Timeout(too_late)
        if is_home:
            self._clock.note(response.headers.get("Date"), response.headers.get("Age"))
        return response

    def _proxy(self, url: str) -> Proxy | None:
        """Return the proxy for *url*; the environment is searched once for each host."""
        host = origin(url)
        if host not in self._proxies:
            self._proxies[host] = find_proxy(url, self._network.proxy)
        return self._proxies[host]

    def _guard(self, url: str, proxies: Mapping[str, str], *, is_home: bool) -> AbstractContextManager[None]:
        """Return the rule of redirects for a request that leaves the host of the wiki; it raises `EgressError`."""
        if is_home:
            return nullcontext()
        return guarded(self._redirects, url, is_proxied=bool(select_proxy(url, proxies)))


def is_read(method: str, url: str) -> bool:
    """Return whether a request changes nothing on the wiki: read-only runs may send it, and it may be repeated."""
    return method in _SAFE_METHODS or (method == "POST" and _CONVERSION.search(urlsplit(url).path) is not None)


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
    """Read the whole body into the response, as `requests` would, but no more than *max_bytes*.

    A plain body of a known length is read in one piece; one that is compressed may become longer.
    """
    length = None if "Content-Encoding" in response.headers else response.raw.length_remaining
    body = BytesIO()
    for piece in response.iter_content(_CHUNK_BYTES if length is None or length > max_bytes else None):
        body.write(piece)
        if body.tell() > max_bytes:
            response.close()
            raise WikiAnswerError(f"{shorten_address(response.url)}: the answer is larger than {max_bytes} bytes")
    content = body.getvalue()
    if _has_too_many_values(content):
        raise WikiAnswerError(f"{shorten_address(response.url)}: the answer has more than {_MOST_VALUES} values")
    response._content = content  # noqa: SLF001 -- requests has no public way to cap the size of a body
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 -- as above


def _has_too_many_values(body: bytes) -> bool:
    """Return whether JSON would take far more memory than its bytes: `[{},{},…` takes 25 times as much."""
    if len(body) <= _MOST_VALUES or sum(map(body.count, b'"[{,')) <= _MOST_VALUES:
        return False
    return next(islice(_VALUE.finditer(body), _MOST_VALUES, None), None) is not None


def _is_json(response: requests.Response) -> bool:
    try:
        response.json()
    except ValueError:
        return False
    return True


def _is_html(response: requests.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "") or response.content[:_CHUNK_BYTES].lstrip()[:1] == b"<"


def _is_login(url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname == "id.atlassian.com" or _LOGIN_PATH.search(parts.path) is not None


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        origin(target)
    except ValueError as error:
        raise WikiAnswerError(f"{shorten_address(url)}: the wiki redirects to an invalid address") from error
    return target
