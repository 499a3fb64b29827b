"""Convert pages on the workers of a Dask cluster; needs the extra `wikibot[dask]`."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from types import NoneType
from typing import Any, ParamSpec, TypeVar

from bot.errors import SettingsError, SnapshotError
from bot.operations.isolating_pool import copy_result
from bot.snapshot.capture.rendition import CONVERTER

_P = ParamSpec("_P")
_T = TypeVar("_T")
_RETRIES = 2
_CONNECT_SECONDS = 30


class DaskPool(Executor):
    """Runs calls on a cluster.

    The scheduler repeats a call whose worker died. It cannot know which of the calls on a worker ended it, so it gives
    up some that are innocent (`KilledWorker`, see `distributed.scheduler.allowed-failures`), or reports their result as
    an error. Each call that fails is made once more while nothing else runs. If it ends its workers then, too, it fails
    with `BrokenExecutor`.
    """

    def __init__(self, client: Any) -> None:
        self._executor: Executor = client.get_executor(pure=False, retries=_RETRIES)
        self._again = ThreadPoolExecutor(1, thread_name_prefix="convert-again")
        self._changed = threading.Condition()
        self._running = self._suspects = 0

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run *fn* on one of the workers; waits while a call is made alone."""
        call = partial(_call, CONVERTER, fn, args, kwargs)
        outer: Future[_T] = Future()
        with self._changed:
            self._changed.wait_for(lambda: not self._suspects)
            self._running += 1
        try:
            inner = self._executor.submit(call)
        except BaseException:
            self._finish_one()
            raise
        inner.add_done_callback(lambda done: self._settle(outer, call, done))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the use of the cluster; the workers stay."""
        self._again.shutdown(wait and not cancel_futures, cancel_futures=cancel_futures)
        self._executor.shutdown(wait and not cancel_futures)

    def _settle(self, outer: Future[_T], call: Callable[[], _T], done: Future[_T]) -> None:
        is_suspect = _has_failed(done)
        self._finish_one(new_suspects=int(is_suspect))
        if is_suspect:
            self._again.submit(self._call_alone, outer, call)
        else:
            _copy(done, outer)

    def _finish_one(self, *, new_suspects: int = 0) -> None:
        with self._changed:
            self._running -= 1
            self._suspects += new_suspects
            self._changed.notify_all()

    def _call_alone(self, outer: Future[_T], call: Callable[[], _T]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._running)
        try:
            done = self._executor.submit(call)
            wait((done,))
            if _ended_workers(done):
                outer.set_exception(BrokenExecutor("it ended several workers of the cluster"))
            else:
                _copy(done, outer)
        except BaseException as error:  # noqa: BLE001 -- as in every executor: `result()` raises it
            outer.set_exception(error)
        finally:
            with self._changed:
                self._suspects -= 1
                self._changed.notify_all()


@contextmanager
def open_dask_pool(scheduler: str) -> Iterator[Executor]:
    """Yield an executor on the cluster whose scheduler has this address; raises `SettingsError`."""
    try:
        from distributed import Client
    except ImportError as error:
        raise SettingsError("snapshots.executor: dask needs more packages: `pip install 'wikibot[dask]'`") from error
    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SettingsError(f"snapshots.scheduler: {scheduler} cannot be reached: {error}") from error
    with client, DaskPool(client) as pool:
        yield pool


def _call(converter: str, fn: Callable[..., _T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _T:
    """Run *fn* on a worker, which must have the converter of the bot, or its Markdown could be another one."""
    if converter != CONVERTER:
        raise SnapshotError(
            f"a worker of the cluster has {CONVERTER}, and this wikibot has {converter}; install the same release"
        )
    return fn(*args, **kwargs)


def _has_failed(done: Future[Any]) -> bool:
    """Return whether a call is repeated alone: if a worker ends just then, the error of a good call is of any type."""
    return not done.cancelled() and not isinstance(done.exception(), CancelledError | NoneType)


def _ended_workers(done: Future[Any]) -> bool:
    from distributed import KilledWorker

    return not done.cancelled() and isinstance(done.exception(), KilledWorker)


def _copy(done: Future[_T], outer: Future[_T]) -> None:
    if done.cancelled() or isinstance(done.exception(), CancelledError):
        outer.set_exception(SnapshotError("the connection to the Dask scheduler was lost; run the capture again"))
    else:
        copy_result(done, outer)
