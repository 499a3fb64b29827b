"""A person corrects the page while a colleague edits the data file: nothing of either side is lost."""

import pytest

from bot.config.data_file import DataFile
from tests.journeys.conftest import Desk

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["empty"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]

DATA = """\
workspace: {space: WS2, home: Home}
status: {heading: "Project Status:", lines: [{icon: tick, text: "All good."}, {icon: star, text: "On time."}]}
quick_links: {heading: "Quick Links:", links: [{text: Rep, page: Report}, {text: Site, url: "https://example.org/"}]}
news:
  heading: "News:"
  show: 5
  items:
    - {id: a, date: 2024-02-22, text: "Read [it](page:Report)."}
    - {id: b, date: 2024-02-20, text: "Vote now."}
    - {id: later, text: "Scheduled.", publish_at: 2999-01-01T00:00:00Z}
    - {id: past, text: "Expired.", expires_at: 2020-01-01T00:00:00Z}
"""


@pytest.fixture
def ready(desk: Desk) -> Desk:
    """The home page with three regions, written by the bot."""
    desk.wiki.add_page("Home", "<p>intro</p><p>end</p>")
    desk.wiki.add_page("Report", "<p>text</p>")
    settings = (desk.folder / "bot.yaml").read_text()
    regions = "    regions: {status: {place: end}, quick_links: {place: end}, news: {place: end}}\n"
    (desk.folder / "bot.yaml").write_text(settings.replace("data: ws2.yaml\n", "data: ws2.yaml\n" + regions))
    desk.data.write_text(DATA)
    desk.ran("apply", "--yes")
    return desk


def body(desk: Desk) -> str:
    return desk.wiki.body(desk.wiki.find("Home").id)


def ana_changes(desk: Desk, old: str, new: str) -> None:
    before = body(desk)
    assert old in before
    desk.wiki.edit(desk.wiki.find("Home").id, before.replace(old, new), by="ana")


def ana_adds(desk: Desk, words: str) -> None:
    """Let Ana add an item below the last one, in the spelling of the wiki's editor."""
    between = "</p></li><li><p>" if "<li><p>" in body(desk) else "</li><li>"
    ana_changes(desk, "Vote now.", f"Vote now.{between}{words}")


def news(desk: Desk) -> dict[str, str]:
    return {item["id"]: item["text"] for item in desk.ran("news", "list", "--format", "json").json}


def settle(desk: Desk, *words: str) -> str:
    desk.ran("sync", code=3)
    desk.ran("adopt", "--yes", *words)
    desk.ran("sync")
    return body(desk)


def test_a_correction_and_a_new_item_are_both_kept_with_id_and_date(ready: Desk) -> None:
    ana_changes(ready, "Read ", "Please read ")
    ready.ran("news", "add", "Brand new.")

    after = settle(ready)

    assert news(ready) == {
        "brand-new": "Brand new.",
        "a": "Please read [it](page:Report).",
        "b": "Vote now.",
        "later": "Scheduled.",
        "past": "Expired.",
    }
    data = DataFile.load(ready.data).data
    assert data.news is not None
    assert [str(item.date) for item in data.news.items if item.id == "a"] == ["2024-02-22"]
    assert "Please read" in after
    assert "Brand new." in after


def test_an_item_that_a_person_added_and_one_from_the_file_are_both_kept(ready: Desk) -> None:
    ana_adds(ready, "Ana's own item.")
    ready.ran("news", "add", "Brand new.")

    after = settle(ready)

    assert {"Brand new.", "Ana's own item.", "Vote now."} <= set(news(ready).values())
    assert "Ana's own item." in after
    assert "Brand new." in after


def test_hard_blanks_of_an_editor_are_no_new_wording(ready: Desk) -> None:
    ana_changes(ready, "Vote now.", "Vote\u00a0now.")
    ana_changes(ready, "On time.", "On\u00a0time.")
    ana_changes(ready, "All good.", "All is good.")
    ready.ran("news", "edit", "b", "--text", "Vote today.")

    after = settle(ready)

    assert news(ready)["b"] == "Vote today."
    assert "On time." in ready.data.read_text()
    assert "All is good." in ready.data.read_text()
    assert "Vote today." in after


@pytest.mark.parametrize("uses_them", [False, True])
def test_hard_blanks_of_an_editor_stay_out_of_the_data_file(ready: Desk, uses_them: bool) -> None:
    if uses_them:
        ready.ran("news", "edit", "a", "--text", "Run 10\u00a0km [it](page:Report).")
        ready.ran("sync")
    ana_changes(ready, "Vote now.", "Vote\u00a0by 10\u00a0pm, all\u00a0of you.")

    settle(ready)

    assert news(ready)["b"].replace("\u00a0", " ") == "Vote by 10 pm, all of you."
    assert ("\u00a0" in news(ready)["b"]) == uses_them
    assert ("10\u00a0km" in news(ready)["a"]) == uses_them
    assert ready.ran("plan").out.startswith("in sync")


def test_a_clash_names_links_as_a_reader_knows_them(ready: Desk) -> None:
    ana_changes(ready, ">Site<", ">Our site<")
    ana_changes(ready, "Rep<", "The rep<")
    ready.ran("links", "edit", "Site", "--text", "Web site")
    ready.ran("links", "edit", "Rep", "--text", "A rep")

    said = ready.ran("adopt", "--dry-run", code=None)

    assert "Our site (https://example.org/)" in said.out + said.err
    assert "Target(" not in said.out + said.err


def test_an_old_version_with_links_by_an_old_title_is_settled(ready: Desk) -> None:
    old = body(ready)
    report = ready.wiki.find("Report").id
    ready.wiki.store.pages.update(report, title="Final report", author=ready.wiki.account("ana"))
    ready.ran("sync")
    assert "Final report" in body(ready)
    ready.wiki.edit(ready.wiki.find("Home").id, old, by="ana")
    ready.ran("links", "edit", "Site", "--text", "Web site")

    after = settle(ready)

    assert "Web site" in after
    assert "Final report" in after


def test_two_new_items_with_the_same_words_have_ids_of_their_own(ready: Desk) -> None:
    ana_adds(ready, "Brand new!")
    ready.ran("news", "add", "Brand new.")

    settle(ready)

    assert {key: text for key, text in news(ready).items() if "Brand" in text} == {
        "brand-new": "Brand new.",
        "brand-new-2": "Brand new!",
    }


def test_an_item_that_a_person_removed_goes_and_the_new_one_stays(ready: Desk) -> None:
    before = body(ready)
    end = before.index("</li>", before.index("Vote now.")) + len("</li>")
    start = before.rindex("<li", 0, before.index("Vote now."))
    ready.wiki.edit(ready.wiki.find("Home").id, before[:start] + before[end:], by="ana")
    ready.ran("news", "add", "Brand new.")

    ready.ran("sync", code=3)
    ran = ready.ran("adopt", "--yes", code=3)

    assert "people removed “2024-02-20: Vote now.”" in ran.out or "people removed “Vote now.”" in ran.out
    assert news(ready).keys() == {"brand-new", "a", "b", "later", "past"}
    assert "Vote now." not in body(ready)

    ran = ready.ran("adopt", "--yes", "--in-clash", "page")
    ready.ran("sync")

    assert "removed on the page" in ran.out
    assert news(ready).keys() == {"brand-new", "a", "later", "past"}
    assert "Vote now." not in body(ready)


def test_an_item_that_the_file_removed_does_not_come_back(ready: Desk) -> None:
    ana_changes(ready, "Read ", "Please read ")
    ready.ran("news", "remove", "b")

    after = settle(ready)

    assert news(ready).keys() == {"a", "later", "past"}
    assert "Vote now." not in after
    assert "Please read" in after


def test_a_correction_in_the_file_and_another_on_the_page_are_both_kept(ready: Desk) -> None:
    ana_changes(ready, "Read ", "Please read ")
    ready.ran("news", "edit", "b", "--text", "Vote today.")

    after = settle(ready)

    assert news(ready)["a"] == "Please read [it](page:Report)."
    assert news(ready)["b"] == "Vote today."
    assert "Vote today." in after


def test_two_wordings_of_one_item_are_a_question(ready: Desk) -> None:
    ana_changes(ready, "Vote now.", "Vote before Friday.")
    ready.ran("news", "edit", "b", "--text", "Vote today.")
    data, page = ready.data.read_bytes(), body(ready)

    ready.ran("sync", code=3)
    ran = ready.run("adopt", "--yes")

    assert ran.code == 3
    assert "Vote before Friday." in ran.out
    assert "Vote today." in ran.out
    assert "--in-clash page" in ran.out
    assert (ready.data.read_bytes(), body(ready)) == (data, page)


@pytest.mark.parametrize(("side", "words"), [("page", "Vote before Friday."), ("file", "Vote today.")])
def test_the_answer_decides_about_two_wordings(ready: Desk, side: str, words: str) -> None:
    ana_changes(ready, "Vote now.", "Vote before Friday.")
    ready.ran("news", "edit", "b", "--text", "Vote today.")

    after = settle(ready, "--in-clash", side)

    assert news(ready)["b"] == words
    assert words in after


def test_status_lines_and_links_are_merged_too(ready: Desk) -> None:
    ana_changes(ready, "All good.", "All is good.")
    ana_changes(ready, ">Rep<", ">The report<" if ">Rep<" in body(ready) else "Rep")
    ready.ran("status", "set", "--line", "2", "Late.")
    ready.ran("links", "add", "More", "--url", "https://example.com/")

    after = settle(ready)

    assert "All is good." in after
    assert "Late." in after
    assert "The report" in after
    assert "https://example.com/" in after


def test_adopt_takes_nothing_where_only_the_file_has_changed(ready: Desk) -> None:
    ready.ran("news", "add", "Brand new.")
    data, page = ready.data.read_bytes(), body(ready)

    ran = ready.ran("adopt", "--yes")

    assert "nothing to adopt" in ran.err
    assert (ready.data.read_bytes(), body(ready)) == (data, page)


def test_of_seven_items_none_goes(ready: Desk) -> None:
    items = "".join(f"    - {{id: n{at}, date: 2024-01-0{at}, text: Number {at}.}}\n" for at in (3, 2, 1))
    ready.data.write_text(
        ready.data.read_text().replace("    - {id: later,", f"{items}    - {{id: later,").replace("show: 5", "show: 4")
    )
    ready.ran("sync")
    ana_changes(ready, "Read ", "Please read ")
    ana_changes(ready, "Number 2.", "Number two.")
    ready.ran("news", "add", "Brand new.")

    settle(ready)

    assert list(news(ready)) == ["brand-new", "a", "b", "n3", "n2", "n1", "later", "past"]
    assert news(ready)["a"] == "Please read [it](page:Report)."
    assert news(ready)["n2"] == "Number two."


class TestWithoutACommonText:
    """The earlier versions were deleted, so that no record of the bot is left, and page and data file differ."""

    @pytest.fixture
    def apart(self, ready: Desk) -> Desk:
        home = ready.wiki.find("Home").id
        text = body(ready).replace("Vote now.", "Vote by Friday.").replace("Project Status:", "Status of the project:")
        ready.wiki.edit(home, text, by="ana")
        for _ in range(len(ready.wiki.store.contents.versions(home)) - 1):
            ready.wiki.store.pages.delete_version(home, 1)
        ready.ran("news", "edit", "b", "--text", "Vote by Monday.")
        return ready

    def test_two_wordings_are_a_question(self, apart: Desk) -> None:
        ran = apart.ran("adopt", "--yes", code=3)

        assert "Vote by Friday.”, the data file “" in ran.out
        assert "Vote by Monday.”" in ran.out
        assert "Status of the project:" in ran.out
        assert news(apart)["b"] == "Vote by Monday."
        assert 'heading: "Project Status:"' in apart.data.read_text()
        assert "Vote by Friday." in body(apart)
        apart.ran("sync", code=3)
        assert "Vote by Friday." in body(apart)

    @pytest.mark.parametrize(("side", "words"), [("page", "Vote by Friday."), ("file", "Vote by Monday.")])
    @pytest.mark.parametrize("is_second_try", [False, True])
    def test_the_answer_counts(self, apart: Desk, side: str, words: str, is_second_try: bool) -> None:
        if is_second_try:
            apart.ran("adopt", "--yes", code=3)

        apart.ran("adopt", "--yes", "--in-clash", side)
        apart.ran("sync")

        assert news(apart)["b"] == words
        assert words in body(apart)
        assert apart.ran("plan").out.startswith("in sync")

    def test_what_only_one_side_has_is_kept(self, apart: Desk) -> None:
        apart.ran("news", "add", "Brand new.")

        apart.ran("adopt", "--yes", "--in-clash", "page")
        apart.ran("sync")

        assert set(news(apart).values()) == {
            "Brand new.",
            "Read [it](page:Report).",
            "Vote by Friday.",
            "Scheduled.",
            "Expired.",
        }
        assert "Brand new." in body(apart)
