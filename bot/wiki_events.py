"""What the wiki reports over HTTP: a page was changed. The next run of the job `sync` then begins now.

The schedule stays, so an event that is lost costs nothing but time.
"""

import hashlib
import hmac
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from bot.log import logger
from bot.plural import counted

MAX_BYTES = 64 * 1024
_GATHER_SECONDS = 2.0
_CALM_SECONDS = 15.0
"""The first event waits this long for others; after a run was asked for, the next one is asked for this much later."""
_MAX_AGE_SECONDS = 600.0
_REMEMBERED = 1_000
_PER_MINUTE, _BAD_PER_MINUTE = 300, 20
_MINUTE = 60.0
_SIGNATURE, _SECRET = "X-Hub-Signature", "X-Wikibot-Secret"


@dataclass(frozen=True, slots=True)
class WikiEvent:
    """The page that an event is about; *version* is 0 if the event does not say."""

    page: str
    space: str = ""
    version: int = 0


class WikiEvents:
    """Takes events that have the secret, gathers them, and calls *look* with the pages.

    *find_secret* returns the secret of now; while it is empty, nobody is heard. *is_ours* returns whether an event is
    about something that the bot has to look at. *clock* is that of the wall, in seconds.
    """

    def __init__(
        self,
        find_secret: Callable[[], str],
        look: Callable[[list[str]], None],
        is_ours: Callable[[WikiEvent], bool],
        *,
        clock: Callable[[], float] = time.time,
        gather_seconds: float = _GATHER_SECONDS,
        calm_seconds: float = _CALM_SECONDS,
    ) -> None:
        self._find_secret, self._look, self._is_ours, self._clock = find_secret, look, is_ours, clock
        self._gather_seconds, self._calm_seconds = gather_seconds, calm_seconds
        self._lock = threading.Lock()
        self._pages: dict[str, None] = {}
        self._timer: threading.Timer | None = None
        self._last_look = -calm_seconds
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._tries: dict[bool, list[float]] = {False: [], True: []}

    def take(self, body: bytes, headers: Mapping[str, str]) -> tuple[HTTPStatus, str]:
        """Return the answer to a request: its status and a short text."""
        if self._is_too_often(is_good=False, most=_BAD_PER_MINUTE, counts=False):
            return HTTPStatus.TOO_MANY_REQUESTS, "too many requests with a wrong secret"
        if len(body) > MAX_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_BYTES // 1024} KB"
        refused = self._check_secret(body, headers)
        if refused is not None:
            self._is_too_often(is_good=False, most=_BAD_PER_MINUTE)
            return refused
        if self._is_too_often(is_good=True, most=_PER_MINUTE):
            return HTTPStatus.TOO_MANY_REQUESTS, "too many events; the schedule covers them"
        try:
            content = json.loads(body)
            moment = _moment_of(content)
            event = _read(content)
        except (TypeError, ValueError, RecursionError):
            return HTTPStatus.BAD_REQUEST, "this is no event; see docs/events.md"
        if moment is not None and abs(self._clock() - moment) > _MAX_AGE_SECONDS:
            return HTTPStatus.FORBIDDEN, "the event is too old, or a clock is wrong"
        if event is None:
            return HTTPStatus.OK, "well received; it names no page"
        if moment is not None and self._is_repeated(body):
            return HTTPStatus.OK, "known already"
        if not self._is_ours(event):
            return HTTPStatus.OK, "not a page of this bot, or a version that it knows"
        self._gather(event.page)
        return HTTPStatus.ACCEPTED, "the bot looks at the page"

    def stop(self) -> None:
        """Forget the events that wait."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()

    def _check_secret(self, body: bytes, headers: Mapping[str, str]) -> tuple[HTTPStatus, str] | None:
        own, signature, secret = self._find_secret().strip(), headers.get(_SIGNATURE), headers.get(_SECRET)
        if not own:
            return HTTPStatus.FORBIDDEN, "the bot has no secret for events"
        if signature is not None:
            given = signature.strip().removeprefix("sha256=").lower()
            wanted = hmac.new(own.encode(), body, hashlib.sha256).hexdigest()
        elif secret is not None:
            given, wanted = secret.strip(), own
        else:
            return HTTPStatus.UNAUTHORIZED, f"{_SIGNATURE} or {_SECRET} is missing"
        if hmac.compare_digest(given.encode(), wanted.encode()):
            return None
        return HTTPStatus.FORBIDDEN, "the signature or the secret is wrong"

    def _is_too_often(self, *, is_good: bool, most: int, counts: bool = True) -> bool:
        now = time.monotonic()
        with self._lock:
            tries = [moment for moment in self._tries[is_good] if now - moment < _MINUTE]
            if len(tries) >= most:
                return True
            if counts:
                tries.append(now)
            self._tries[is_good] = tries
            return False

    def _is_repeated(self, body: bytes) -> bool:
        digest = hashlib.sha256(body).digest()
        with self._lock:
            if digest in self._seen:
                return True
            self._seen[digest] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            return False

    def _gather(self, page: str) -> None:
        with self._lock:
            self._pages[page] = None
            if self._timer is not None:
                return
            wait = max(self._gather_seconds, self._last_look + self._calm_seconds - time.monotonic())
            self._timer = threading.Timer(wait, self._look_now)
            self._timer.daemon = True
            self._timer.start()

    def _look_now(self) -> None:
        with self._lock:
            pages, self._pages, self._timer = list(self._pages), {}, None
            self._last_look = time.monotonic()
        logger.info("the wiki reports changes of {}", counted(len(pages), "page"))
        self._look(pages)


def _moment_of(content: object) -> float | None:
    """Return when the event happened, in seconds: `timestamp` has milliseconds."""
    found = content.get("timestamp") if isinstance(content, dict) else None
    return found / 1000 if isinstance(found, int | float) and not isinstance(found, bool) else None


def _read(content: object) -> WikiEvent | None:
    """Return the page of an event of Data Center, or of a rule of Cloud; None if it names none, as in a test.

    Raises `TypeError` if the content is no event.
    """
    if not isinstance(content, dict):
        raise TypeError("not an object")
    page = content.get("page")
    if isinstance(page, dict):
        version = page.get("version")
        number = version if isinstance(version, int) else 0
        return WikiEvent(_text(page.get("id")), _text(page.get("spaceKey") or content.get("space")), number)
    if isinstance(page, str | int) and not isinstance(page, bool):
        return WikiEvent(_text(page), _text(content.get("space")))
    return None


def _text(value: object) -> str:
    text = str(value) if isinstance(value, str | int) else ""
    return text if len(text) <= 255 else ""
