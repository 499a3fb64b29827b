"""A token goes to its own host only, wherever address and token come from."""

from pathlib import Path

import pytest

from bot.config.settings import load_settings
from bot.errors import SettingsError

URL = "https://wiki.example.org/confluence"


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Settings with the address of the wiki, and the token in the secrets folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.yaml").write_text(f"wiki: {{url: {URL}}}\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "wikibot_wiki__token").write_text("s3cret\n")
    return tmp_path / "bot.yaml"


def bind(config: Path, host: str) -> None:
    (config.parent / "secrets" / "wikibot_wiki__token_host").write_text(host + "\n")


@pytest.mark.parametrize("key", ["URL", "GATEWAY", "TOKEN_URL"])
def test_a_variable_does_not_lead_a_token_from_a_file_elsewhere(
    config: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    config.write_text(f"wiki: {{url: {URL}, gateway: {URL}, token_url: {URL}}}\n")
    monkeypatch.setenv(f"WIKIBOT_WIKI__{key}", "https://evil.test:8443/x")

    with pytest.raises(SettingsError, match=rf"WIKIBOT_WIKI__{key} leads to evil\.test:8443.*nothing was sent"):
        load_settings(config).check_secret_binding()


@pytest.mark.parametrize("is_in_environment", [False, True])
def test_a_file_with_variables_does_not_lead_a_token_from_elsewhere_away(
    config: Path, monkeypatch: pytest.MonkeyPatch, *, is_in_environment: bool
) -> None:
    (config.parent / ".env").write_text("WIKIBOT_WIKI__URL=https://evil.test/x\n")
    (config.parent / ".env").chmod(0o600)
    if is_in_environment:
        monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "s3cret")

    with pytest.raises(SettingsError, match=r"WIKIBOT_WIKI__URL in \.env leads to evil\.test.*nothing was sent"):
        load_settings(config).check_secret_binding()


def test_a_file_with_variables_may_have_another_wiki_with_its_token(config: Path) -> None:
    (config.parent / ".env").write_text("WIKIBOT_WIKI__URL=https://other.test\nWIKIBOT_WIKI__TOKEN=other\n")
    (config.parent / ".env").chmod(0o600)

    load_settings(config).check_secret_binding()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WIKIBOT_WIKI__URL", f"{URL}/"),
        ("WIKIBOT_WIKI__URL", "https://WIKI.example.org/elsewhere"),
        ("WIKIBOT_WIKI", '{"url": "https://wiki.example.org"}'),
    ],
)
def test_a_variable_may_change_what_is_not_the_host(
    config: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    load_settings(config).check_secret_binding()


@pytest.mark.parametrize("value", ["http://wiki.example.org/confluence", "https://wiki.example.org:444"])
def test_another_port_or_no_encryption_is_another_host(
    config: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__URL", value)

    with pytest.raises(SettingsError, match="nothing was sent"):
        load_settings(config).check_secret_binding()


def test_the_variable_decides_where_the_settings_name_no_address(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text("wiki: {user: bot}\n")
    monkeypatch.setenv("WIKIBOT_WIKI__URL", "https://other.example.org")

    load_settings(config).check_secret_binding()


def test_a_token_from_the_environment_goes_where_the_environment_says(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "other")
    monkeypatch.setenv("WIKIBOT_WIKI__URL", "https://other.example.org")

    load_settings(config).check_secret_binding()


def test_a_bound_token_does_not_follow_a_changed_settings_file(config: Path) -> None:
    bind(config, "wiki.example.org")
    load_settings(config).check_secret_binding()
    config.write_text("wiki: {url: https://wiki.example.org.evil.test}\n")

    with pytest.raises(SettingsError, match=r"for wiki\.example\.org only.*leads to wiki\.example\.org\.evil\.test"):
        load_settings(config).check_secret_binding()


@pytest.mark.parametrize("key", ["gateway", "token_url"])
def test_a_bound_token_goes_to_no_other_gateway_or_token_service(config: Path, key: str) -> None:
    bind(config, "wiki.example.org")
    config.write_text(f"wiki: {{url: {URL}, {key}: https://evil.test}}\n")

    with pytest.raises(SettingsError, match=rf"wiki\.{key} leads to evil\.test"):
        load_settings(config).check_secret_binding()


def test_a_bound_token_of_cloud_may_go_to_the_services_of_atlassian(config: Path) -> None:
    bind(config, "name.atlassian.net")
    config.write_text(
        "wiki: {url: https://name.atlassian.net/wiki, gateway: https://api.atlassian.com, "
        "token_url: https://auth.atlassian.com/oauth/token}\n"
    )

    load_settings(config).check_secret_binding()


def test_a_variable_does_not_replace_the_host_that_is_stored_with_the_token(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind(config, "wiki.example.org")
    monkeypatch.setenv("WIKIBOT_WIKI__URL", "https://evil.test")
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN_HOST", "evil.test")

    with pytest.raises(SettingsError, match="nothing was sent"):
        load_settings(config).check_secret_binding()


def test_a_person_can_name_the_host_of_a_token_that_a_variable_leads_elsewhere(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__URL", "https://other.example.org:8443")
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN_HOST", "wiki.example.org, other.example.org:8443")

    load_settings(config).check_secret_binding()
