"""Peak memory, time and requests of a capture over HTTP, by the number of pages.

    python -m benchmarks.capture_memory [--flavour cloud] 200 2000

The wiki runs in this process and the capture in another, whose peak memory is measured by the operating system.
"""

import argparse
import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.config.policy import ArchivedSettings
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.run import capture
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from wikiserver.server import WikiServer
from wikiserver.store import Store
from wikiserver.store.people import account_id_of

_WHEN = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
_BODY = "<h2>Decisions</h2>" + "<p>The <strong>board</strong> agreed on the plan.</p>" * 60
_MEBIBYTE = 1 << 20


def main() -> None:
    """Measure each number of pages, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flavour", choices=[flavour.value for flavour in Flavour], default="datacenter")
    parser.add_argument("--capture", nargs=2, metavar=("URL", "FOLDER"), help=argparse.SUPPRESS)
    parser.add_argument("pages", nargs="*", type=int, default=[200, 2_000])
    options = parser.parse_args()
    if options.capture:
        url, folder = options.capture
        _capture(url, folder, Flavour(options.flavour))
        return
    print("| pages | requests | wall s | CPU s | peak MB | MB above the smallest, per 1,000 pages |")
    print("|--:|--:|--:|--:|--:|--:|")
    first: tuple[int, float] | None = None
    for pages in options.pages:
        requests, found = _measure(pages, Flavour(options.flavour))
        first = first or (pages, found["peak"])
        more = (found["peak"] - first[1]) / (pages - first[0]) * 1_000 if pages > first[0] else 0.0
        times = f"{found['wall']:.1f} | {found['cpu']:.1f}"
        print(f"| {pages:,} | {requests:,} | {times} | {found['peak']:.0f} | {more:.1f} |", flush=True)


def _measure(pages: int, flavour: Flavour) -> tuple[int, dict[str, float]]:
    ana = account_id_of("ana")
    with tempfile.TemporaryDirectory() as folder, Store() as store, WikiServer(store, flavour=flavour.value) as server:
        space = store.spaces.create("WS2", "Workstream 2", creator=ana, now=_WHEN)
        for number in range(pages):
            store.pages.create(space.id, f"Page {number}", f"<p>{number}</p>{_BODY}", author=ana, when=_WHEN)
        command = [sys.executable, "-m", "benchmarks.capture_memory", "--flavour", flavour.value]
        ran = subprocess.run(
            [*command, "--capture", server.url, folder], check=True, stdout=subprocess.PIPE, text=True, env=os.environ
        )
        found: dict[str, float] = json.loads(ran.stdout)
        return len(server.received), found


def _capture(url: str, folder: str, flavour: Flavour) -> None:
    start = time.monotonic()
    gateway = ConfluenceGateway(
        f"{url}/wiki" if flavour is Flavour.CLOUD else url,
        flavour=flavour,
        credentials=Credentials(user="bot", token="bot-secret"),
        is_dry_run=True,
    )
    state = EvidenceState(Path(folder, "snapshots"), Path(folder, "state"))
    with open_writer(state, origin=url, software="benchmark", clock=lambda: dt.datetime.now(dt.UTC)) as writer:
        request = SpaceRequest("WS2", ArchivedSettings(), everything=True)
        outcome = capture(gateway, writer, [request], CaptureOptions(SerialExecutor()))
    assert not outcome.has_shortfall
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {
        "wall": time.monotonic() - start,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": used.ru_maxrss * 1024 / _MEBIBYTE,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
