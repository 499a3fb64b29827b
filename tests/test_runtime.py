from pathlib import Path

import pytest

from bot.config.settings import load_settings
from bot.errors import SettingsError
from bot.runtime import Runtime


def runtime(folder: Path) -> Runtime:
    (folder / "bot.yaml").write_text("templates: own\nworkspaces: [{name: ws2, data: ws2.yaml}]\n")
    return Runtime(load_settings(folder / "bot.yaml"))


def test_a_folder_of_templates_that_is_not_there_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()

    with pytest.raises(SettingsError, match=r"bot\.yaml: templates: there is no folder .*own/wiki; make it"):
        _ = runtime(tmp_path).renderer


def test_templates_of_ones_own_are_seen_from_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "own" / "wiki").mkdir(parents=True)

    assert runtime(tmp_path).renderer is not None
