import os
from pathlib import Path

import pytest

from bot.config.settings import load_settings
from bot.config.watched_files import (
    FilesChangingError,
    changed_files,
    raise_if_cut_off,
    read_contents,
    read_settled,
)
from bot.errors import SettingsError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WIKIBOT_SECRETS_DIR", str(tmp_path / "secrets"))
    for name in ("secrets", "templates/wiki"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bot.yaml").write_text("wiki: {ca_bundle: ca.pem}\ntemplates: templates\n")
    return tmp_path


@pytest.mark.parametrize(
    "name", ["bot.yaml", ".env", "secrets/WIKIBOT_WIKI__TOKEN", "templates/wiki/news.xml.j2", "ca.pem"]
)
def test_each_file_of_the_settings_is_noticed_when_it_comes_changes_and_goes(folder: Path, name: str) -> None:
    settings, path = load_settings(folder / "bot.yaml"), folder / name
    at_first = read_contents(settings)
    stat = (folder / "bot.yaml").stat()

    path.write_text("one\n")
    written = read_contents(settings)
    path.write_text("two\n")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    changed = read_contents(settings)
    path.unlink()

    assert [each.name for each in changed_files(at_first, written)] == [path.name]
    assert [each.name for each in changed_files(written, changed)] == [path.name]
    assert [each.name for each in changed_files(changed, read_contents(settings))] == [path.name]


@pytest.mark.parametrize(
    "name", ["secrets/other", "secrets/kubernetes.io/token", "templates/wiki/.news.swp", "templates/wiki/news~", "x"]
)
def test_other_files_are_not_looked_at(folder: Path, name: str) -> None:
    settings = load_settings(folder / "bot.yaml")
    before = read_contents(settings)

    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("one")

    assert read_contents(settings) == before


def test_file_that_is_being_written_is_waited_for(folder: Path) -> None:
    settings, path = load_settings(folder / "bot.yaml"), folder / "bot.yaml"
    pieces = ["wiki: {}\n", "jobs: []\n", "state: s\n"]
    path.write_text("")

    def write_on(_seconds: float) -> None:
        if pieces:
            path.write_text(path.read_text() + pieces.pop(0))

    found = read_settled(lambda: read_contents(settings), write_on)

    assert path.read_text() == "wiki: {}\njobs: []\nstate: s\n"
    assert found == read_contents(settings)


def test_file_that_never_comes_to_rest_is_not_taken(folder: Path) -> None:
    settings, path = load_settings(folder / "bot.yaml"), folder / "bot.yaml"

    with pytest.raises(FilesChangingError, match=r"bot\.yaml"):
        read_settled(lambda: read_contents(settings), lambda _: path.write_text(path.read_text() + "#\n"))


def test_lost_line_end_is_a_sign_of_a_cut_but_not_in_a_secret(folder: Path) -> None:
    settings, token = load_settings(folder / "bot.yaml"), folder / "secrets" / "wikibot_wiki__token"
    token.write_text("secret\n")
    before = read_contents(settings)

    token.write_text("secret")
    raise_if_cut_off(before, read_contents(settings))
    (folder / "bot.yaml").write_text("wiki: {ca_bundle: ca.pem}\ntempl")

    with pytest.raises(SettingsError, match=r"bot\.yaml:2: looks cut off"):
        raise_if_cut_off(before, read_contents(settings))
