"""Convert pages on the workers of a Dask cluster; needs the extra `wikibot[dask]`."""

from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
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

    The scheduler repeats a call whose worker died. A call that ended more workers than the scheduler allows
    (`distributed.scheduler.allowed-failures`) fails with `BrokenExecutor`.
    """

    def __init__(self, client: Any) -> None:
        self._executor: Executor = client.get_executor(pure=False, retries=_RETRIES)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run *fn* on one of the workers."""
        outer: Future[_T] = Future()
        inner = self._executor.submit(_call, CONVERTER, fn, args, kwargs)
        inner.add_done_callback(lambda done: _settle(done, outer))
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the use of the cluster; the workers stay."""
        self._executor.shutdown(wait and not cancel_futures)


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


def _settle(done: Future[_T], outer: Future[_T]) -> None:
    from distributed import KilledWorker

    if done.cancelled() or isinstance(done.exception(), CancelledError):
        outer.set_exception(SnapshotError("the connection to the Dask scheduler was lost; run the capture again"))
    elif isinstance(done.exception(), KilledWorker):
        outer.set_exception(BrokenExecutor("it ended several workers of the cluster"))
    else:
        copy_result(done, outer)
