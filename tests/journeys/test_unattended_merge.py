"""With `merge: auto`, unattended `sync` merges what does not clash, and reports the rest with names and both texts."""

import json

import pytest

from bot.config.data_file import DataFile
from tests.journeys.conftest import Desk
from tests.journeys.test_merge import ana_adds, ana_changes, body, news, ready

__all__ = ["ready"]

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["empty"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]


@pytest.fixture
def auto(ready: Desk) -> Desk:
    """The same desk with `merge: auto`."""
    path = ready.folder / "bot.yaml"
    path.write_text(path.read_text().replace("data: ws2.yaml\n", "data: ws2.yaml\n    merge: auto\n"))
    return ready


def home(desk: Desk) -> int:
    return desk.wiki.find("Home").id


def versions(desk: Desk) -> int:
    return len(desk.wiki.versions(home(desk)))


def remove_from_page(desk: Desk, words: str) -> None:
    before = body(desk)
    end = before.index("</li>", before.index(words)) + len("</li>")
    start = before.rindex("<li", 0, before.index(words))
    desk.wiki.edit(home(desk), before[:start] + before[end:], by="ana")


def test_a_correction_and_a_new_item_of_each_side_come_together_in_one_version(auto: Desk) -> None:
    ana_changes(auto, "Read ", "Please read ")
    ana_adds(auto, "Hers.")
    auto.ran("news", "add", "Brand new.")
    before = versions(auto)

    ran = auto.ran("sync")

    assert versions(auto) == before + 1
    assert "merged news by Ana" in ran.out
    assert "Please read" in ran.out
    assert news(auto) == {
        "brand-new": "Brand new.",
        "a": "Please read [it](page:Report).",
        "b": "Vote now.",
        "hers": "Hers.",
        "later": "Scheduled.",
        "past": "Expired.",
    }
    data = DataFile.load(auto.data).data
    assert data.news is not None
    assert [str(item.date) for item in data.news.items if item.id == "a"] == ["2024-02-22"]
    page = body(auto)
    assert page.index("Brand new.") < page.index("Please read") < page.index("Vote now.") < page.index("Hers.")
    assert "Ana" in auto.wiki.versions(home(auto))[-1].message
    auto.ran("plan")
    assert versions(auto) == before + 1


def test_the_same_with_ask_takes_nothing_of_a_person(ready: Desk) -> None:
    ana_changes(ready, "Read ", "Please read ")
    ready.ran("news", "add", "Brand new.")
    data, page = ready.data.read_bytes(), body(ready)

    ran = ready.ran("sync", code=3)

    assert "`wikibot adopt`" in ran.out
    assert "take-over" not in ran.out
    assert (ready.data.read_bytes(), body(ready)) == (data, page)


def test_an_edit_of_the_page_alone_goes_into_the_data_file(auto: Desk) -> None:
    ana_changes(auto, "All good.", "All is good.")

    ran = auto.ran("sync", "--format", "json")

    assert [(merge["people"], merge["regions"]) for merge in ran.json["merges"]] == [(["Ana Souza"], ["status"])]
    assert "All is good." in auto.data.read_text()
    assert "in sync" in auto.ran("sync").out


def test_what_clashes_waits_while_the_other_items_go_through(auto: Desk) -> None:
    ana_changes(auto, "Vote now.", "Vote before Friday.")
    ana_changes(auto, "Read ", "Please read ")
    auto.ran("news", "edit", "b", "--text", "Vote today.")
    auto.ran("news", "add", "Brand new.")

    for _ in range(2):
        ran = auto.ran("sync", code=3)
        for words in ("Home", "news", "Ana", "Vote before Friday.", "Vote today."):
            assert words in ran.out
        assert "take-over" not in ran.out
        page = body(auto)
        assert "Vote before Friday." in page
        assert "Vote today." not in page
        assert "Brand new." in page
        assert "Please read" in page
        assert news(auto)["b"] == "Vote today."
        assert news(auto)["a"] == "Please read [it](page:Report)."
    number = versions(auto)
    auto.ran("sync", code=3)
    assert versions(auto) == number

    auto.ran("adopt", "--yes", "--in-clash", "page")
    auto.ran("sync")

    assert news(auto)["b"] == "Vote before Friday."
    assert "Vote before Friday." in body(auto)


def test_an_item_that_a_person_removed_waits_while_the_other_items_go_through(auto: Desk) -> None:
    remove_from_page(auto, "Vote now.")
    auto.ran("news", "add", "Brand new.")

    ran = auto.ran("sync", code=3)

    for words in ("Home", "news", "Ana", "Vote now."):
        assert words in ran.out
    assert "Brand new." in body(auto)
    assert "Vote now." not in body(auto)
    assert {"b", "brand-new"} <= news(auto).keys()

    remove_from_page(auto, "Brand new.")
    ran = auto.ran("sync", code=3)

    assert "Brand new." in ran.out
    assert "Brand new." not in body(auto)

    auto.ran("adopt", "--yes", "--in-clash", "file")
    auto.ran("sync")

    assert "Vote now." in body(auto)
    assert "Brand new." in body(auto)


def test_an_item_that_the_file_removed_and_a_person_corrected_is_a_question(auto: Desk) -> None:
    ana_changes(auto, "Vote now.", "Vote now!")
    auto.ran("news", "remove", "b")

    ran = auto.ran("sync", code=3)

    assert "Vote now!" in ran.out
    assert "Vote now!" in body(auto)
    assert "b" not in news(auto)

    auto.ran("adopt", "--yes", "--in-clash", "file")
    auto.ran("sync")

    assert "Vote now" not in body(auto)


def test_headings_and_orders_are_merged_like_the_items(auto: Desk) -> None:
    ana_changes(auto, "Read ", "Please read ")
    auto.ran("news", "heading", "Latest:")
    auto.ran("news", "move", "b", "--first")

    auto.ran("sync")

    page = body(auto)
    assert "Latest:" in page
    assert page.index("Vote now.") < page.index("Please read")
    assert next(iter(news(auto))) == "b"


def test_a_corrected_item_that_newer_ones_push_off_the_page_is_corrected_in_the_file(auto: Desk) -> None:
    auto.data.write_text(auto.data.read_text().replace("show: 5", "show: 2"))
    auto.ran("sync")
    ana_changes(auto, "Vote now.", "Vote before Friday.")
    auto.ran("news", "add", "Brand new.")

    auto.ran("sync")

    assert news(auto)["b"] == "Vote before Friday."
    assert len(news(auto)) == 5
    assert "Vote" not in body(auto)


def test_a_region_below_a_heading_is_merged_too(auto: Desk) -> None:
    path = auto.folder / "bot.yaml"
    path.write_text(path.read_text().replace("news: {place: end}", "news: {marker: heading, heading: 'Team news'}"))
    auto.data.write_text(auto.data.read_text().replace('  heading: "News:"\n', ""))
    page = body(auto)
    at = page.index("<ac:structured-macro", page.index("wikibot-quick-links"))
    auto.wiki.edit(home(auto), page[:at] + "<h2>Team news</h2><ul><li>Vote now.</li></ul>", by="ana")
    auto.ran("adopt", "--yes")
    auto.ran("sync")
    assert "Read" in body(auto)
    ana_changes(auto, "Read ", "Please read ")
    auto.ran("news", "add", "Brand new.")

    auto.ran("sync")

    assert "Brand new." in body(auto)
    assert news(auto)["a"] == "Please read [it](page:Report)."


def test_a_data_file_that_was_rolled_back_is_not_merged_unattended(auto: Desk) -> None:
    before = auto.data.read_text()
    ana_changes(auto, "All good.", "All is good.")
    auto.ran("sync")
    auto.data.write_text(before)

    ran = auto.ran("sync", code=3)

    assert "rolled back" in ran.out
    assert auto.data.read_text() == before
    assert "All is good." in body(auto)


def test_the_run_record_names_the_person(auto: Desk) -> None:
    path = auto.folder / "bot.yaml"
    path.write_text(path.read_text() + "jobs: [{run: sync, every: 10 minutes}]\n")
    ana_changes(auto, "All good.", "All is good.")

    auto.ran("run", "--once")

    ran = auto.ran("run", "--list", "--format", "json")
    assert "Ana" in json.dumps(ran.json)


def test_an_item_leaves_the_page_only_when_the_page_of_older_news_has_it(auto: Desk) -> None:
    auto.wiki.add_page("Archive", "<p>old</p>")
    auto.data.write_text(auto.data.read_text().replace("show: 5", "show: 2\n  older: Archive"))
    auto.ran("apply", "--yes")
    archive = auto.wiki.find("Archive").id
    ana_changes(auto, "Vote now.", "Vote before Friday.")
    auto.ran("news", "add", "Brand new.")
    auto.wiki.store.labels.add(archive, "wikibot-exclude")

    auto.run("sync")

    assert "Vote before Friday." in body(auto)
    assert news(auto)["b"] == "Vote before Friday."

    auto.wiki.store.labels.remove(archive, "wikibot-exclude")
    auto.ran("sync")

    assert "Vote before Friday." in auto.wiki.body(archive)
    assert "Vote" not in body(auto)


def test_the_rest_of_the_data_file_keeps_its_bytes(auto: Desk) -> None:
    auto.data.write_text(
        auto.data.read_text()
        .replace("    - {id: b,", "    # asked for by the board\n    - {id: b,")
        .replace("show: 5", "show: 5  # no more")
    )
    before = auto.data.read_text()
    ana_changes(auto, "Read ", "Please read ")
    ana_changes(auto, "All good.", "All is good.")

    auto.ran("sync")

    after = before.replace('"Read [it](page:Report)."', "'Please read [it](page:Report).'")
    assert unquoted(auto.data.read_text()) == unquoted(after.replace("All good.", "All is good."))


def unquoted(text: str) -> str:
    return text.replace('"', "").replace("'", "")
