"""Edits of the data file against a wiki that answers: pages that exist, that do not, and that are archived."""

import pytest

from tests.journeys.conftest import Desk

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["demo"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]


@pytest.mark.parametrize(
    "words",
    [
        ("news", "add", "Read [it](page:Implementaton)"),
        ("links", "add", "New", "--page", "Implementaton"),
        ("links", "edit", "1", "--page", "Implementaton"),
        ("banner", "set", "--line", "1", "See [it](page:Implementaton)"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_page_that_the_wiki_lacks_is_refused_with_similar_titles(adopted: Desk, words: tuple[str, ...]) -> None:
    before = adopted.data.read_bytes()

    ran = adopted.ran(*words, code=1)

    assert (
        "there is no page 'Implementaton' in space WS2; nothing was written. Did you mean 'Implementation'" in ran.err
    )
    assert adopted.data.read_bytes() == before
    adopted.ran(*words, "--offline")
    assert adopted.data.read_bytes() != before


def test_a_page_that_exists_is_accepted_by_title_and_by_id(adopted: Desk) -> None:
    page = adopted.wiki.find("Implementation")

    by_title = adopted.ran("news", "add", "Read [one](page:Implementation)")
    by_id = adopted.ran("links", "add", "Two", "--page", str(page.id))

    assert "was not checked" not in by_title.err + by_id.err
    assert "there is no" not in by_title.err + by_id.err


def test_an_archived_page_is_warned_about_where_the_wiki_shows_it(adopted: Desk) -> None:
    adopted.wiki.add_page("Old rules", "<p>x</p>", status="archived")
    is_shown = adopted.wiki.flavour == "cloud"  # Data Center answers as if an archived page did not exist

    ran = adopted.ran("links", "add", "Rules", "--page", "Old rules", code=0 if is_shown else 1)

    said = "warning: page 'Old rules' is archived" if is_shown else "there is no page 'Old rules'"
    assert said in ran.err


def test_a_missing_file_is_warned_about(adopted: Desk) -> None:
    file = adopted.ran("news", "add", "Get [it](attachment:nothing.pdf)")

    assert "warning: the home page has no attachment 'nothing.pdf'" in file.err


def test_a_wiki_that_does_not_answer_is_asked_once_and_the_edit_is_saved(adopted: Desk) -> None:
    adopted.wiki.faults.add("503@get")
    asked = len(adopted.wiki.requests)

    ran = adopted.ran("news", "add", "Read [it](page:Nowhere)")

    assert "warning: 'Nowhere' was not checked against the wiki" in ran.err
    assert "page:Nowhere" in adopted.data.read_text()
    assert 1 <= len(adopted.wiki.requests) - asked <= 2


def test_an_offline_edit_asks_the_wiki_nothing(adopted: Desk) -> None:
    asked = len(adopted.wiki.requests)

    adopted.ran("news", "add", "Plain words", "--offline")
    adopted.ran("news", "move", "plain-words", "--last")

    assert len(adopted.wiki.requests) == asked


@pytest.mark.parametrize("kept", [0, 9])
def test_a_cut_off_data_file_is_not_edited(adopted: Desk, kept: int) -> None:
    adopted.data.write_text("workspace:"[:kept])

    ran = adopted.ran("news", "add", "Fresh", code=1)

    assert "cut off or empty" in ran.err
    assert "ws2.yaml:1" in ran.err
    assert "put its content back" in ran.err
    assert adopted.data.read_text() == "workspace:"[:kept]


def test_moved_and_edited_entries_reach_the_page(adopted: Desk) -> None:
    adopted.ran("links", "edit", "1", "--text", "The one report")
    adopted.ran("links", "move", "1", "--last")
    adopted.ran("links", "heading", "Where to go:")

    adopted.ran("apply", "--yes")

    assert "Where to go:" in adopted.home_body
    assert "The one report" in adopted.home_body
    assert adopted.home_body.index("Community WS2 Implementation") < adopted.home_body.index("The one report")


def test_a_published_change_is_undone_and_the_earlier_text_is_on_the_wiki_again(adopted: Desk) -> None:
    adopted.ran("links", "edit", "1", "--text", "The one report")
    adopted.ran("banner", "set", "--line", "1", "Closed.")
    adopted.ran("apply", "--yes")
    assert "The one report" in adopted.home_body

    listed = adopted.ran("revisions", "--format", "json").json
    assert [each["origin"] for each in listed] == ["edited", "edited", "adopted"]
    number = str(listed[1]["number"])
    assert "+" in adopted.ran("revisions", number).out
    ran = adopted.ran("undo", number)
    adopted.ran("apply", "--yes")

    assert "revision" in ran.err
    assert "The one report" not in adopted.home_body
    assert "Closed." in adopted.home_body


def test_an_undo_of_what_was_changed_again_shows_both_texts(adopted: Desk) -> None:
    adopted.ran("banner", "set", "--line", "1", "Closed.")
    number = str(adopted.ran("revisions", "--format", "json").json[0]["number"])
    adopted.ran("banner", "set", "--line", "1", "Open.")
    before = adopted.data.read_bytes()

    ran = adopted.ran("undo", number, code=1)

    assert "was:    Closed.\n  theirs: Open.\n" in ran.err
    assert adopted.data.read_bytes() == before


def test_a_draft_is_shown_and_saved_by_command_and_changes_nothing_before(adopted: Desk) -> None:
    before = adopted.data.read_bytes()
    ran = adopted.ran("news", "add", "Read [it](page:Implementation)", "--draft")
    assert "draft 1 written" in ran.err
    assert adopted.data.read_bytes() == before

    (listed,) = adopted.ran("drafts", "list", "--format", "json").json
    assert (listed["number"], listed["state"]) == (1, "draft")
    shown = adopted.ran("drafts", "show", "1").out
    assert listed["digest"] in shown
    assert "page:Implementation" in shown
    adopted.ran("drafts", "send", "1")
    assert "is by" in adopted.ran("drafts", "approve", "1", "--digest", listed["digest"], code=1).err
    adopted.ran("drafts", "return", "1", "Too short.")
    adopted.ran("drafts", "remark", "1", "No, it is good.")
    adopted.ran("drafts", "save", "1")

    assert "page:Implementation" in adopted.data.read_text()
    assert adopted.ran("drafts", "list").out == ""
    assert "is saved already" in adopted.ran("drafts", "withdraw", "1", code=1).err


def test_an_item_is_pinned_duplicated_and_moved_behind_another(adopted: Desk) -> None:
    for text in ("First item", "Second item"):
        adopted.ran("news", "add", text, "--offline", "--pinned", "--expires-at", "2099-01-01T00:00Z")
    adopted.ran("news", "unpin", "first-item")
    adopted.ran("news", "duplicate", "second-item")
    adopted.ran("news", "move", "second-item", "--after", "first-item")

    items = {item["id"]: item for item in adopted.ran("news", "list", "--format", "json").json}
    assert list(items)[:3] == ["second-item-2", "first-item", "second-item"]
    copy = items["second-item-2"]
    assert (copy["text"], copy["pinned"], copy["expires_at"]) == ("Second item", False, None)
    assert [items[name]["pinned"] for name in ("first-item", "second-item")] == [False, True]
