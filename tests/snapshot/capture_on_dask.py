"""Capture a wiki twice on a Dask cluster of this computer; `.venv-dask` runs this program for a test.

Each worker of the cluster imports this module, so it imports nothing at its beginning.
"""

import sys
from contextlib import suppress
from pathlib import Path


def main(folder: Path, url: str, flavour: str, notes: Path) -> None:
    import dask
    from distributed import LocalCluster

    # One thread for each worker: the scheduler cannot know which of the calls on a worker ended it.
    dask.config.set({"distributed.scheduler.allowed-failures": 1})
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    try:
        capture_twice(folder, url, flavour, notes, cluster.scheduler_address)
    finally:
        with suppress(TimeoutError):  # while a worker is just being started
            cluster.close(timeout=1)


def capture_twice(folder: Path, url: str, flavour: str, notes: Path, scheduler: str) -> None:
    import json

    from bot.config.policy import SnapshotSettings
    from bot.operations.converter_pool import open_converter
    from bot.snapshot.archive.writer import open_writer
    from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
    from bot.snapshot.capture.run import capture
    from bot.wiki.dialect import Flavour
    from tests.snapshot.capturing import RULE
    from tests.snapshot.deadly_text import WITH_POISON, DeadlyExecutor
    from tests.snapshot.small_tree import CLOCK, SOFTWARE, state_of
    from tests.snapshot.small_wiki import make_gateway

    with open_converter(SnapshotSettings(executor="dask", scheduler=scheduler)) as pool:
        for name, rule in (("first", RULE), ("second", WITH_POISON)):
            state = state_of(folder / name)
            with open_writer(state, origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
                options = CaptureOptions(DeadlyExecutor(pool, notes))
                outcome = capture(make_gateway(url, Flavour(flavour)), writer, [SpaceRequest("WS2", rule)], options)
            failed = {each.page_id: each.reason for each in outcome.failed}
            found = {"captured": outcome.captured, "verdict": outcome.verdict.value, "failed": failed}
            sys.stdout.write(f"{json.dumps(found)}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4]))
