"""Requests to other services that no job waits for: sent one after another, in a thread of their own."""

import queue
import threading
import time
from collections.abc import Callable

from bot.errors import BotError
from bot.log import logger

_MOST_WAITING = 100


class Outbox:
    """Sends in the order in which sendings are put in; when 100 wait, further ones are dropped with a warning."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Callable[[], None]] = queue.Queue(_MOST_WAITING)
        self._thread: threading.Thread | None = None

    def put(self, send: Callable[[], None]) -> None:
        """Have *send* called soon; its `BotError` is logged."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait(send)
        except queue.Full:
            logger.warning("{} messages to other services are waiting already; one is dropped", _MOST_WAITING)

    def finish(self, seconds: float) -> None:
        """Wait until all is sent, but no longer than *seconds*."""
        deadline = time.monotonic() + seconds
        with self._waiting.all_tasks_done:
            while self._waiting.unfinished_tasks and (left := deadline - time.monotonic()) > 0:
                self._waiting.all_tasks_done.wait(left)

    def _work(self) -> None:
        while True:
            send = self._waiting.get()
            try:
                send()
            except BotError as error:
                logger.warning("{}", error)
            except Exception as error:  # noqa: BLE001 -- one message must not prevent the next
                logger.opt(exception=error).error("a message to another service could not be sent")
            finally:
                self._waiting.task_done()
