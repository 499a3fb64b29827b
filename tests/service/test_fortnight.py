"""Two weeks of the scheduled bot on a clock of the test, with people, faults, restarts, clock jumps and a full disk."""

import errno
import itertools
import json
import os
import random
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.config.settings import load_settings
from bot.errors import BotError
from bot.history import RunHistory, RunOutcome
from bot.jobs import make_jobs
from bot.notify.concern import HealthLevel
from bot.notify.message import matter_of
from bot.operations import edit
from bot.operations.health import Health, read_health
from bot.operations.snapshot_check import verify_snapshots
from bot.runtime import Runtime
from bot.scheduler import JobScheduler
from tests.applying import apply_now
from tests.machine import IS_NIGHTLY
from tests.service.receiver import Inbox
from wikiserver.testing import Wiki

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS, SEEDS, CALM_HOURS = (14, 5, 24) if IS_NIGHTLY else (1, 1, 13)
START = datetime(2026, 3, 28, 9, tzinfo=UTC)
"""In the night that follows, the clocks of Europe go forward, and 02:30 does not exist."""
SETTINGS = """\
wiki: {{url: "{url}", flavour: {flavour}, writes_per_minute: 6000, tries: 1}}
workspaces:
  - {{name: ws2, data: ws2.yaml, merge: auto, regions: {{news: {{place: start}}}}, archived: {{labels: [archived]}}}}
jobs:
  - {{run: sync, every: hour}}
  - {{run: snapshot, every: day, at: "02:30", timezone: Europe/Berlin}}
  - {{run: verify, every: day}}
snapshots: {{path: snapshots, signing_key: none}}
safety: {{canary: 0}}
notify: {{channels: {{operators: {{}}}}}}
"""
FAULTS = ("503@any*{n}", "500@put*{n}", "reset@get*{n}", "429=1@any*1", "garbage@any*{n}", "401@any*{n}")


class Fortnight:
    """The bot in its folder, the wiki, and everybody who does something to either; *words* must survive."""

    def __init__(self, folder: Path, wiki: Wiki, inbox: Inbox, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.wiki, self.inbox, self.monkeypatch = folder, wiki, inbox, monkeypatch
        monkeypatch.setenv("WIKIBOT_NOTIFY__ADDRESSES__OPERATORS", inbox.url.replace("http:", "json:"))
        self.random = random.Random(seed)  # noqa: S311 -- a script, no secret
        self.now, self.number = START, itertools.count(1)
        self.words: list[str] = []
        self.log: list[str] = []
        self.quiet: list[str] = []
        self.open: dict[str, tuple[int, frozenset[str]]] = {}
        """The matters that need a person: how often each was said since it does, and in which forms it occurred."""
        self.wrongly_said: list[str] = []
        self.home = wiki.add_page("Home", "<p>Home.</p>")
        self.archived = wiki.add_page("Old", "<p>old</p>", labels=("archived",))
        (folder / "ws2.yaml").write_text(
            "workspace: {space: WS2, home: Home}\nnews:\n  items:\n    - {id: first, text: The first item.}\n"
        )
        (folder / "bot.yaml").write_text(SETTINGS.format(url=wiki.url, flavour=wiki.flavour))
        self.restart()
        apply_now(self.runtime)

    def restart(self) -> None:
        """Start the bot again, with the token that the environment has now."""
        self.runtime = Runtime(load_settings(self.folder / "bot.yaml"), clock=lambda: self.now)
        self.history = RunHistory(self.runtime.folders.state / "runs.db")
        jobs = self.runtime.settings.jobs
        self.scheduler = JobScheduler(jobs, make_jobs(self.runtime), self.history, now=lambda: self.now)

    def word(self, kind: str) -> str:
        self.words.append(f"{kind}{next(self.number)}x")
        return self.words[-1]

    def edit_beside(self) -> None:
        self.wiki.edit(self.home, f"{self.wiki.body(self.home)}<p>{self.word('beside')}</p>")

    def edit_inside(self) -> None:
        body = self.wiki.body(self.home)
        items = re.findall(r"<li>[^<]*</li>", body)
        if items:
            chosen = self.random.choice(items)
            self.wiki.edit(self.home, body.replace(chosen, chosen.replace("</li>", f" {self.word('inside')}</li>"), 1))

    def edit_file(self) -> None:
        made = edit.add_news(self.runtime.data_file(), f"Item {self.word('item')}")
        made.save(self.runtime.workspace.shared_data)

    def edit_archived(self) -> None:
        self.wiki.edit(self.archived, f"{self.wiki.body(self.archived)}<p>more</p>")

    def fault(self) -> None:
        self.wiki.faults.add(self.random.choice(FAULTS).format(n=self.random.randint(1, 30)))

    def rotate_token(self) -> None:
        self.monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", self.wiki.issue_token("bot"))
        self.restart()

    def jump(self) -> None:
        self.now += timedelta(hours=self.random.choice((-3, -1, 5, 12)))

    def full_disk(self) -> None:
        def refuse(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with self.monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            self.step()

    def step(self) -> None:
        """Let an hour pass, and look at what the bot says of itself."""
        self.now += timedelta(hours=1)
        self.wiki.faults.add(f"clock={round((self.now - datetime.now(UTC)).total_seconds())}")
        failed = {run.job for run in self.scheduler.run_once() if run.outcome is not RunOutcome.SUCCESS}
        if failed and self.health().level is HealthLevel.WELL:
            self.quiet.append(f"{self.now}: {failed}")

        self.send()

    def send(self) -> None:
        """Send messages as the bot does, and compare them with what needs a person now."""
        announcements = self.runtime.announcements
        assert announcements is not None
        before = len(self.inbox.received)
        try:
            announcements.send(self.history, self.now)
        except BotError as error:
            self.log.append(f"  not recorded: {error}")
            return
        said = "\n".join(json.loads(each.text)["message"] for each in self.inbox.received[before:])
        concerns = self.health().concerns
        still_open = {}
        for matter in {matter_of(concern) for concern in concerns}:
            times, keys = self.open.get(matter, (0, frozenset()))
            times += len(re.findall(rf"^[a-z]+: {re.escape(matter)}$", said, re.MULTILINE))
            keys |= {concern.key for concern in concerns if matter_of(concern) == matter}
            if not 1 <= times <= len(keys):  # a further edit of the same region may be said too
                self.wrongly_said.append(f"{self.now}: {matter}: {times} times")
            still_open[matter] = times, keys
        self.open = still_open

    def health(self) -> Health:
        return read_health(
            self.runtime.settings.jobs, self.runtime.workspaces, self.runtime.folders, self.history, now=self.now
        )

    def live(self, days: int) -> None:
        """Let *days* pass; in most hours somebody does something."""
        people = (self.edit_beside, self.edit_inside, self.edit_file, self.edit_archived)
        events: tuple[Callable[[], None], ...] = (
            *people, *people, self.fault, self.restart, self.rotate_token, self.jump, self.full_disk
        )  # fmt: skip
        for _ in range(days * 24):
            event = self.random.choice(events)
            self.log.append(f"{self.now} {event.__name__}")
            try:
                event()
            except BotError as error:
                self.log.append(f"  refused: {error}")
            self.step()

    def calm_down(self) -> None:
        """End all faults; a person does what the status asks for; give the bot half a day before and after."""
        self.wiki.faults.clear()
        for _ in range(CALM_HOURS):
            self.step()
        if any(concern.kind == "conflict" for concern in self.health().concerns):
            self.log.append(f"{self.now} adopt")
            words = [sys.executable, "-m", "bot", "adopt", "--yes", "--config", str(self.folder / "bot.yaml")]
            adopted = subprocess.run(words, capture_output=True, text=True, check=False)
            self.log.append(f"  {adopted.returncode}: {adopted.stdout}{adopted.stderr}")
        for _ in range(CALM_HOURS):
            self.step()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("flavour", ["datacenter"])
@pytest.mark.parametrize("seed_of_events", range(SEEDS))
def test_a_fortnight_loses_no_word_writes_none_twice_and_hides_no_failure(
    tmp_path: Path, wiki: Wiki, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, seed_of_events: int
) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-token")
    world = Fortnight(tmp_path, wiki, inbox, seed_of_events, monkeypatch)

    world.live(DAYS)
    world.calm_down()

    story = "\n".join(world.log)
    body, data = wiki.body(world.home), (tmp_path / "ws2.yaml").read_text()
    assert {word: body.count(word) for word in world.words if body.count(word) != 1} == {}, story
    of_file = [word for word in world.words if not word.startswith("beside")]
    assert {word: data.count(word) for word in of_file if word not in data} == {}, story
    assert world.quiet == [], story
    assert world.wrongly_said == [], story
    health = world.health()
    assert health.level is HealthLevel.WELL, (health.concerns, story)
    assert {job.level for job in health.jobs} == {HealthLevel.WELL}
    assert verify_snapshots(world.runtime.snapshots).findings == ()
    versions = wiki.versions(world.home)
    bodies = {each.number: wiki.body(world.home, each.number) for each in versions}
    needless = [new.message for old, new in itertools.pairwise(versions) if bodies[old.number] == bodies[new.number]]
    assert [message for message in needless if "adopted" not in message] == []  # an adoption is a version by itself
