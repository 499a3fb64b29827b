"""A maintainer sets the bot up on a wiki that it has not seen."""

import io
import os
from pathlib import Path

import pytest

from bot.config.settings import load_settings
from tests.journeys.conftest import HOME, Desk

pytestmark = [pytest.mark.parametrize("seed", ["demo"]), pytest.mark.parametrize("flavour", ["cloud", "datacenter"])]


@pytest.fixture
def config(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the settings will stand; there are none yet."""
    path = desk.folder / "new" / "bot.yaml"
    monkeypatch.setenv("WIKIBOT_CONFIG", str(path))
    return path


def answers(desk: Desk, **changes: str) -> list[str]:
    given = {"url": desk.wiki.url, "space": "WS2", "home": HOME} | changes
    if desk.wiki.flavour == "cloud":
        given.setdefault("user", "bot")
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def test_init_writes_settings_and_data_that_work_at_once(desk: Desk, config: Path) -> None:
    ran = desk.ran("init", *answers(desk), "--yes")

    assert f"{config} written; Workspace Bot reaches" in ran.out
    settings = load_settings(config)
    assert settings.wiki.flavour == desk.wiki.flavour
    assert settings.workspaces[0].archived.under == ("Archive",)
    assert (config.parent / "ws2.yaml").is_file()
    assert os.environ["WIKIBOT_WIKI__TOKEN"] not in config.read_text()
    desk.ran("check")
    desk.ran("plan")


def test_without_adoption_the_page_is_left_alone(desk: Desk, config: Path) -> None:
    desk.ran("init", *answers(desk), "--no-adopt")

    assert desk.writes() == []
    assert (config.parent / "ws2.yaml").read_text().startswith("# yaml-language-server")
    assert desk.ran("plan").out.startswith("in sync")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"home": "Nowhere"}, "page 'Nowhere' was not found in space WS2"),
        ({"space": "NOPE"}, "NOPE"),
        ({"url": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ({"url": "wiki.example.org"}, "error: url 'wiki.example.org': must be the http or https address of the wiki"),
        ({"name": "My Space"}, "error: name 'My Space': must begin with a small letter"),
    ],
)
def test_where_something_is_not_reached_no_file_is_left_behind(
    desk: Desk, config: Path, changes: dict[str, str], message: str
) -> None:
    ran = desk.ran("init", *answers(desk, **changes), "--yes", code=1)

    assert message in ran.err
    assert not config.exists()


def test_a_wrong_token_is_said(desk: Desk, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "wrong")

    ran = desk.ran("init", *answers(desk), "--yes", code=1)

    assert "401" in ran.err or "does not know" in ran.err or "token" in ran.err
    assert not config.exists()


def test_settings_that_exist_are_never_overwritten(desk: Desk, config: Path) -> None:
    config.parent.mkdir()
    config.write_text("# mine\n")

    assert "exists already" in desk.ran("init", *answers(desk), "--yes", code=1).err
    assert config.read_text() == "# mine\n"


def test_what_is_missing_is_asked_for_by_its_option(desk: Desk, config: Path) -> None:
    assert "say --home" in desk.ran("init", "--url", desk.wiki.url, "--space", "WS2", code=1).err
    assert not config.exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_after_a_no_the_settings_stay_and_adopt_goes_on(
    desk: Desk, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("\nn\n" if desk.wiki.flavour == "datacenter" else "n\n"))

    ran = desk.ran("init", *answers(desk), code=1)

    assert "you said no; nothing was done" in ran.err
    assert f"the settings stay; `wikibot adopt '{HOME}' --space WS2` goes on" in ran.err
    assert desk.writes() == []
    assert not (config.parent / "ws2.yaml").exists()
    assert "ws2.yaml: does not exist; `wikibot adopt PAGE --space KEY`" in desk.ran("plan", code=1).err


def test_where_nobody_can_be_asked_the_settings_stay_too(desk: Desk, config: Path) -> None:
    ran = desk.ran("init", *answers(desk), code=1)

    assert "the page was not touched; look at the proposal above, then say --yes" in ran.err
    assert f"`wikibot adopt '{HOME}' --space WS2` goes on" in ran.err
    assert config.exists()
    assert desk.writes() == []
