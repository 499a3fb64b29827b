"""The scheduled bot as a process of its own, in a folder with settings."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.history import RunHistory
from wikiserver.testing import Wiki

HOME = "<p>Home of the workspace.</p><h2>Status:</h2><p>All is well.</p>"
DATA = """\
workspace: {space: WS2, home: Home}
status:
  lines:
    - {text: All is well.}
"""
SECONDS_TO_END = 10


class ScheduledBot:
    """A folder with settings, and the bot run on it."""

    def __init__(self, folder: Path, wiki: Wiki, *, jobs: str = "[{run: sync, every: hour}]") -> None:
        self.folder = folder
        (folder / "ws2.yaml").write_text(DATA)
        (folder / "bot.yaml").write_text(
            f"wiki: {{url: {wiki.url}, flavour: {wiki.flavour}, user: bot}}\n"
            "workspaces: [{name: ws2, data: ws2.yaml, regions: {status: {marker: heading, heading: 'Status:'}}}]\n"
            f"jobs: {jobs}\n"
        )

    def replace_jobs(self, jobs: str) -> None:
        path = self.folder / "bot.yaml"
        path.write_text(re.sub("^jobs: .*", f"jobs: {jobs}", path.read_text(), flags=re.MULTILINE))

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "WIKIBOT_WIKI__TOKEN": "bot-secret"}

    @property
    def history(self) -> RunHistory:
        return RunHistory(self.folder / ".wikibot" / "runs.db")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "bot", "run", "--config", str(self.folder / "bot.yaml"), *arguments]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[str]"]:
        process = subprocess.Popen(
            self.command("--log-format", "json"), env=self.environment, stderr=subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def wait_for(process: "subprocess.Popen[str]", words: str) -> list[dict[str, str]]:
    """Read the log until a line contains *words*; returns what was read."""
    assert process.stderr is not None
    read: list[dict[str, str]] = []
    for line in process.stderr:
        read.append(json.loads(line))
        if words in read[-1]["message"]:
            return read
    raise AssertionError(f"the bot ended without saying {words!r}: {read}")


def wait_for_request(process: "subprocess.Popen[str]", wiki: Wiki) -> None:
    """Wait until the bot has sent a request to the wiki."""
    while not wiki.requests:
        assert process.poll() is None
        time.sleep(0.01)
