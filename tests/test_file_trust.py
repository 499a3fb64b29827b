"""Owner and mode of the files that steer the bot."""

import os
import re
import shlex
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.settings import load_settings
from bot.errors import ContentError, LocatedError, SettingsError
from bot.file_trust import ALLOW_VARIABLE, find_risk, raise_if_readable_by_all, raise_if_writable_by_all
from bot.runtime import Runtime

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another account")
NOBODY = 65534


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a folder of its own" / "file"
    path.parent.mkdir(mode=0o700)
    path.write_text("x")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400])
def test_a_file_that_only_the_bot_can_write_has_no_risk(file: Path, mode: int) -> None:
    file.chmod(mode)

    assert find_risk(file) is None


@pytest.mark.parametrize("mode", [0o602, 0o606, 0o666, 0o777])
def test_a_file_that_all_can_write_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)

    with pytest.raises(
        LocatedError, match=re.escape(f"{file}: every account of this machine can write it; run `chmod o-w")
    ):
        raise_if_writable_by_all(file, LocatedError)


def test_a_file_in_a_folder_in_which_all_can_replace_it_is_refused(file: Path) -> None:
    file.parent.chmod(0o777)

    with pytest.raises(LocatedError, match="every account of this machine can replace it"):
        raise_if_writable_by_all(file, LocatedError)


def test_a_link_is_judged_by_its_target(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(file)
    file.chmod(0o666)

    with pytest.raises(LocatedError, match=re.escape(f"chmod o-w {shlex.quote(str(file))}")):
        raise_if_writable_by_all(link, LocatedError)


def test_a_link_in_a_folder_in_which_all_can_replace_it_is_refused(file: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "shared" / "first", tmp_path / "second"
    first.parent.mkdir()
    first.parent.chmod(0o777)
    first.symlink_to(file)
    second.symlink_to(Path("shared") / "first")

    for link in (first, second):
        with pytest.raises(
            LocatedError, match=re.escape(f"can replace it; run `chmod o-w {shlex.quote(str(first.parent))}`")
        ):
            raise_if_writable_by_all(link, LocatedError)
    first.parent.chmod(0o1777)
    raise_if_writable_by_all(second, LocatedError)


def test_a_folder_further_up_that_all_can_write_is_a_warning(file: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    risk = find_risk(file)

    assert risk is not None
    assert (risk.is_fatal, risk.message) == (
        False,
        f"every account of this machine can replace its folder; run `chmod o-w {shlex.quote(str(tmp_path))}`",
    )


@AS_ROOT
def test_a_folder_of_another_account_or_of_a_shared_group_is_a_warning(file: Path) -> None:
    os.chown(file.parent, NOBODY, NOBODY)
    risk = find_risk(file)
    assert risk is not None
    assert "owns its folder" in risk.message

    os.chown(file.parent, 0, NOBODY)
    file.parent.chmod(0o770)
    risk = find_risk(file)
    assert risk is not None
    assert f"the group {NOBODY} can replace it" in risk.message
    file.parent.chmod(0o1770)
    assert find_risk(file) is None


@AS_ROOT
def test_a_file_that_another_account_put_into_a_shared_folder_is_refused(file: Path) -> None:
    file.parent.chmod(0o1777)
    raise_if_writable_by_all(file, LocatedError)
    os.chown(file, NOBODY, NOBODY)

    with pytest.raises(LocatedError, match=r"another account .* put it into"):
        raise_if_writable_by_all(file, LocatedError)


@AS_ROOT
def test_a_file_of_another_account_is_a_warning(file: Path) -> None:
    os.chown(file, NOBODY, NOBODY)

    risk = find_risk(file)

    assert risk is not None
    assert not risk.is_fatal
    assert "belongs to another account" in risk.message


@AS_ROOT
def test_a_file_of_a_shared_group_is_a_warning_and_that_of_a_private_group_is_none(file: Path) -> None:
    file.chmod(0o660)
    assert find_risk(file) is None
    os.chown(file, 0, 100)

    risk = find_risk(file)

    assert risk is not None
    assert not risk.is_fatal
    assert "the group 100 can write it" in risk.message


def test_a_secret_that_all_can_read_is_a_warning(file: Path) -> None:
    file.chmod(0o644)

    risk = find_risk(file, is_secret=True)

    assert risk is not None
    assert not risk.is_fatal
    assert "can read this secret" in risk.message


def test_a_file_system_without_modes_can_be_accepted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.chmod(0o777)
    monkeypatch.setenv(ALLOW_VARIABLE, "1")

    raise_if_writable_by_all(file, LocatedError)


@pytest.mark.parametrize("mode", [0o644, 0o602])
def test_a_signing_key_that_all_can_read_or_write_is_not_used(file: Path, mode: int) -> None:
    raise_if_readable_by_all(file, SettingsError)
    file.chmod(mode)

    with pytest.raises(SettingsError, match=r"every account of this machine can (?:read|write)"):
        raise_if_readable_by_all(file, SettingsError)


@pytest.mark.parametrize("name", ["bot.yaml", ".env", "secrets/wikibot_wiki__token"])
def test_settings_and_secrets_that_all_can_write_are_not_used(tmp_path: Path, name: str) -> None:
    (tmp_path / "bot.yaml").write_text("wiki: {url: http://127.0.0.1:1}\n")
    (tmp_path / ".env").write_text("WIKIBOT_WIKI__TOKEN=x\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/wikibot_wiki__token").write_text("x\n")
    load_settings(tmp_path / "bot.yaml")
    (tmp_path / name).chmod(0o666)

    with pytest.raises(SettingsError, match=f"{name}: every account"):
        load_settings(tmp_path / "bot.yaml")


def test_a_data_file_that_all_can_write_is_not_used(file: Path) -> None:
    file.write_text("workspace: {space: A, home: B}\n")
    DataFile.load(file)
    file.chmod(0o606)

    with pytest.raises(ContentError, match="every account"):
        DataFile.load(file)


@pytest.mark.parametrize("name", ["wiki", "wiki/news.xml.j2"])
def test_templates_that_all_can_write_are_not_used(tmp_path: Path, name: str) -> None:
    templates = tmp_path / "templates"
    (templates / "wiki").mkdir(parents=True)
    (templates / "wiki/news.xml.j2").write_text("x")
    (tmp_path / "bot.yaml").write_text("templates: templates\n")
    assert Runtime(load_settings(tmp_path / "bot.yaml")).renderer is not None
    (templates / name).chmod(0o777)

    with pytest.raises(SettingsError, match="every account"):
        _ = Runtime(load_settings(tmp_path / "bot.yaml")).renderer
