"""A process pool that survives the death of a worker, and finds the call that ends its worker."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class IsolatingPool(Executor):
    """Runs calls in *workers* processes.

    If a process dies, nobody knows which of the unfinished calls ended it. Each of them is made again, one at a time,
    in a process without other calls. A call that ends this process too fails with `BrokenExecutor`.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = _new_pool(workers)
        self._lone: ProcessPoolExecutor | None = None
        self._again = ThreadPoolExecutor(1, thread_name_prefix="convert-again")

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run *fn* in one of the processes."""
        call = partial(fn, *args, **kwargs)
        outer: Future[_T] = Future()
        try:
            inner = self._pool.submit(call)
        except BrokenExecutor:
            self._pool.shutdown(wait=False)
            self._pool = _new_pool(self._workers)
            inner = self._pool.submit(call)
        inner.add_done_callback(lambda done: self._settle(outer, call, done))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all processes."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
        self._again.shutdown(wait, cancel_futures=cancel_futures)
        if self._lone is not None:
            self._lone.shutdown(wait)

    def _settle(self, outer: Future[_T], call: Callable[[], _T], done: Future[_T]) -> None:
        if not done.cancelled() and isinstance(done.exception(), BrokenExecutor):
            self._again.submit(self._call_alone, outer, call)
        else:
            copy_result(done, outer)

    def _call_alone(self, outer: Future[_T], call: Callable[[], _T]) -> None:
        self._lone = self._lone or _new_pool(1)
        try:
            outer.set_result(self._lone.submit(call).result())
        except BrokenExecutor:
            self._lone = None
            outer.set_exception(BrokenExecutor("it ended two processes of the converter"))
        except BaseException as error:  # noqa: BLE001 -- as in every executor: `result()` raises it
            outer.set_exception(error)


def copy_result(done: Future[Any], outer: Future[Any]) -> None:
    """End *outer* as *done* ended."""
    if done.cancelled():
        outer.cancel()
        outer.set_running_or_notify_cancel()
    elif (error := done.exception()) is not None:
        outer.set_exception(error)
    else:
        outer.set_result(done.result())


def _new_pool(workers: int) -> ProcessPoolExecutor:
    # Not forked: this process has threads, and a fork copies their locks but not the threads.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
