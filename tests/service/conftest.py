"""A scheduled bot whose commands run in this process, and servers on loopback that it calls."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import main
from tests.cli.scheduled_bot import HOME, ScheduledBot
from tests.service.receiver import Inbox, running_inbox
from wikiserver.testing import Wiki


@dataclass
class Service:
    """A wiki with a home page, the folder of its bot, and its commands."""

    bot: ScheduledBot
    wiki: Wiki
    home: str
    capture: pytest.CaptureFixture[str]
    err: str = ""

    @property
    def folder(self) -> Path:
        return self.bot.folder

    def wikibot(self, *words: str) -> tuple[int, str]:
        """Run a command; returns exit code and output."""
        with pytest.raises(SystemExit) as ended:
            main([*words, "--config", str(self.folder / "bot.yaml")])
        printed = self.capture.readouterr()
        self.err = printed.err
        return int(ended.value.code or 0), printed.out

    def json(self, *words: str) -> Any:
        return json.loads(self.wikibot(*words, "--format", "json")[1])

    def add_settings(self, text: str) -> None:
        path = self.folder / "bot.yaml"
        path.write_text(f"{path.read_text()}{text}\n")

    def edit(self, words: str, by: str = "ana") -> None:
        """Edit the region of the bot as a person."""
        self.wiki.edit(self.home, HOME.replace("All is well.", words), by=by)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with running_inbox() as found:
        yield found


@pytest.fixture
def service(tmp_path: Path, wiki: Wiki, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Service:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")
    home = wiki.add_page("Home", HOME)
    return Service(ScheduledBot(tmp_path, wiki), wiki, home, capsys)
