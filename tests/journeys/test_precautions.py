"""What `check` says about the bot's own files and its token, and what is refused."""

from pathlib import Path

import pytest

from bot.config.policy import WikiSettings
from bot.operations.precautions import find_clear_text
from tests.journeys.conftest import Desk, both_flavours
from wikiserver.testing import running_wiki

pytestmark = pytest.mark.parametrize("seed", ["demo"])


@both_flavours
def test_a_dotenv_file_in_the_current_folder_gets_no_token(
    adopted: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (elsewhere / ".env").write_text("WIKIBOT_WIKI__URL=http://127.0.0.1:9\n")

    adopted.ran("plan")
    ran = adopted.ran("check", code=None)

    assert f"{elsewhere / '.env'}: is not read" in ran.out


def test_a_token_from_the_secrets_folder_is_not_sent_where_a_variable_leads(
    adopted: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_wiki(adopted.wiki.flavour, "empty") as other:
        secrets = adopted.folder / "secrets"
        secrets.mkdir()
        (secrets / "wikibot_wiki__token").write_text("bot-secret")
        monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(secrets))
        monkeypatch.delenv("WIKIBOT_WIKI__TOKEN")
        monkeypatch.setenv("WIKIBOT_WIKI__URL", other.url)

        ran = adopted.ran("plan", code=1)
        checked = adopted.ran("check", code=1)

        assert "WIKIBOT_WIKI__URL leads to" in ran.err
        assert "WIKIBOT_WIKI__URL leads to" in checked.out
        assert other.requests == []


def test_a_mistyped_secrets_folder_is_named(adopted: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = adopted.folder / "none"
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(missing))

    assert f"WIKIBOT_SECRETS_DIR is {missing}, and there is no such folder" in adopted.ran("check", code=None).out
    monkeypatch.delenv("WIKIBOT_WIKI__TOKEN")
    assert f"WIKIBOT_SECRETS_DIR is {missing}" in adopted.ran("plan", code=1).err


def test_a_secret_that_all_can_read_is_a_warning_of_check(adopted: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (adopted.folder / "wikibot_wiki__token").write_text("x")
    (adopted.folder / "wikibot_wiki__token").chmod(0o644)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(adopted.folder))

    assert "can read this secret" in adopted.ran("check", code=None).out


def test_a_state_folder_that_all_can_write_is_a_warning_of_check(adopted: Desk) -> None:
    state = adopted.folder / ".wikibot"
    state.chmod(0o777)

    assert f"file {state}: every account of this machine can write it" in adopted.ran("check").out


def test_a_plan_file_that_all_can_write_is_refused(adopted: Desk) -> None:
    adopted.ran("plan", "--out", "plan.json")
    Path("plan.json").chmod(0o666)

    assert "every account of this machine can write it" in adopted.ran("apply", "--plan", "plan.json", code=1).err


@pytest.mark.parametrize("key", ["url", "gateway", "token_url"])
def test_http_to_another_machine_is_a_warning(seed: str, key: str) -> None:
    assert seed
    address = {key: "http://192.0.2.1"}

    (said,) = find_clear_text(WikiSettings.model_validate(address))

    assert f"wiki.{key} begins with http://" in said
    assert list(find_clear_text(WikiSettings.model_validate({key: "https://192.0.2.1"}))) == []
    assert list(find_clear_text(WikiSettings.model_validate({key: "http://127.0.0.1:1"}))) == []
