"""The scheduled bot without changes: it writes nothing, and neither its memory nor its open files grow."""

import gc
import os
import sys
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.config.policy import JobSettings
from bot.config.settings import load_settings
from bot.history import RunHistory, RunOutcome
from bot.jobs import make_jobs
from bot.runtime import Runtime
from bot.scheduler import JobScheduler
from tests.applying import apply_now
from wikiserver.testing import Wiki

WARM_UP, WINDOWS = 8, 4
RUNS = 248 if os.environ.get("WIKIBOT_NIGHTLY") else 8


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def runtime(tmp_path: Path, wiki: Wiki, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")
    wiki.add_page("Home", "<p>Home.</p>")
    (tmp_path / "ws2.yaml").write_text(
        "workspace: {space: WS2, home: Home}\nstatus: {heading: 'Status:', lines: [{icon: tick, text: All is well.}]}\n"
    )
    (tmp_path / "bot.yaml").write_text(
        f"wiki: {{url: {wiki.url}, flavour: {wiki.flavour}, user: bot, writes_per_minute: 6000}}\n"
        "workspaces: [{name: ws2, data: ws2.yaml, regions: {status: {place: start}}}]\n"
        "snapshots: {path: snapshots, signing_key: none}\n"
    )
    runtime = Runtime(load_settings(tmp_path / "bot.yaml"))
    apply_now(runtime)
    return runtime


def test_idle_bot_writes_nothing_and_does_not_grow(runtime: Runtime, wiki: Wiki, tmp_path: Path) -> None:
    clock = Clock()
    history = RunHistory(tmp_path / "runs.db")
    specs = [JobSettings(run="sync", every="10 minutes"), JobSettings(run="snapshot", every="10 minutes")]
    scheduler = JobScheduler(specs, make_jobs(runtime), history, now=clock)
    body = wiki.body(wiki.find("Home").id)

    def let_pass(runs: int) -> int:
        for _ in range(runs):
            clock.now += timedelta(minutes=10)
            scheduler.run_once()
            assert all(method == "GET" for method, _ in wiki.requests)
            wiki.server.received.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    wiki.server.received.clear()
    tracemalloc.start()
    try:
        sizes, threads, files = [let_pass(WARM_UP)], threading.active_count(), _open_files()
        sizes += [let_pass(RUNS) for _ in range(WINDOWS)]
    finally:
        tracemalloc.stop()

    assert {run.outcome for run in history.recent(limit=10_000)} == {RunOutcome.SUCCESS}
    assert len(history.recent(limit=10_000)) == 2 * (WARM_UP + WINDOWS * RUNS)
    assert wiki.body(wiki.find("Home").id) == body
    # A leak shows in every window, a cache that fills only in one; the limit is well under a kept page a run. Measuring
    # coverage keeps a tracer for each thread that ever ran, and every job has a thread, so there is no telling then.
    if sys.gettrace() is None:
        assert min(after - before for before, after in pairwise(sizes)) < 4_000 * RUNS
    assert threading.active_count() <= threads + 1
    assert _open_files() <= files + 2  # a connection to the wiki, at both ends


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
