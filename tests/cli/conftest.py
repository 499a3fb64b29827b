"""Fixtures for the command line: a folder with settings and a data file, and a way to run commands in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.cli.main import main

DATA = """\
workspace: {space: WS2, home: Home}

status:
  heading: "Status:"   # known to all
  lines:
    - {icon: tick, text: Adopted.}
    - {icon: star, text: Ongoing.}

quick_links:
  links:
    - {text: Report, page: Final Report}

news:
  items:
    # the newest first
    - {id: one, date: 2024-02-22, text: "One, with a [link](page:A)"}
    - {id: two, text: Two}
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a user has it; it is the working directory."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "bot.yaml").write_text("workspaces:\n  - {name: ws2, data: ws2.yaml}\n")
    (tmp_path / "config" / "ws2.yaml").write_text(DATA)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no-secrets").mkdir(mode=0o700)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(tmp_path / "no-secrets"))
    return tmp_path


@pytest.fixture
def wikibot(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `wikibot` with the words given."""

    def run(*words: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return run
