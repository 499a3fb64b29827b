"""The processes of several wikis: one that cannot be started stops no other."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch(); sys.stdin.read()"
SUPERVISOR = """
import sys
from bot.cli.supervisor import supervise
folder = sys.argv[1]
programs = {"cloud": folder + "/absent/python", "team": sys.executable}
sys.exit(not supervise(list(programs), lambda wiki: [programs[wiki], "-c", sys.argv[2], f"{folder}/{wiki}"]))
"""


@contextmanager
def supervised(folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Supervise the wikis `cloud` and `team`; the program of `cloud` does not exist."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(folder), PROGRAM], stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(is_so: Callable[[], object], process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 100
    while not is_so():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def test_a_process_that_cannot_be_started_stops_no_other_and_is_tried_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with supervised(tmp_path) as process:
        wait_until((tmp_path / "team").exists, process, log)
        wait_until(lambda: "the bot of wiki cloud cannot be started: No such file" in log.read_text(), process, log)
        (tmp_path / "absent").mkdir()
        (tmp_path / "absent" / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (tmp_path / "absent" / "python").chmod(0o755)
        wait_until((tmp_path / "cloud").exists, process, log)


def test_the_end_says_that_a_process_did_not_run(tmp_path: Path) -> None:
    with supervised(tmp_path) as process:
        wait_until((tmp_path / "team").exists, process, tmp_path / "log")
        wait_until(lambda: "cannot be started" in (tmp_path / "log").read_text(), process, tmp_path / "log")
        os.kill(process.pid, signal.SIGTERM)

        assert process.wait(20) == 1
