import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import DATA, Ran

Wikibot = Callable[..., Ran]


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "config" / "ws2.yaml"


def test_news_add_inserts_one_item_and_shows_the_change(data: Path, wikibot: Wikibot) -> None:
    ran = wikibot(
        "news", "add", "Fresh **news**: read it", "--date", "2026-03-01", "--publish-at", "2026-03-02T09:00+01:00"
    )

    item = (
        "    - {id: fresh-news-read-it, date: 2026-03-01, text: 'Fresh **news**: read it', "
        "publish_at: 2026-03-02 09:00:00+01:00}\n"
    )
    assert ran.code == 0, ran.err
    assert data.read_text() == DATA.replace("    - {id: one", item + "    - {id: one")
    assert "+" + item in ran.out


def test_an_id_that_is_taken_is_numbered(data: Path, wikibot: Wikibot) -> None:
    wikibot("news", "add", "Two")

    assert "{id: two-2, text: Two}" in data.read_text()


def test_dry_run_shows_the_change_and_writes_nothing(data: Path, wikibot: Wikibot) -> None:
    ran = wikibot("news", "remove", "two", "--dry-run")

    assert "-    - {id: two, text: Two}" in ran.out
    assert "nothing was written" in ran.err
    assert data.read_text() == DATA


def test_news_edit_sets_and_clears_fields(data: Path, wikibot: Wikibot) -> None:
    assert wikibot("news", "edit", "one", "--text", "Uno", "--pinned", "--clear", "date").code == 0

    assert "    - {id: one, text: Uno, pinned: true}\n" in data.read_text()


def test_news_list_tells_what_is_shown_when(data: Path, wikibot: Wikibot) -> None:
    wikibot("news", "add", "Later", "--publish-at", "2999-01-01T00:00Z")
    wikibot("news", "add", "Past", "--expires-at", "2000-01-01T00:00Z")

    rows = [line.split("\t") for line in wikibot("news", "list").out.splitlines()]

    assert [(row[0], row[2]) for row in rows[1:]] == [
        ("past", "expired"),
        ("later", "from 2999-01-01 00:00 UTC"),
        ("one", "shown"),
        ("two", "shown"),
    ]
    listed = json.loads(wikibot("news", "list", "--format", "json").out)
    assert listed[2] == {
        "id": "one",
        "date": "2024-02-22",
        "text": "One, with a [link](page:A)",
        "publish_at": None,
        "expires_at": None,
        "pinned": False,
    }
    assert data.exists()


def test_news_list_tells_which_news_have_no_room(data: Path, wikibot: Wikibot) -> None:
    data.write_text(DATA.replace("news:\n", "news:\n  show: 1\n").replace("id: two,", "id: two, pinned: true,"))

    rows = [line.split("\t") for line in wikibot("news", "list").out.splitlines()]

    assert [(row[0], row[2]) for row in rows[1:]] == [("one", "older"), ("two", "pinned")]


def test_status_set_replaces_all_lines_or_one(data: Path, wikibot: Wikibot) -> None:
    assert wikibot("status", "set", "--line", "2", "Done.", "--icon", "tick").code == 0
    assert data.read_text() == DATA.replace("{icon: star, text: Ongoing.}", "{icon: tick, text: Done.}")

    assert wikibot("status", "set", "warning: Delayed.", "No icon: here", "--heading", "Now:").code == 0
    text = data.read_text()
    assert "    - icon: warning\n      text: Delayed.\n    - text: 'No icon: here'\n" in text
    assert "  heading: 'Now:'   # known to all\n" in text
    assert wikibot("status", "list").out.splitlines()[1:] == ["1\twarning\tDelayed.", "2\t\tNo icon: here"]


def test_links_are_added_below_others_and_removed(data: Path, wikibot: Wikibot) -> None:
    assert wikibot("links", "add", "Annex", "--attachment", "annex 1.pdf", "--under", "Report").code == 0
    assert "{text: Report, page: Final Report, links: [{text: Annex, attachment: annex 1.pdf}]}" in data.read_text()
    assert wikibot("links", "list").out.splitlines()[1:] == ["Report\tFinal Report", "  Annex\tannex 1.pdf"]

    assert wikibot("links", "remove", "Annex").code == 0
    assert data.read_text() == DATA


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("links", "add", "x", "--url", "javascript:alert(1)"), "url: must be an http, https or mailto address"),
        (("links", "add", "x", "--url", "https://a", "--page", "b"), "more than one target"),
        (("links", "remove", "nope"), "ws2.yaml:10: there is no link 'nope'"),
        (("news", "add", "x", "--id", "one"), "there is a news item 'one' already"),
        (("news", "add", "x", "--id", "A b"), "id: "),
        (("news", "add", ""), "text: must not be empty"),
        (("news", "add", "x\u202ey"), "bidirectional control U+202E"),
        (("news", "add", "x", "--date", "tomorrow"), "'tomorrow' is not a day"),
        (("news", "add", "x", "--publish-at", "2026-01-01T09:00"), "lacks a time zone"),
        (("news", "edit", "one"), "say what to change"),
        (("news", "edit", "nope", "--text", "x"), "ws2.yaml:14: there is no news item 'nope'"),
        (("status", "set", "--line", "9", "x"), "so there is no line 9"),
        (("status", "set"), "say what to set"),
        (("status", "set", "a", "b", "--icon", "tick"), "--icon goes with one TEXT"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    data: Path, wikibot: Wikibot, words: tuple[str, ...], message: str
) -> None:
    ran = wikibot(*words)

    assert ran.code == 1
    assert message in ran.err
    assert data.read_text() == DATA
