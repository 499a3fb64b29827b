"""A maintainer's desk: a folder with settings for the wiki of the test, and the commands as a person types them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import main
from wikiserver.testing import Wiki

HOME = "WS2 - Enhancing ICANN Accountability Implementation"
SETTINGS = """\
wiki: {{url: "{url}", flavour: {flavour}{user}, writes_per_minute: 6000}}
workspaces:
  - name: ws2
    data: ws2.yaml
    archived: {{status: true, labels: [archived], under: [Archive]}}
snapshots: {{path: snapshots, signing_key: none}}
safety: {{canary: 0}}
"""


def both_flavours(test: Callable[..., None]) -> Callable[..., None]:
    """Try *test* on both flavours: by day on the one that the name of the case decides, at night on both."""
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"])(test)
    pytest.mark.either_flavour(test)
    return test


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """Where a maintainer works: *folder* contains `bot.yaml`, the data file and the snapshots."""

    wiki: Wiki
    folder: Path
    run: Callable[..., Ran]

    @property
    def data(self) -> Path:
        """The data file."""
        return self.folder / "ws2.yaml"

    def ran(self, *words: str, code: int | None = 0) -> Ran:
        """Run a command that has to end with *code*, if that is given."""
        ran = self.run(*words)
        assert code is None or ran.code == code, f"{words} ended with {ran.code}\n{ran.out}\n{ran.err}"
        return ran

    def writes(self) -> list[tuple[str, str]]:
        """The requests so far that were no mere reading."""
        return [(method, path) for method, path in self.wiki.requests if method != "GET"]

    @property
    def home_id(self) -> int:
        return self.wiki.find(HOME).id

    @property
    def home_body(self) -> str:
        return self.wiki.body(self.home_id)


def settings_for(wiki: Wiki) -> str:
    """Settings that reach *wiki* as the account `bot`."""
    user = ", user: bot" if wiki.flavour == "cloud" else ""
    return SETTINGS.format(url=wiki.url, flavour=wiki.flavour, user=user)


@pytest.fixture
def desk(wiki: Wiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A desk with settings for the wiki, and no data file yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIKIBOT_CONFIG", str(tmp_path / "bot.yaml"))
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret" if wiki.flavour == "cloud" else "bot-token")
    (tmp_path / "no-secrets").mkdir(mode=0o700)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(tmp_path / "no-secrets"))
    (tmp_path / "bot.yaml").write_text(settings_for(wiki))

    def run(*words: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return Desk(wiki, tmp_path, run)


@pytest.fixture
def adopted(desk: Desk) -> Desk:
    """The same desk after the home page was adopted."""
    desk.ran("adopt", HOME, "--space", "WS2", "--yes")
    return desk
