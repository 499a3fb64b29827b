from pathlib import Path

import pytest

from bot.config.policy import DriftPolicy
from bot.config.settings import load_settings
from bot.errors import SettingsError

MINIMAL = """\
wiki: {url: https://wiki.example.org/confluence/}
workspaces:
  - {name: ws2, data: ws2.yaml}
"""


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(tmp_path / "secrets"))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config" / "bot.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_defaults_are_careful(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, MINIMAL))

    assert settings.workspaces[0].drift is DriftPolicy.REPORT
    assert sorted(settings.workspaces[0].regions) == ["news", "quick_links", "status"]
    assert settings.wiki.writes_per_minute == 6
    assert settings.wiki.url == "https://wiki.example.org/confluence"


@pytest.mark.parametrize("copied", ["s3cret", "Bearer s3cret", "bearer  s3cret\n"])
def test_a_token_may_have_the_name_of_its_scheme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copied: str) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", copied)

    token = load_settings(write(tmp_path, MINIMAL)).wiki.token

    assert token is not None
    assert token.get_secret_value() == "s3cret"


def test_the_environment_overrides_the_file_and_secrets_come_from_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "wikibot_wiki__token").write_text("s3cret\n")
    monkeypatch.setenv("WIKIBOT_WIKI__URL", "http://127.0.0.1:1")
    monkeypatch.setenv("WIKIBOT_SNAPSHOTS__GIT", "true")

    settings = load_settings(write(tmp_path, MINIMAL))

    assert settings.wiki.url == "http://127.0.0.1:1"
    assert settings.snapshots.git is True
    assert settings.wiki.token is not None
    assert settings.wiki.token.get_secret_value().strip() == "s3cret"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("key", ["token", "password", "client_secret"])
def test_a_secret_of_two_lines_is_refused(tmp_path: Path, key: str) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / f"wikibot_wiki__{key}").write_text("s3cret\nX-Header: 1\n")

    with pytest.raises(SettingsError, match=rf"WIKIBOT_WIKI__{key.upper()}.*must be one line") as refused:
        load_settings(write(tmp_path, MINIMAL))

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(("key", "value"), [("TOKEN", "s3crét"), ("HEADERS", '{"X-Way": "s3cret\u20ac"}')])
def test_a_secret_that_no_header_can_contain_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: str
) -> None:
    monkeypatch.setenv(f"WIKIBOT_WIKI__{key}", value)

    with pytest.raises(SettingsError, match="has characters that") as refused:
        load_settings(write(tmp_path, MINIMAL))

    assert "s3cr" not in str(refused.value)


@pytest.mark.parametrize("place", ["secrets/wikibot_wiki__token", "config/.env"])
def test_a_secret_that_is_no_text_is_named(tmp_path: Path, place: str) -> None:
    config = write(tmp_path, MINIMAL)
    (tmp_path / "secrets").mkdir()
    (tmp_path / place).write_bytes(b"\xff\xfes3cret")

    with pytest.raises(SettingsError, match=rf"{place}: is not text in UTF-8"):
        load_settings(config)


def test_what_the_sources_cannot_read_is_an_error_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(tmp_path, MINIMAL)
    monkeypatch.setenv("WIKIBOT_WIKI__HEADERS", "{s3cret")
    with pytest.raises(SettingsError, match="error parsing value") as refused:
        load_settings(config)
    assert "s3cret" not in str(refused.value)

    monkeypatch.delenv("WIKIBOT_WIKI__HEADERS")
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(config))
    with pytest.raises(SettingsError, match="must reference a directory"):
        load_settings(config)


def test_a_secret_behind_a_link_is_read_inside_the_folder_and_refused_elsewhere(tmp_path: Path) -> None:
    config = write(tmp_path, MINIMAL)
    inside = tmp_path / "secrets" / "..data"
    inside.mkdir(parents=True)
    secret = tmp_path / "secrets" / "wikibot_wiki__token"
    for target in (inside / "token", tmp_path / "token"):
        target.write_text("s3cret\n")
    secret.symlink_to("..data/token")
    assert load_settings(config).wiki.token

    secret.unlink()
    secret.symlink_to(tmp_path / "token")
    with pytest.raises(SettingsError, match=r"is a link to .*token, outside the folder of the secrets"):
        load_settings(config)

    secret.unlink()
    secret.symlink_to("..data/nothing")
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_settings(config)


def test_a_dotenv_file_next_to_the_settings_is_read_and_no_other(tmp_path: Path) -> None:
    config = write(tmp_path, MINIMAL)
    (tmp_path / ".env").write_text("WIKIBOT_WIKI__URL=http://evil.test\nWIKIBOT_WIKI__TOKEN=evil\n")
    (config.parent / ".env").write_text("WIKIBOT_WIKI__TOKEN=from-dotenv\n")

    wiki = load_settings(config).wiki

    assert wiki.url == "https://wiki.example.org/confluence"
    assert wiki.token is not None
    assert wiki.token.get_secret_value() == "from-dotenv"


def test_relative_paths_are_seen_from_the_settings_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, MINIMAL))

    assert settings.resolve(settings.workspaces[0].data) == tmp_path / "config" / "ws2.yaml"
    assert settings.resolve(settings.snapshots.path).resolve() == tmp_path / "snapshots"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wiki:\n  urll: x\n", r"bot\.yaml:2: wiki\.urll: is not a known key"),
        ("wiki:\n  token: x\n", r"bot\.yaml:2: wiki\.token is a secret.*WIKIBOT_WIKI__TOKEN"),
        ("wiki: {url: x}\n\nwiki: {url: y}\n", r"bot\.yaml:3: found duplicate key"),
        ("wiki:\n\turl: x\n", r"bot\.yaml:2: a tab indents this line"),
        ("wiki: {url: 'https://x'}\n:\n", r"bot\.yaml:2: an empty key is not the name of a setting"),
        ("wiki: {url: 'https://x'}\n2024: x\n", r"bot\.yaml:2: the key 2024 is not the name of a setting"),
        ("- a\n", r"bot\.yaml:1: must be a mapping of keys to values"),
        ("wiki: {url: 'ftp://x'}\n", r"bot\.yaml:1: wiki\.url: must be the http or https address"),
        ("wiki: {url: 'https://u:p@x'}\n", "without account"),
        ("workspaces:\n  - {name: A b, data: x}\n", r"bot\.yaml:2: workspaces\.0\.name"),
        ("workspaces:\n  - {name: a, data: x}\n  - {name: a, data: y}\n", "two workspaces are named 'a'"),
        ("jobs:\n  - {run: dance, every: day}\n", r"bot\.yaml:2: jobs\.0\.run"),
        (
            "workspaces:\n  - name: a\n    data: x\n    regions:\n      news: {marker: heading}\n",
            r"bot\.yaml:5: .*needs `heading`",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(write(tmp_path, text))


def test_what_is_wrong_in_the_environment_is_named_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__TIMEOUT_SECONDS", "soon")

    with pytest.raises(SettingsError, match=r"WIKIBOT_WIKI__TIMEOUT_SECONDS: .*valid number"):
        load_settings(write(tmp_path, MINIMAL))


@pytest.mark.parametrize(
    "address",
    ["http://h:18940%40127.0.0.1", "http://:pw@h", "http://@h", "http://h:99999", "http://h:0", "http://h%00",
     "http://h h", "http://h\\x", "http://h\u202e"],
)  # fmt: skip
def test_an_address_that_could_be_read_in_two_ways_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("WIKIBOT_WIKI__URL", address)

    with pytest.raises(SettingsError, match=r"wiki\.url: must (?:be the bare|name a host)"):
        load_settings(write(tmp_path, MINIMAL))


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="wikibot init"):
        load_settings(tmp_path / "none.yaml")
