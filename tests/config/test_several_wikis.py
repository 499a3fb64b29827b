"""Settings with several wikis: secrets by name, each for its own host, and nothing that two wikis share."""

from pathlib import Path

import pytest

from bot.config.policy import WikiSettings
from bot.config.settings import Settings, load_settings
from bot.errors import SettingsError

TEAM = "{url: https://team.example.org}"
SALES = "{name: sales, data: sales.yaml}"
SUPPORT = "{name: support, wiki: team, data: support.yaml}"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Loader":
    monkeypatch.delenv("WIKIBOT_WIKI__TOKEN", raising=False)
    (tmp_path / "secrets").mkdir(mode=0o700)
    return Loader(tmp_path)


class Loader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, wikis: str = f"{{team: {TEAM}}}", *workspaces: str, more: str = "") -> Settings:
        listed = ", ".join(workspaces or (SALES, SUPPORT))
        text = f"wiki: {{url: https://sales.example.org}}\nwikis: {wikis}\nworkspaces: [{listed}]\n{more}"
        (self.folder / "bot.yaml").write_text(text)
        return load_settings(self.folder / "bot.yaml")

    def secret(self, name: str, value: str) -> None:
        (self.folder / "secrets" / name).write_text(value)


def test_each_wiki_has_its_own_settings(load: Loader) -> None:
    load.secret("wikibot_wikis__team__token", "for-the-team")
    load.secret("wikibot_wiki__token", "for-sales")
    settings = load(
        f"{{team: {TEAM[:-1]}, jobs: [{{run: verify, every: day}}]}}}}", more="jobs: [{run: sync, every: hour}]"
    )

    sales, team = (settings.of_wiki(name) for name in settings.wiki_names)

    assert settings.wiki_names == ("default", "team")
    assert [each.wiki.token and each.wiki.token.get_secret_value() for each in (sales, team)] == [
        "for-sales",
        "for-the-team",
    ]
    assert [each.workspaces[0].name for each in (sales, team)] == ["sales", "support"]
    assert [each.jobs[0].run for each in (sales, team)] == ["sync", "verify"]
    assert type(team.wiki) is WikiSettings
    assert team.wiki.model_fields_set == {"url", "token"}
    assert (sales.state, team.state) == (settings.state, settings.state / "wikis" / "team")
    assert (sales.snapshots.path, team.snapshots.path) == (Path("../snapshots"), Path("../snapshots-team"))
    assert team.locate(("workspaces", 0), ("data",)).endswith("bot.yaml:3")
    assert team.locate(("wiki",), ("url",)).endswith("bot.yaml:2")
    assert team.locate(("wiki",), ("proxy",)) == "WIKIBOT_WIKIS__TEAM__PROXY"


def test_a_file_with_one_wiki_is_as_it_was(load: Loader) -> None:
    settings = load("{}", SALES)

    assert settings.wiki_names == ("default",)
    assert settings.of_wiki("default") is settings


def test_a_token_goes_to_the_host_of_its_own_wiki_only(load: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    load.secret("wikibot_wikis__team__token", "for-the-team")
    load().of_wiki("team").check_secret_binding()

    monkeypatch.setenv("WIKIBOT_WIKIS__TEAM__URL", "https://evil.test")
    settings = load()

    settings.of_wiki("default").check_secret_binding()
    with pytest.raises(
        SettingsError, match=r"WIKIBOT_WIKIS__TEAM__URL leads to evil\.test.*set wikis\.team\.token_host"
    ):
        settings.of_wiki("team").check_secret_binding()

    monkeypatch.delenv("WIKIBOT_WIKIS__TEAM__URL")
    load.secret("wikibot_wikis__team__token_host", "other.example.org")
    with pytest.raises(
        SettingsError, match=r"only \(wikis\.team\.token_host\), but wikis\.team\.url leads to team\.ex"
    ):
        load().of_wiki("team").check_secret_binding()


@pytest.mark.parametrize(
    ("wikis", "workspaces", "more", "error"),
    [
        (f"{{team: {TEAM}}}", (SALES,), "", r"wikis\.team: no workspace names this wiki"),
        (
            f"{{team: {TEAM}}}",
            (SALES, "{name: x, wiki: taem, data: x.yaml}"),
            "",
            "no wiki is named 'taem' .did you mean 'team'",
        ),
        (f"{{default: {TEAM}}}", (SALES,), "", "'default' cannot be the name of a wiki"),
        (f"{{My-Team: {TEAM}}}", (SALES,), "", "'My-Team' cannot be the name of a wiki"),
        ("{team: {flavour: cloud}}", (SALES, SUPPORT), "", r"bot\.yaml:2: wikis\.team\.url: "),
        (
            "{team: {url: 'https://sales.example.org/'}}",
            (SALES, SUPPORT),
            "",
            "are the same wiki with the same account",
        ),
        ("{team: {url: https://team.example.org, token: x}}", (SALES, SUPPORT), "", r"wikis\.team\.token is a secret"),
        (
            "{team: {url: https://team.example.org, snapshots: {path: ../snapshots}}}",
            (SALES, SUPPORT),
            "",
            "have the same folder for snapshots",
        ),
        (
            f"{{team: {TEAM}}}",
            (SALES, SUPPORT),
            "snapshots: {witnesses: [{kind: page, title: Heads}]}",
            r"wikis\.team: needs a section `snapshots`, because `snapshots\.witnesses` belongs to one wiki",
        ),
        (f"{{team: {TEAM}}}", (SUPPORT,), "desk: {}", "desk: belongs to the wiki of the section `wiki`"),
    ],
)
def test_what_two_wikis_would_share_is_refused(
    load: Loader, wikis: str, workspaces: tuple[str, ...], more: str, error: str
) -> None:
    with pytest.raises(SettingsError, match=error):
        load(wikis, *workspaces, more=more)
