"""A key that is not known gets a suggestion."""

from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.settings import load_settings
from bot.errors import ContentError, SettingsError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "wikki: {url: 'https://wiki.example.org'}\n",
            r"bot\.yaml:1: wikki: is not a known key; did you mean `wiki`\?",
        ),
        ("wiki:\n  writes_per_minutes: 3\n", r":2: wiki\.writes_per_minutes: .* did you mean `writes_per_minute`\?"),
        (
            "workspaces:\n  - name: a\n    data: a.yaml\n    regions:\n      news:\n        markr: details\n",
            r":6: workspaces\.0\.regions\.news\.markr: is not a known key; did you mean `marker`\?",
        ),
        ("signing_key: Heads\n", r"`snapshots\.signing_key` is one, so check the indentation"),
        ("safety:\n  zebra: 1\n", r"is not a known key; known here: max_changed_share, max_changed_regions, "),
    ],
)
def test_the_settings_suggest_the_nearest_known_key(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bot.yaml"
    path.write_text(text)

    with pytest.raises(SettingsError, match=message):
        load_settings(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("newz: {items: []}\n", r":2: newz: is not a known key; did you mean `news`\?"),
        ("news:\n  items:\n    - {id: a, test: A}\n", r":4: news\.items\.0\.test: .* did you mean `text`\?"),
        (
            "quick_links:\n  links:\n    - {text: A, links: [{text: B, urls: 'https://example.org'}]}\n",
            r":4: quick_links\.links\.0\.links\.0\.urls: .* did you mean `url`\?",
        ),
    ],
)
def test_the_data_file_suggests_the_nearest_known_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ContentError, match=message):
        DataFile.parse("workspace: {space: A, home: B}\n" + text, tmp_path / "ws.yaml")
