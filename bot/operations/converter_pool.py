"""The executor that converts pages, as the settings say: this process, other processes, or a Dask cluster."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from bot.config.policy import SnapshotSettings
from bot.snapshot.capture.serial_executor import SerialExecutor


@contextmanager
def open_converter(policy: SnapshotSettings) -> Iterator[Executor]:
    """Yield the executor that *policy* names; raises `SettingsError` if it cannot be used."""
    match policy.executor or ("serial" if policy.workers == 1 else "processes"):
        case "serial":
            yield SerialExecutor()
        case "processes":
            from bot.operations.isolating_pool import IsolatingPool

            with IsolatingPool(policy.workers) as pool:
                yield pool
        case "dask":
            from bot.operations.dask_pool import open_dask_pool

            with open_dask_pool(policy.scheduler or "") as cluster:
                yield cluster
