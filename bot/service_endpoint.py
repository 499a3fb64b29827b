"""What `wikibot run` answers over HTTP: `/healthz`, `/readyz`, `/metrics`, and `/hooks/wiki` to the wiki."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug import Request, Response

from bot.config.policy import name_jobs
from bot.errors import BotError, SettingsError
from bot.history import JobRequest, RunHistory
from bot.live_schedule import LiveSchedule
from bot.log import logger
from bot.notify.concern import HealthLevel
from bot.operations.health import Health, read_health
from bot.plural import counted
from bot.site_address import recognise
from bot.web_server import WebServer, listen_on
from bot.wiki_events import MAX_BYTES, WikiEvent, WikiEvents

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_LONGEST_SILENCE_SECONDS = 60.0
"""After so long without a sign of life of the scheduler's loop, the process counts as dead."""
_THREADS = 2
HOOK = "/hooks/wiki"


class ServiceEndpoint:
    """The application; all it says comes from the state folder and from the scheduler of this process."""

    def __init__(self, live: LiveSchedule, history: RunHistory) -> None:
        self._live, self._history = live, history
        self._views: dict[str, Callable[[], Response]] = {
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }
        self._events = WikiEvents(self._find_secret, self._ask, self._is_ours)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, as WSGI says."""
        return self._answer(Request(environ))(environ, start_response)

    def close(self) -> None:
        """Forget the events of the wiki that wait."""
        self._events.stop()

    def _answer(self, request: Request) -> Response:
        if request.path == HOOK and self._find_secret():
            return self._take_event(request)
        view = self._views.get(request.path)
        if view is None:
            return _text(HTTPStatus.NOT_FOUND, f"here are {', '.join(self._views)}\n")
        if request.method not in ("GET", "HEAD"):
            return Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"})
        try:
            return view()
        except BotError as error:
            logger.error("{} cannot be answered: {}", request.path, error)
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, "the state of the bot cannot be read; its log says why\n")

    def _find_secret(self) -> str:
        secret = self._live.runtime.settings.service.hook_secret
        return "" if secret is None else secret.get_secret_value()

    def _take_event(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        status, text = self._events.take(request.stream.read(MAX_BYTES + 1), dict(request.headers))
        answer = _text(status, f"{text}\n")
        if status is HTTPStatus.TOO_MANY_REQUESTS:
            answer.headers["Retry-After"] = "60"
        return answer

    def _ask(self, pages: list[str]) -> None:
        """Have each `sync` job run now; an error is logged, because the schedule stays."""
        try:
            for name, job in name_jobs(self._live.runtime.settings.jobs):
                if job.run == "sync":
                    self._history.ask_for(JobRequest(name, f"the wiki ({counted(len(pages), 'page')})", self._now()))
        except BotError as error:
            logger.warning("what the wiki reported waits for the schedule: {}", error)

    def _is_ours(self, event: WikiEvent) -> bool:
        """Return whether the bot has something to look at: a page of its spaces, and no version that it knows."""
        runtime = self._live.runtime
        try:
            known = runtime.folders.known_versions(recognise(runtime.settings.wiki.url).url).get(event.page)
            if known is not None:
                return event.version == 0 or event.version > known
            spaces = {workspace.load_data_file().data.workspace.space for workspace in runtime.configured_workspaces}
        except BotError:
            return True  # the job reports the error
        return not event.space or event.space in spaces

    def _now(self) -> datetime:
        return self._live.runtime.clock()

    def _alive(self) -> Response:
        silence = time.monotonic() - self._live.scheduler.last_sign_of_life
        if silence > _LONGEST_SILENCE_SECONDS:
            return _text(HTTPStatus.SERVICE_UNAVAILABLE, f"no sign of life for {silence:.0f} s\n")
        return _text(HTTPStatus.OK, "ok\n")

    def _ready(self) -> Response:
        health = self._read()
        is_ready = health.level < HealthLevel.FAILING
        return _text(HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE, f"{health.level.word}\n")

    def _metrics(self) -> Response:
        from bot.operations.metrics import CONTENT_TYPE, render_metrics

        return Response(render_metrics(self._read()), content_type=CONTENT_TYPE)

    def _read(self) -> Health:
        runtime = self._live.runtime
        return read_health(
            runtime.settings.jobs,
            runtime.configured_workspaces,
            runtime.folders,
            self._history,
            now=runtime.clock(),
            trouble=self._live.trouble,
        )


@contextmanager
def answering(live: LiveSchedule, history: RunHistory) -> Iterator[str | None]:
    """Answer while the block runs, if `service.listen` is set; yields the address.

    Raises `SettingsError` if the port is taken.
    """
    settings = live.runtime.settings
    if settings.service.place is None:
        yield None
        return
    host, port = settings.service.place
    try:
        listener = listen_on(host, port)
    except OSError as error:
        where = settings.locate(("service",), ("listen",))
        raise SettingsError(f"{where}: the bot cannot listen on {host}, port {port}: {error.strerror}") from error
    endpoint = ServiceEndpoint(live, history)
    limit = {"max_request_body_size": MAX_BYTES}
    with listener, closing(endpoint), WebServer(endpoint, listener, name="service", threads=_THREADS, **limit):
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{listener.getsockname()[1]}"


def _text(status: HTTPStatus, text: str) -> Response:
    return Response(text, status=status, mimetype="text/plain", headers={"Cache-Control": "no-store"})
