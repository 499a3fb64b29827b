"""Every kind of credential in the settings, as `init` writes them and `check` names them, and the end of a token."""

import datetime as dt

import pytest

from bot.config.settings import load_settings
from tests.journeys.conftest import HOME, Desk, both_flavours

pytestmark = pytest.mark.parametrize("seed", ["demo"])
cloud = pytest.mark.parametrize("flavour", ["cloud"])
data_center = pytest.mark.parametrize("flavour", ["datacenter"])


def set_wiki(desk: Desk, more: str) -> None:
    """Add keys to `wiki` in the settings."""
    path = desk.folder / "bot.yaml"
    path.write_text(path.read_text().replace(", writes_per_minute", f", {more}, writes_per_minute"))


def sign_in_line(desk: Desk) -> str:
    """The line of `check` about the sign-in."""
    (line,) = [line for line in desk.ran("check", code=None).out.splitlines() if "sign-in: " in line]
    return line


@cloud
def test_a_classic_token_is_named(desk: Desk) -> None:
    assert "classic API token of bot" in sign_in_line(desk)


@cloud
def test_a_scoped_token_is_named_with_the_gateway(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.wiki.open_gateway()
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", desk.wiki.issue_token("bot", None))

    line = sign_in_line(desk)

    assert "scoped API token of bot" in line
    assert desk.wiki.gateway_url in line


@data_center
def test_a_personal_access_token_is_named(desk: Desk) -> None:
    assert "personal access token" in sign_in_line(desk)


@data_center
def test_a_password_is_named_with_its_user(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    set_wiki(desk, "user: bot")
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")

    line = sign_in_line(desk)

    assert "bot" in line
    assert "personal access token" not in line
    assert "bot-secret" not in line


@both_flavours
def test_init_with_a_client_writes_settings_that_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    if desk.wiki.flavour == "cloud":
        desk.wiki.open_gateway()
    client_id, secret = desk.wiki.add_service_account("robot")
    config = desk.folder / "new" / "bot.yaml"
    monkeypatch.setenv("WIKIBOT_CONFIG", str(config))
    monkeypatch.delenv("WIKIBOT_WIKI__TOKEN")
    monkeypatch.setenv("WIKIBOT_WIKI__CLIENT_SECRET", secret)

    desk.ran("init", "--url", desk.wiki.url, "--space", "WS2", "--home", HOME, "--client-id", client_id, "--no-adopt")

    assert load_settings(config).wiki.client_id == client_id
    assert secret not in config.read_text()
    assert f"client {client_id}" in sign_in_line(desk)


@both_flavours
@pytest.mark.parametrize(
    ("days", "words"),
    [(15, None), (14, "expires in 14 days,"), (1, "expires in 1 day,"), (0, "expires today,"), (-1, "expired on")],
)
def test_the_end_of_a_token_is_announced(adopted: Desk, days: int, words: str | None) -> None:
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=days)
    set_wiki(adopted, f"token_expires: {day}")

    for command in ("plan", "check"):
        ran = adopted.ran(command, code=None)
        said = ran.out + ran.err
        assert (words is not None) == ("wiki.token_expires" in said), command
        assert words is None or f"the token of the wiki {words}" in said
