import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
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


def test_entries_have_a_day_of_review(data: Path, wikibot: Wikibot) -> None:
    for words in (
        ("news", "add", "Fresh"),
        ("news", "edit", "one"),
        ("links", "add", "Rules", "--url", "https://example.org/"),
        ("banner", "add", "All is well."),
    ):
        ran = wikibot(*words, "--review-by", "2099-01-31")
        assert ran.code == 0, ran.err
        assert "review_by: 2099-01-31" in ran.out
    assert data.read_text().count("review_by: 2099-01-31") == 4

    wikibot("news", "edit", "one", "--clear", "review_by")
    wikibot("links", "edit", "Rules", "--clear", "review_by")
    wikibot("banner", "set", "--line", "1", "--review-by", "2098-12-31")
    assert wikibot("banner", "set", "--review-by", "2098-12-31").code == 1
    assert wikibot("news", "edit", "one", "--review-by", "soon").code == 1

    assert data.read_text().count("review_by: 2099-01-31") == 2
    assert data.read_text().count("review_by: 2098-12-31") == 1


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


def test_news_list_reports_what_is_shown_when(data: Path, wikibot: Wikibot) -> None:
    wikibot("news", "add", "Later", "--publish-at", "2999-01-01T00:00Z")
    wikibot("news", "add", "Past", "--expires-at", "2000-01-01T00:00Z")

    assert wikibot("news", "list").out.splitlines() == [
        "id     date        state                                 text",
        "past               expired                               Past",
        "later              scheduled, from 2999-01-01 00:00 UTC  Later",
        "one    2024-02-22  live                                  One, with a link",
        "two                live                                  Two",
    ]
    listed = json.loads(wikibot("news", "list", "--format", "json").out)
    assert listed[2] == {
        "id": "one",
        "date": "2024-02-22",
        "text": "One, with a [link](page:A)",
        "publish_at": None,
        "expires_at": None,
        "review_by": None,
        "pinned": False,
        "group": None,
        "items": [],
        "cells": [],
        "cells_before": [],
        "file": None,
        "state": "live",
    }
    assert [item["state"] for item in listed] == ["expired", "scheduled", "live", "live"]
    assert data.exists()


def test_news_list_reports_which_news_have_no_room(data: Path, wikibot: Wikibot) -> None:
    data.write_text(DATA.replace("news:\n", "news:\n  show: 1\n").replace("id: two,", "id: two, pinned: true,"))

    assert wikibot("news", "list").out.splitlines() == [
        "id   date        state   text",
        "one  2024-02-22  older   One, with a link",
        "two              pinned  Two",
    ]


def test_banner_set_replaces_all_lines_or_one(data: Path, wikibot: Wikibot) -> None:
    assert wikibot("banner", "set", "--line", "2", "Done.", "--icon", "tick").code == 0
    assert data.read_text() == DATA.replace("{icon: star, text: Ongoing.}", "{icon: tick, text: Done.}")

    assert wikibot("banner", "set", "warning: Delayed.", "No icon: here", "--heading", "Now:").code == 0
    text = data.read_text()
    assert "    - icon: warning\n      text: Delayed.\n    - text: 'No icon: here'\n" in text
    assert "  heading: 'Now:'   # known to all\n" in text
    assert wikibot("banner", "list").out.splitlines() == [
        "Now:",
        "line  icon     state  text",
        "1     warning  live   Delayed.",
        "2              live   No icon: here",
    ]


def test_a_banner_loses_lines_only_when_that_was_asked_for(data: Path, wikibot: Wikibot) -> None:
    refused = wikibot("banner", "set", "tick: All done.")

    assert refused.code == 1
    assert "  2  star: Ongoing." in refused.err
    assert "add --replace" in refused.err
    assert data.read_text() == DATA

    dropped = wikibot("banner", "set", "tick: All done.", "--replace")
    assert dropped.code == 0
    assert "  2  star: Ongoing." in dropped.err
    assert "Ongoing." not in data.read_text()


def test_a_word_with_a_colon_is_taken_for_an_icon_unless_it_is_said_to_be_text(data: Path, wikibot: Wikibot) -> None:
    refused = wikibot("banner", "set", "star-gren: Hello", "tick: x")

    assert refused.code == 1
    assert "there is no icon 'star-gren' (did you mean 'star-green'" in refused.err
    assert data.read_text() == DATA

    assert wikibot("banner", "set", "zebra: Hello", "See https://example.org", "--no-icon").code == 0
    assert "- text: 'zebra: Hello'" in data.read_text()
    assert wikibot("banner", "set", "--line", "1", "tick: Hello").code == 0
    assert "- text: Hello\n      icon: tick" in data.read_text()


def test_the_old_name_of_the_banner_commands_works_and_names_the_new_one(data: Path, wikibot: Wikibot) -> None:
    ran = wikibot("status", "set", "--line", "1", "Done.")

    assert ran.code == 0
    assert ran.err.splitlines()[0] == "`wikibot status set` is now `wikibot banner set`; the old name still works"
    assert "{icon: tick, text: Done.}" in data.read_text()
    assert wikibot("status", "list").out == wikibot("banner", "list").out


def test_status_of_a_bot_that_has_compared_nothing_is_not_well(folder: Path, wikibot: Wikibot) -> None:
    assert folder.exists()

    ran = wikibot("status")

    assert ran.code == 1
    assert ran.out.startswith("attention: 1 thing to look at")
    assert "never compared with its pages" in ran.out
    assert "`wikibot plan`" in ran.out


def test_links_are_added_below_others_and_removed(data: Path, wikibot: Wikibot) -> None:
    assert wikibot("links", "add", "Annex", "--attachment", "annex 1.pdf", "--under", "Report").code == 0
    assert "{text: Report, page: Final Report, links: [{text: Annex, attachment: annex 1.pdf}]}" in data.read_text()
    assert wikibot("links", "list").out.splitlines() == [
        "link  text     state  target",
        "1     Report   live   page Final Report",
        "1.1     Annex  live   file annex 1.pdf",
    ]
    assert json.loads(wikibot("links", "list", "--format", "json").out)[1] == {
        "number": "1.1",
        "under": "1",
        "text": "Annex",
        "page": None,
        "url": None,
        "attachment": "annex 1.pdf",
        "publish_at": None,
        "expires_at": None,
        "review_by": None,
        "state": "live",
    }

    assert wikibot("links", "remove", "Annex").code == 0
    assert data.read_text() == DATA


@pytest.fixture
def twins(data: Path, wikibot: Wikibot) -> Path:
    wikibot("links", "add", "Group", "--page", "Group")
    wikibot("links", "add", "Report", "--url", "https://example.org/report", "--under", "Group")
    return data


@pytest.mark.parametrize(
    "words",
    [("Report", "--url", "https://example.org/report"), ("Report", "--under", "Group"), ("2.1",)],
    ids=["target", "parent", "number"],
)
def test_one_of_two_links_with_the_same_text_is_chosen(twins: Path, wikibot: Wikibot, words: tuple[str, ...]) -> None:
    assert wikibot("links", "remove", *words).code == 0

    assert "example.org/report" not in twins.read_text()
    assert "{text: Report, page: Final Report}" in twins.read_text()


def test_two_links_with_the_same_text_are_listed_and_neither_is_touched(twins: Path, wikibot: Wikibot) -> None:
    before = twins.read_text()

    ran = wikibot("links", "edit", "Report", "--text", "Final report")

    assert ran.code == 1
    assert "2 links have the text 'Report'" in ran.err
    assert "  1  Report → Final Report\n" in ran.err
    assert "  2.1  Report → https://example.org/report, under 'Group'\n" in ran.err
    assert twins.read_text() == before


def test_a_link_gets_new_words_and_a_target_of_another_kind(data: Path, wikibot: Wikibot) -> None:
    ran = wikibot("links", "edit", "Report", "--text", "The report", "--url", "https://example.org")

    assert ran.code == 0, ran.err
    assert data.read_text() == DATA.replace(
        "{text: Report, page: Final Report}", "{text: The report, url: https://example.org}"
    )


def test_a_link_moves_between_levels_and_back(twins: Path, wikibot: Wikibot) -> None:
    before = twins.read_text()

    assert wikibot("links", "move", "2.1", "--before", "1").code == 0
    assert [line.split()[:2] for line in wikibot("links", "list").out.splitlines()[1:]] == [
        ["1", "Report"],
        ["2", "Report"],
        ["3", "Group"],
    ]
    assert wikibot("links", "move", "1", "--under", "Group").code == 0
    assert twins.read_text() == before
    assert "cannot go below itself" in wikibot("links", "move", "2", "--under", "2.1").err


def test_news_are_moved_with_all_their_bytes(data: Path, wikibot: Wikibot) -> None:
    assert wikibot("news", "move", "two", "--first").code == 0

    one = '    - {id: one, date: 2024-02-22, text: "One, with a [link](page:A)"}\n'
    two = "    - {id: two, text: Two}\n"
    assert data.read_text() == DATA.replace(one + two, two + one)
    assert wikibot("news", "move", "two", "--last").code == 0
    assert data.read_text() == DATA
    assert wikibot("news", "move", "two", "--before", "one").code == 0
    assert data.read_text() == DATA.replace(one + two, two + one)


@pytest.mark.parametrize(("noun", "region"), [("news", "news"), ("links", "quick_links"), ("banner", "status")])
def test_every_region_gets_a_heading_by_command(data: Path, wikibot: Wikibot, noun: str, region: str) -> None:
    assert wikibot(noun, "heading", "To read:", "--level", "2").code == 0
    section = getattr(DataFile.load(data).data, region)
    assert (section.heading, section.heading_level) == ("To read:", 2)

    assert wikibot(noun, "heading", "--remove").code == 0
    assert getattr(DataFile.load(data).data, region).heading is None


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ("", "next: `wikibot plan` shows the page, `wikibot apply` publishes; no `sync` job is configured"),
        ("jobs: [{run: sync, every: 10 minutes}]\n", "next: the scheduled bot publishes it (sync: every 10 minutes)"),
    ],
)
def test_an_edit_says_when_it_will_be_published(data: Path, wikibot: Wikibot, jobs: str, said: str) -> None:
    settings = data.parent / "bot.yaml"
    settings.write_text(settings.read_text() + jobs)

    assert said in wikibot("news", "add", "Fresh").err
    later = wikibot("news", "add", "Later", "--publish-at", "2999-01-01T09:00Z").err
    assert "next: shown from 2999-01-01 09:00 UTC on" in later


def test_an_edit_of_a_region_that_the_bot_does_not_keep_says_so(data: Path, wikibot: Wikibot) -> None:
    settings = data.parent / "bot.yaml"
    settings.write_text("workspaces:\n  - {name: ws2, data: ws2.yaml, regions: {status: {}}}\n")

    assert "region 'news' is not among the `regions` of workspace 'ws2'" in wikibot("news", "add", "Fresh").err


@pytest.mark.parametrize(
    ("words", "warning"),
    [
        (("news", "add", "See <b>this</b>"), "the text contains '<b>'"),
        (("news", "add", "a `<b>` and 1 < 2 > 0"), None),
        (("news", "add", "[words](https://example.org"), "a link that is not complete"),
        (("news", "add", "[words](Some page)"), "a link that is not complete"),
        (("news", "add", "[words](https://example.org)"), None),
        (("news", "add", "two"), "news item 'two' has the same text"),
        (("news", "add", "Read [it](page:A)", "--offline"), "news item 'one' links to the same target, page:A"),
        (("news", "add", "x", "--expires-at", "2020-01-01T00:00Z"), "expired on 2020-01-01 00:00 UTC"),
        (("news", "add", "word " * 101), "has 504 characters"),
        (("news", "edit", "two", "--text", "<i>Two</i>"), "the text contains '<i>'"),
        (("banner", "set", "--line", "1", "[x](https://example.org"), "the line contains a link that is not complete"),
        (("links", "add", "<b>Report</b>"), "the link text contains '<b>'"),
        (("links", "add", "[Report](https://example.org)"), "use --page or --url"),
        (("links", "add", "Report", "--url", "https://example.org"), "another link with the text 'Report'"),
        (("links", "add", "Other", "--page", "Final Report"), "the link 'Report' has the same target"),
        (("links", "move", "Report", "--first"), None),
    ],
)
def test_likely_mistakes_are_warned_about_and_saved(
    data: Path, wikibot: Wikibot, words: tuple[str, ...], warning: str | None
) -> None:
    ran = wikibot(*words)

    assert ran.code == 0, ran.err
    warnings = [line for line in ran.err.splitlines() if line.startswith("warning:")]
    assert (warning in "\n".join(warnings)) if warning else warnings == []
    assert data.exists()


def test_a_page_that_could_not_be_checked_is_added_with_a_warning(data: Path, wikibot: Wikibot) -> None:
    ran = wikibot("news", "add", "Read [it](page:Nowhere)")

    assert ran.code == 0
    assert "warning: 'Nowhere' was not checked against the wiki" in ran.err
    assert "page:Nowhere" in data.read_text()
    assert "was not checked" not in wikibot("news", "add", "Read [this](page:Elsewhere)", "--offline").err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("links", "add", "x", "--url", "javascript:alert(1)"), "url: must be an http, https or mailto address"),
        (("links", "add", "x", "--url", "https://a", "--page", "b"), "more than one target"),
        (("links", "remove", "nope"), "ws2.yaml:10: there is no link 'nope'"),
        (("links", "remove", "Reprot"), "(did you mean 'Report'?)"),
        (("links", "edit", "Report"), "nothing to change"),
        (("links", "edit", "Report", "--page", "a", "--url", "https://a"), "give one target"),
        (("links", "move", "Report"), "no destination"),
        (("links", "move", "Report", "--first", "--before", "Report"), "cannot be combined with --first"),
        (("news", "move", "two"), "no destination"),
        (("news", "move", "tow", "--first"), "(did you mean 'two'?)"),
        (("news", "heading"), "give the new TEXT"),
        (("banner", "set", "--icon", "tik", "x"), "--icon: 'tik' is not a choice (did you mean 'tick'?)"),
        (("banner", "set", ""), "needs a text, an icon or a lozenge"),
        (("news", "add", "x", "--id", "one"), "there is a news item 'one' already"),
        (("news", "add", "x", "--id", "A b"), "id: "),
        (("news", "add", ""), "text: must not be empty"),
        (("news", "add", "x\u202ey"), "bidirectional control U+202E"),
        (("news", "add", "x", "--date", "tomorrow"), "'tomorrow' is not a day"),
        (("news", "add", "x", "--publish-at", "2026-01-01T09:00"), "lacks a time zone"),
        (("news", "edit", "one"), "nothing to change"),
        (("news", "edit", "nope", "--text", "x"), "ws2.yaml:14: there is no news item 'nope'"),
        (("banner", "set", "--line", "9", "x"), "banner has no line 9"),
        (("banner", "set"), "nothing to set"),
        (("banner", "set", "a", "b", "--icon", "tick"), "--icon needs exactly one TEXT"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    data: Path, wikibot: Wikibot, words: tuple[str, ...], message: str
) -> None:
    ran = wikibot(*words)

    assert ran.code == 1
    assert message in ran.err
    assert data.read_text() == DATA
