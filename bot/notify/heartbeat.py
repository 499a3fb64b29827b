"""Heartbeats: a monitor gets a request at the start and the end of each job, and raises an alarm if they do not come.

The manner is that of healthchecks.io (https://healthchecks.io/docs/http_api/): POST to the address, to `/start` and to
`/fail` below it, with a short text.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

from bot.errors import NotifyError
from bot.history import Run, RunOutcome
from bot.log import logger
from bot.notify.outbox import Outbox
from bot.wiki.plain_request import host_of, send

_SECONDS = 10.0
_TRIES = 2


class Heartbeats:
    """Sends a heartbeat for each run of a job; *find_address* returns the secret address for a kind of job."""

    def __init__(self, find_address: Callable[[str], str | None], outbox: Outbox) -> None:
        self._find_address = find_address
        self._outbox = outbox

    def begun(self, run: Run) -> None:
        """Send that a job has begun."""
        self._put(run, "/start", "")

    def ended(self, run: Run) -> None:
        """Send that a job has ended; a job that was stopped in order has not failed."""
        is_failure = run.outcome in (RunOutcome.FAILED, RunOutcome.INTERRUPTED)
        took = (run.finished or run.started) - run.started
        # Titles of pages and names of people stay here: the monitor is often a service of others.
        text = f"{run.job}, run {run.id}: {run.outcome}, {took / timedelta(seconds=1):.1f} s\n"
        self._put(run, "/fail" if is_failure else "", text)

    def _put(self, run: Run, ending: str, text: str) -> None:
        address = self._find_address(run.job.partition(" ")[0])
        if address is not None:
            self._outbox.put(lambda: _send(run.job, address.rstrip("/") + ending, text))


def _send(job: str, url: str, text: str) -> None:
    for tries_left in reversed(range(_TRIES)):
        try:
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            answer = send("POST", url, text.encode(), headers, error=NotifyError, deadline_seconds=_SECONDS)
        except NotifyError as error:
            if not tries_left:
                raise NotifyError(f"the heartbeat of job {job} was not sent: {error}") from error
            continue
        if answer.is_ok:
            logger.debug("heartbeat of job {} sent to {}", job, host_of(url))
            return
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR or not tries_left:
            raise NotifyError(f"the heartbeat of job {job} was refused: {host_of(url)} answers {answer.status}")
