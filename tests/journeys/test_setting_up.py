"""A maintainer sets the bot up on a wiki that it has not seen: with options, and at a terminal."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from bot.config.policy import HistoryMode
from bot.config.settings import load_settings
from tests.journeys.conftest import HOME, Desk
from tests.terminal import Terminal

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["demo"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]


@pytest.fixture
def config(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for the settings; it has none yet."""
    path = desk.folder / "new" / "bot.yaml"
    monkeypatch.setenv("WIKIBOT_CONFIG", str(path))
    return path


def answers(desk: Desk, **changes: str) -> list[str]:
    given = {"url": desk.wiki.url, "space": "WS2", "home": HOME} | changes
    if desk.wiki.flavour == "cloud":
        given.setdefault("user", "bot")
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def token(desk: Desk) -> str:
    return "bot-secret" if desk.wiki.flavour == "cloud" else "bot-token"


def at_terminal(desk: Desk, *words: str, **environment: str) -> Terminal:
    """Start a command in an empty folder, as somebody who has set no variable."""
    folder = desk.folder / "fresh"
    folder.mkdir(exist_ok=True)
    return Terminal(*words, folder=folder, environment={"HOME": str(folder), **environment})


def sign_in(desk: Desk, terminal: Terminal, secret: str) -> None:
    if desk.wiki.flavour == "cloud":
        terminal.answer("Account, its e-mail address", "bot")
    terminal.answer("(hidden)", secret)


def test_init_writes_settings_and_data_that_work_at_once(desk: Desk, config: Path) -> None:
    ran = desk.ran("init", *answers(desk, url=desk.wiki.server.url), "--yes")

    assert f"{config} written" in ran.out
    assert "signed in as Workspace Bot" in ran.out
    settings = load_settings(config)
    assert re.search(
        r"\d+ pages count as archived now, with \d+ versions; the earlier versions cost .* \d+ requests?, "
        r"about \d+\.\d MB and less than a minute, once",
        ran.out,
    )
    assert settings.snapshots.history is HistoryMode.ALL
    assert settings.wiki.flavour == desk.wiki.flavour
    assert settings.wiki.url == desk.wiki.url
    assert settings.workspaces[0].archived.under == ("Archive",)
    assert (config.parent / "ws2.yaml").is_file()
    assert os.environ["WIKIBOT_WIKI__TOKEN"] not in config.read_text()
    desk.ran("check")
    desk.ran("plan")


@pytest.mark.parametrize("before", [None, "# ours\n/build/\n.env"], ids=["new", "of people"])
def test_init_makes_git_ignore_secrets_key_and_state(desk: Desk, config: Path, before: str | None) -> None:
    config.parent.mkdir(exist_ok=True)
    ignored = config.with_name(".gitignore")
    if before is not None:
        ignored.write_text(before)

    desk.ran("init", *answers(desk), "--no-adopt")

    assert ignored.read_text().startswith(before or "")
    assert ignored.read_text().count(".env\n") == 1
    git = ["git", "-C", str(config.parent)]
    subprocess.run([*git, "init", "-q"], check=True)
    for private in ("secrets/token", "snapshots-key", ".wikibot/runs.db", ".env"):
        assert subprocess.run([*git, "check-ignore", "-q", private], check=False).returncode == 0, private


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
        ({"url": "http://127.0.0.1:9"}, "127.0.0.1:9: the connection was refused"),
        ({"url": "ftp://wiki.example.org"}, "must be the http or https address of the wiki"),
        ({"name": "My Space"}, "error: name 'My Space': must begin with a small letter"),
        ({"ca-bundle": "/none.pem"}, "/none.pem: there is no such file"),
    ],
)
def test_where_something_is_not_reached_no_file_is_left_behind(
    desk: Desk, config: Path, changes: dict[str, str], message: str
) -> None:
    ran = desk.ran("init", *answers(desk, **changes), "--yes", code=1)

    assert message in ran.err
    assert not config.parent.exists() or list(config.parent.iterdir()) == []


def test_a_wrong_token_is_said(desk: Desk, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "wrong")

    ran = desk.ran("init", *answers(desk), "--yes", code=1)

    assert "the wiki answered 401" in ran.err
    assert not config.exists()


@pytest.mark.usefixtures("config")
def test_the_stated_flavour_is_believed(desk: Desk) -> None:
    other = "datacenter" if desk.wiki.flavour == "cloud" else "cloud"

    ran = desk.ran("init", *answers(desk, flavour=other, user="bot"), "--no-adopt", code=None)

    assert f"Confluence {'Cloud' if other == 'cloud' else 'Data Center'} at {desk.wiki.url}" in ran.out


def test_settings_that_exist_are_found_before_anything_is_asked_of_the_wiki(desk: Desk, config: Path) -> None:
    config.parent.mkdir()
    config.write_text("# mine\n")

    assert "exists already" in desk.ran("init", *answers(desk), "--yes", code=1).err
    assert config.read_text() == "# mine\n"
    assert desk.wiki.requests == []
    desk.ran("init", *answers(desk), "--yes", "--replace")
    assert (config.parent / "bot.yaml.1").read_text() == "# mine\n"
    assert load_settings(config).wiki.url == desk.wiki.url


def test_a_data_file_of_another_page_is_never_overwritten(desk: Desk, config: Path) -> None:
    config.parent.mkdir()
    data = config.parent / "ws2.yaml"
    data.write_text("workspace: {space: WS2, home: Implementation}\n")

    ran = desk.ran("init", *answers(desk), "--yes", code=1)

    assert "ws2.yaml: exists and is for page 'Implementation' in space WS2" in ran.err
    assert not config.exists()
    desk.ran("init", *answers(desk, name="second"), "--yes")
    assert data.read_text() == "workspace: {space: WS2, home: Implementation}\n"
    assert (config.parent / "second.yaml").is_file()


def test_what_is_missing_is_asked_for_by_its_option(desk: Desk, config: Path) -> None:
    given = answers(desk)
    without_home = given[: given.index("--home")] + given[given.index("--home") + 2 :]

    assert "give --home" in desk.ran("init", *without_home, code=1).err
    assert not config.exists()


def test_the_token_is_kept_for_its_owner_only_and_found_again(
    desk: Desk, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WIKIBOT_SECRETS_DIR")

    desk.ran("init", *answers(desk), "--yes", "--save-token")

    path = config.parent / "secrets" / "wikibot_wiki__token"
    assert path.stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv("WIKIBOT_WIKI__TOKEN")
    desk.ran("check")


@pytest.mark.needs("ssh-keygen")
def test_a_signing_key_is_made_that_verify_knows(desk: Desk, config: Path) -> None:
    desk.ran("init", *answers(desk), "--yes")

    assert (config.parent / "snapshots-key").stat().st_mode & 0o777 == 0o600
    desk.ran("snapshot")
    assert "\n# key: SHA256:" in (desk.folder / "snapshots" / "CHECKPOINT").read_text()
    desk.ran("verify")


@pytest.mark.needs("ssh-keygen", "git")
def test_neither_the_token_nor_the_key_becomes_part_of_a_commit(
    desk: Desk, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WIKIBOT_SECRETS_DIR")

    desk.ran("init", *answers(desk), "--yes", "--save-token")

    folder = config.parent
    for words in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    listed = subprocess.run(["git", "ls-files"], cwd=folder, check=True, capture_output=True, text=True)
    added = {path: (folder / path).read_text() for path in listed.stdout.splitlines()}
    assert {"bot.yaml", "ws2.yaml", "snapshots-key.pub"} <= added.keys()
    assert not [path for path, text in added.items() if token(desk) in text or "PRIVATE KEY" in text]


def test_without_a_key_the_settings_say_so(desk: Desk, config: Path) -> None:
    ran = desk.ran("init", *answers(desk), "--yes", "--no-signing-key")

    assert "nothing will prove who wrote them" in ran.err
    assert "signing_key: none" in config.read_text()
    desk.ran("snapshot")


def test_where_nobody_can_be_asked_the_settings_stay_and_adopt_goes_on(desk: Desk, config: Path) -> None:
    ran = desk.ran("init", *answers(desk), code=1)

    assert "the page is unchanged; check the proposal above, then add --yes" in ran.err
    assert f"`wikibot adopt '{HOME}' --space WS2` continues" in ran.err
    assert config.exists()
    assert desk.writes() == []


@pytest.mark.needs("ssh-keygen")
def test_yes_at_a_terminal_asks_nothing_and_makes_a_key(desk: Desk) -> None:
    with at_terminal(desk, "init", *answers(desk), "--yes", WIKIBOT_WIKI__TOKEN=token(desk)) as terminal:
        assert terminal.end() == 0, terminal.shown

    assert (desk.folder / "fresh" / "config" / "snapshots-key").exists()
    with at_terminal(desk, "init", *answers(desk), "--yes", WIKIBOT_WIKI__TOKEN=token(desk)) as again:
        assert again.end() == 1
    assert "exists already; edit it" in again.shown


def test_at_a_terminal_a_fresh_user_gets_to_a_running_bot(desk: Desk) -> None:
    with at_terminal(desk, "init") as terminal:
        terminal.answer("Address of the wiki", "http://127.0.0.1:9")
        terminal.expect("the connection was refused")
        terminal.answer("Address of the wiki", f"{desk.wiki.url}/display/WS2/Implementation")
        sign_in(desk, terminal, "wrong")
        terminal.expect("the wiki answered 401")
        sign_in(desk, terminal, token(desk))
        terminal.answer("Keep the token in config/secrets/wikibot_wiki__token", "")
        terminal.answer("Space (", "nope")
        terminal.expect("space 'nope' was not found")
        terminal.answer("Space (", "enhancing")
        terminal.answer(f"Home page (title, id, or words to search for) [{HOME}]", "quarterly")
        terminal.expect("Quarterly Reports")
        terminal.answer("Home page", "")
        terminal.answer("signs the snapshots?", "n")
        terminal.answer("Versions that the snapshots have", "")
        terminal.answer("Write this to the wiki and the data file?", "y")
        assert terminal.end() == 0

    folder = desk.folder / "fresh"
    assert load_settings(folder / "config" / "bot.yaml").wiki.flavour == desk.wiki.flavour
    assert token(desk) not in terminal.shown
    assert (folder / "config" / "secrets" / "wikibot_wiki__token").stat().st_mode & 0o777 == 0o600
    assert not (folder / "config" / ".wikibot" / "init.json").exists()
    for words in (("check",), ("plan",), ("apply",), ("run", "--once")):
        with at_terminal(desk, *words) as command:
            assert command.end() == 0, command.shown
    assert (folder / "snapshots" / "CHECKPOINT").is_file()


def test_a_page_without_regions_leads_to_a_running_bot_too(desk: Desk) -> None:
    desk.wiki.add_page("Hub", "<h2>About us</h2><p>a</p>", space="HUB")
    with at_terminal(desk, "init") as terminal:
        terminal.answer("Address of the wiki", desk.wiki.url)
        sign_in(desk, terminal, token(desk))
        terminal.answer("Keep the token", "")
        terminal.answer("Space (", "hub")
        terminal.answer("Home page", "")
        terminal.answer("signs the snapshots?", "n")
        terminal.answer("Versions that the snapshots have", "")
        terminal.answer("Place of status", "")
        terminal.answer("Place of quick_links", "")
        terminal.answer("Place of news", "before 1")
        assert terminal.end() == 0

    for words, answer in ((("news", "add", "Hello"), ""), (("check",), ""), (("apply",), "y"), (("run", "--once"), "")):
        with at_terminal(desk, *words) as command:
            if answer:
                command.answer("Write this to the wiki?", answer)
            assert command.end() == 0, command.shown

    assert desk.wiki.body(desk.wiki.find("Hub", "HUB").id).index("Hello") < desk.wiki.body(
        desk.wiki.find("Hub", "HUB").id
    ).index("About us")


def test_what_was_answered_before_an_interruption_is_offered_again(desk: Desk) -> None:
    with at_terminal(desk, "init") as terminal:
        terminal.answer("Address of the wiki", desk.wiki.url)
        sign_in(desk, terminal, token(desk))
        terminal.answer("Keep the token", "n")
        terminal.answer("Space (", "WS2")
        terminal.expect("Home page (")
        terminal.interrupt()
        assert terminal.end() == 130

    draft = desk.folder / "fresh" / "config" / ".wikibot" / "init.json"
    assert "Your answers are saved in config/.wikibot/init.json" in terminal.shown
    assert token(desk) not in draft.read_text()
    assert json.loads(draft.read_text())["space_key"] == "WS2"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (draft, draft.parent)] == [0o600, 0o700]
    assert not (desk.folder / "fresh" / "config" / "bot.yaml").exists()
    with at_terminal(desk, "init") as again:
        again.answer(f"Address of the wiki [{desk.wiki.url}]", "")
        if desk.wiki.flavour == "cloud":
            again.answer("Account, its e-mail address [bot]", "")
        again.answer("(hidden)", token(desk))
        again.answer("Keep the token", "n")
        again.expect("of its name) [WS2]")
        again.interrupt()
        assert again.end() == 130


def test_what_was_answered_before_the_terminal_was_closed_is_offered_again(desk: Desk) -> None:
    with at_terminal(desk, "init") as terminal:
        terminal.answer("Address of the wiki", desk.wiki.url)
        sign_in(desk, terminal, token(desk))
        terminal.expect("Keep the token")
        assert terminal.close() != 0

    draft = desk.folder / "fresh" / "config" / ".wikibot" / "init.json"
    assert json.loads(draft.read_text())["url"] == desk.wiki.url


def test_after_a_no_the_settings_stay_and_adopt_goes_on(desk: Desk) -> None:
    with at_terminal(
        desk, "init", *answers(desk), "--no-signing-key", "--history", "latest", WIKIBOT_WIKI__TOKEN=token(desk)
    ) as terminal:
        terminal.answer("Write this to the wiki and the data file?", "n")
        assert terminal.end() == 1

    assert f"the settings are saved; `wikibot adopt '{HOME}' --space WS2` continues" in " ".join(terminal.shown.split())
    assert desk.writes() == []
    with at_terminal(desk, "plan", WIKIBOT_WIKI__TOKEN=token(desk)) as plan:
        assert plan.end() == 1
    assert "`wikibot adopt PAGE --space KEY`" in plan.shown


def test_at_a_terminal_existing_settings_can_be_kept_or_replaced(desk: Desk) -> None:
    folder = desk.folder / "fresh" / "config"
    folder.mkdir(parents=True)
    (folder / "bot.yaml").write_text("# mine\n")
    with at_terminal(desk, "init") as terminal:
        terminal.answer("Keep it and stop", "")
        assert terminal.end() == 1
    assert "config/bot.yaml stays as it is" in terminal.shown

    environment = {"WIKIBOT_WIKI__TOKEN": token(desk)}
    with at_terminal(desk, "init", *answers(desk), "--no-signing-key", "--no-adopt", **environment) as again:
        again.answer("Keep it and stop", "r")
        again.answer("Versions that the snapshots have", "changes")
        assert again.end() == 0
    assert (folder / "bot.yaml.1").read_text() == "# mine\n"
    assert load_settings(folder / "bot.yaml").wiki.url == desk.wiki.url


def test_a_personal_space_works(desk: Desk, config: Path) -> None:
    desk.wiki.add_page("Ana's page", "<p>a</p>", space="~ana")

    desk.ran("init", *answers(desk, space="~ana", home="Ana's page"), "--yes")

    assert load_settings(config).workspaces[0].name == "ana"
    assert desk.ran("plan").out.startswith("in sync")
