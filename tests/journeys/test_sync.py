"""A maintainer keeps the home page in step with the data file, while people edit it."""

import json
import os
import re
from pathlib import Path

import pytest

from bot.files import InstanceLock
from bot.storage.markers import Marker, render_marked
from tests.journeys.conftest import HOME, SETTINGS, Desk, both_flavours
from tests.terminal import Terminal

pytestmark = pytest.mark.parametrize("seed", ["demo"])

NEWS = "Read the **new** [outlook](page:Implementation) <b>now</b>."


def add_news(desk: Desk, text: str = NEWS, name: str = "outlook") -> None:
    desk.ran("news", "add", text, "--id", name, "--date", "2024-04-02")


def edit_region(desk: Desk, old: str, new: str, by: str = "li") -> None:
    body = desk.home_body
    assert body.count(old) == 1
    desk.wiki.edit(desk.home_id, body.replace(old, new), by=by)


def settings(desk: Desk, **replaced: str) -> None:
    """Change the settings: each word is replaced by another."""
    path = desk.folder / "bot.yaml"
    text = path.read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


@both_flavours
def test_a_news_item_travels_from_the_data_file_to_the_page(adopted: Desk) -> None:
    add_news(adopted)
    before = adopted.home_body

    plan = adopted.ran("plan", code=2)
    assert "~ news: behind the data file; will be written" in plan.out
    assert re.search(r"\+ • Read the new outlook ‹(WS2:)?Implementation› <b>now</b>\.", plan.out)
    applied = adopted.ran("apply", "--yes")

    assert f"wrote news on {HOME}" in applied.out
    assert "&lt;b&gt;now&lt;/b&gt;" in adopted.home_body
    assert len(adopted.home_body) > len(before)
    assert adopted.ran("plan").out == "in sync: 3 regions on 1 page\n"


@both_flavours
def test_planning_in_sync_sends_no_write_and_few_requests(adopted: Desk) -> None:
    adopted.ran("plan")
    before, writes = len(adopted.wiki.requests), adopted.writes()

    adopted.ran("plan")

    assert adopted.writes() == writes
    assert len(adopted.wiki.requests) - before <= 8


@pytest.mark.parametrize("words", [("plan",), ("news", "add", "Hello.", "--dry-run"), ("check", "-v"), ("frobnicate",)])
def test_colours_are_printed_at_a_terminal_unless_no_color_is_set(adopted: Desk, words: tuple[str, ...]) -> None:
    add_news(adopted)

    assert at_terminal(adopted, *words)[1].styles
    assert at_terminal(adopted, *words, NO_COLOR="1")[1].styles == []


def at_terminal(desk: Desk, *words: str, **environment: str) -> tuple[int, Terminal]:
    """Run a command to its end at a terminal, with the settings of *desk*."""
    names = ("WIKIBOT_CONFIG", "WIKIBOT_WIKI__TOKEN", "WIKIBOT_SECRETS_DIR")
    settled = {"HOME": str(desk.folder)} | {name: os.environ[name] for name in names}
    with Terminal(*words, folder=desk.folder, environment=settled | environment) as terminal:
        return terminal.end(), terminal


def test_applying_in_sync_shows_no_progress(adopted: Desk) -> None:
    code, terminal = at_terminal(adopted, "apply")

    assert (code, terminal.shown) == (0, "in sync: 3 regions, nothing to write\n")


def test_the_reviewed_plan_is_carried_out_and_an_edit_outside_survives(adopted: Desk) -> None:
    add_news(adopted)
    digest = re.search(r"sha256:\w+", adopted.ran("plan", "--out", "plan.json", code=2).out)
    assert digest is not None
    adopted.wiki.edit(adopted.home_id, adopted.home_body + "<p>Ana was here.</p>", by="ana")

    adopted.ran("apply", "--plan", "plan.json", "--digest", digest.group())

    assert "<p>Ana was here.</p>" in adopted.home_body
    assert "outlook" in adopted.home_body


def test_what_was_not_reviewed_is_not_written_with_a_reviewed_plan(adopted: Desk) -> None:
    add_news(adopted)
    adopted.ran("plan", "--out", "plan.json", code=2)
    add_news(adopted, "Not reviewed yet.", "later")
    body = adopted.home_body

    assert "plan again" in adopted.ran("apply", "--plan", "plan.json", code=1).err
    assert adopted.home_body == body


def test_a_region_edited_after_the_review_is_skipped_and_says_why(adopted: Desk) -> None:
    add_news(adopted)
    adopted.ran("plan", "--out", "plan.json", code=2)
    edit_region(adopted, "delivered during prep week", "given in prep week")

    ran = adopted.ran("apply", "--plan", "plan.json", code=3)

    assert "region 'news' was changed since the plan was made" in ran.out
    assert "given in prep week" in adopted.home_body
    assert "outlook" not in adopted.home_body


def test_another_plan_than_the_reviewed_one_is_not_carried_out(adopted: Desk) -> None:
    add_news(adopted)
    reviewed = adopted.ran("plan", "--format", "json", code=2).json["digest"]
    add_news(adopted, "Slipped in.", "later")
    writes = adopted.writes()

    assert "not the plan that was reviewed" in adopted.ran("apply", "--digest", reviewed, code=1).err
    assert adopted.writes() == writes


@both_flavours
def test_drift_reports_who_changed_what_and_when_and_nothing_is_written(adopted: Desk) -> None:
    assert adopted.ran("drift").out.startswith("in sync")
    edit_region(adopted, "Adopted by the Board in November 2019.", "Adopted by the Board in 2019.")
    writes = adopted.writes()

    ran = adopted.ran("drift", code=3)

    assert "! status: changed on the page" in ran.out
    assert re.search(r"by \w.*, \d{4}-\d\d-\d\d \d\d:\d\d UTC, version \d+", ran.out)
    assert "[-November -]" in ran.out
    assert adopted.ran("drift", "--format", "json", code=3).json["pages"][0]["changes"][0]["verdict"] == "drifted"
    assert adopted.ran("plan", code=3).out
    assert adopted.ran("sync", code=3).out
    assert adopted.writes() == writes


def test_drift_and_our_own_change_elsewhere_are_kept_apart(adopted: Desk) -> None:
    edit_region(adopted, "Adopted by the Board in November 2019.", "Adopted by the Board in 2019.")
    add_news(adopted)

    adopted.ran("apply", "--yes", code=3)

    assert "Adopted by the Board in 2019." in adopted.home_body
    assert "outlook" in adopted.home_body


@both_flavours
def test_what_people_wrote_is_taken_into_the_data_file_and_later_changes_are_no_conflict(adopted: Desk) -> None:
    edit_region(adopted, "Adopted by the Board in November 2019.", "Adopted by the Board in 2019.")

    adopted.ran("adopt", "--yes")

    assert "Adopted by the Board in 2019." in adopted.data.read_text()
    assert adopted.ran("plan").out.startswith("in sync")
    adopted.data.write_text(adopted.data.read_text().replace("Board in 2019.", "Board, in 2019."))
    adopted.ran("apply", "--yes")
    assert "Adopted by the Board, in 2019." in adopted.home_body


def test_a_conflict_is_settled_only_when_told_so(adopted: Desk) -> None:
    edit_region(adopted, "Adopted by the Board in November 2019.", "Adopted by the Board in 2019.")
    adopted.data.write_text(adopted.data.read_text().replace("Board in November 2019.", "Board."))

    adopted.ran("apply", "--yes", code=3)
    assert "Adopted by the Board in 2019." in adopted.home_body
    assert "no region is named stauts" in adopted.ran("apply", "--yes", "--take-over", "stauts", code=1).err
    adopted.ran("apply", "--yes", "--take-over", "status")

    assert "Adopted by the Board." in adopted.home_body
    assert adopted.ran("plan").out.startswith("in sync")


@pytest.mark.parametrize(
    ("policy", "code", "survives"), [("repair", 0, False), ("ignore", 0, True), ("report", 3, True)]
)
def test_the_policy_says_what_becomes_of_drift(adopted: Desk, policy: str, code: int, survives: bool) -> None:
    settings(adopted, **{"data: ws2.yaml": f"data: ws2.yaml\n    drift: {policy}"})
    edit_region(adopted, "Adopted by the Board in November 2019.", "Adopted by the Board in 2019.")

    adopted.ran("sync", code=code)

    assert ("Adopted by the Board in 2019." in adopted.home_body) is survives


@both_flavours
def test_the_stop_label_stops_all_writing(adopted: Desk) -> None:
    add_news(adopted)
    adopted.wiki.store.labels.add(adopted.home_id, "wikibot-stop")
    writes = adopted.writes()

    ran = adopted.ran("sync", code=6)

    assert "wikibot-stop" in ran.out + ran.err
    assert adopted.writes() == writes


def test_a_cut_data_file_is_refused(adopted: Desk) -> None:
    text = adopted.data.read_text()
    adopted.data.write_text(text[: text.index("quick_links:")])
    adopted.data.write_text(re.sub(r"text: .*", "text: x", adopted.data.read_text()))
    writes = adopted.writes()

    ran = adopted.ran("apply", "--yes", code=4)

    assert "may be cut or empty" in ran.err
    assert adopted.writes() == writes
    adopted.ran("apply", "--yes", "--force")


def test_a_second_writer_learns_who_is_writing(adopted: Desk) -> None:
    add_news(adopted)
    (lock,) = (adopted.folder / ".wikibot").glob("writer-*.lock")

    with InstanceLock(lock, purpose="x"):
        ran = adopted.ran("apply", "--yes", code=5)

    assert "process" in ran.err


def test_plans_are_shown_in_every_format(adopted: Desk) -> None:
    add_news(adopted)

    assert json.loads(adopted.ran("plan", "--format", "json", code=2).out)["format"] == "wikibot-plan/1"
    assert adopted.ran("plan", "--format", "markdown", code=2).out.startswith("## wikibot plan")
    adopted.ran("plan", "--format", "html", "--out", "plan.html", code=2)
    assert Path("plan.html").read_text().startswith("<!doctype html>")
    assert "<b>now" not in Path("plan.html").read_text()
    assert "in the source:" in adopted.ran("plan", "--source", code=2).out


@pytest.mark.parametrize("text", ["", "{}", "not json"])
def test_what_is_no_plan_is_refused(adopted: Desk, text: str) -> None:
    Path("plan.json").write_text(text)
    writes = adopted.writes()

    ran = adopted.ran("apply", "--plan", "plan.json", code=1)

    assert "wikibot plan --out" in ran.err
    assert adopted.writes() == writes


@both_flavours
def test_a_home_page_that_is_renamed_or_moved_is_still_known(adopted: Desk) -> None:
    add_news(adopted)
    adopted.wiki.store.pages.update(adopted.home_id, author=adopted.wiki.account("ana"), title="WS2 Home")

    ran = adopted.ran("plan", code=2)

    assert f"page {HOME!r} is now called 'WS2 Home'" in ran.out
    adopted.ran("apply", "--yes")


@both_flavours
def test_a_page_linked_to_that_is_renamed_is_linked_to_by_its_new_title(adopted: Desk) -> None:
    page = adopted.wiki.find("Implementation")
    adopted.wiki.store.pages.update(page.id, author=adopted.wiki.account("ana"), title="How we implement")

    ran = adopted.ran("plan", code=2)

    assert "page 'Implementation' is now called 'How we implement'" in ran.out
    adopted.ran("apply", "--yes")
    assert 'ri:content-title="How we implement"' in adopted.home_body


@both_flavours
def test_a_page_with_the_id_of_one_that_a_restore_of_the_wiki_took_away_is_no_renamed_page(adopted: Desk) -> None:
    restore = adopted.wiki.store.back_up()
    target = adopted.wiki.add_page("Agenda")
    add_news(adopted, "See [it](<page:Agenda>).")
    adopted.ran("sync")
    restore()
    assert adopted.wiki.add_page("Something else") == target

    ran = adopted.ran("sync", code=None)

    assert ran.code != 0
    assert "'Agenda'" in ran.out + ran.err
    assert "now called" not in ran.out + ran.err
    assert "Something else" not in adopted.home_body


def test_an_unadopted_page_is_only_planned(desk: Desk) -> None:
    desk.data.write_text(f'workspace: {{space: WS2, home: "{HOME}"}}\nnews: {{items: [{{id: a, text: A}}]}}\n')
    writes = desk.writes()

    ran = desk.ran("plan", code=3)
    assert "wikibot adopt" in ran.out
    desk.ran("sync", code=3)
    assert desk.writes() == writes


@both_flavours
def test_a_region_is_created_at_a_stated_place_once_somebody_has_looked(desk: Desk) -> None:
    desk.data.write_text(f'workspace: {{space: WS2, home: "{HOME}"}}\nnews: {{items: [{{id: a, text: A}}]}}\n')
    settings(desk, **{"data: ws2.yaml": "data: ws2.yaml\n    regions: {news: {place: end}}"})
    before = desk.home_body

    desk.ran("sync", code=3)
    assert desk.home_body == before
    desk.ran("plan", "--out", "plan.json", code=2)
    desk.ran("apply", "--plan", "plan.json")

    assert re.search(r"<li>(<p>)?A(</p>)?</li>", desk.home_body)
    assert desk.ran("plan").out.startswith("in sync")
    desk.data.write_text(desk.data.read_text().replace("text: A", "text: B"))
    desk.ran("sync")
    assert re.search(r"<li>(<p>)?B(</p>)?</li>", desk.home_body)


def test_settings_are_checked(desk: Desk) -> None:
    desk.data.write_text(f'workspace: {{space: WS2, home: "{HOME}"}}\n')
    settings(desk, **{"data: ws2.yaml": "data: ws2.yaml\n    regions: {nonsense: {}}"})

    assert "'nonsense' is not a region" in desk.ran("plan", code=1).err
    (desk.folder / "bot.yaml").write_text(SETTINGS.format(url=desk.wiki.url, flavour=desk.wiki.flavour, user=""))
    settings(desk, **{"data: ws2.yaml": "data: ws2.yaml\n    regions: {news: {place: nowhere}}"})
    assert "'nowhere' is not a place" in desk.ran("plan", code=1).err


@both_flavours
@pytest.mark.parametrize("also", ["labels: [banner]", "under: [Banners]"])
def test_a_banner_on_500_pages_in_sync_costs_few_requests_and_no_write(adopted: Desk, also: str) -> None:
    regions = f"{{status: {{also: {{{also}}}}}, quick_links: {{}}, news: {{}}}}"
    settings(adopted, **{"data: ws2.yaml": f"data: ws2.yaml\n    regions: {regions}"})
    banner = render_marked(Marker("status"), adopted.ran("render", "status").out.strip())
    top = adopted.wiki.add_page("Banners", "")
    for number in range(499):
        adopted.wiki.add_page(f"Banner {number}", f"<p>a</p>{banner}<p>b</p>", parent=top, labels=("banner",))
    adopted.ran("plan")
    before, writes = len(adopted.wiki.requests), adopted.writes()

    ran = adopted.ran("plan")

    assert ran.out == "in sync: 502 regions on 500 pages\n"
    assert len(adopted.wiki.requests) - before <= 500 / 50 + 5
    assert adopted.writes() == writes


def test_a_banner_is_brought_to_all_its_pages_and_one_bad_page_leaves_the_others(adopted: Desk) -> None:
    settings(
        adopted, **{"data: ws2.yaml": "data: ws2.yaml\n    regions: {status: {place: start, also: {labels: [banner]}}}"}
    )
    pages = [adopted.wiki.add_page(f"Banner {number}", f"<p>{number}</p>", labels=("banner",)) for number in range(5)]
    adopted.wiki.edit(pages[2], render_marked(Marker("status"), "<p>x</p>") * 2)

    adopted.ran("apply", "--yes", code=1)

    for number in (0, 1, 3, 4):
        assert "Adopted by the Board in November 2019." in adopted.wiki.body(pages[number])
        assert adopted.wiki.body(pages[number]).endswith(f"<p>{number}</p>")
    assert len(adopted.wiki.versions(pages[2])) == 2


def test_a_feed_of_the_news_is_written_next_to_the_snapshots(adopted: Desk) -> None:
    add_news(adopted)
    feed = adopted.folder / "feeds" / "ws2.atom"

    adopted.ran("apply", "--yes")
    first = feed.read_bytes()
    stamp = feed.stat().st_mtime_ns
    adopted.ran("sync")

    assert b"Read the new outlook &lt;b&gt;now&lt;/b&gt;." in first
    assert feed.stat().st_mtime_ns == stamp


def test_a_feed_that_cannot_be_written_does_not_keep_the_page_from_being_written(adopted: Desk) -> None:
    add_news(adopted)
    (adopted.folder / "feeds").write_text("in the way")

    adopted.ran("apply", "--yes")

    assert "outlook" in adopted.home_body


def test_links_to_other_sites_are_followed_only_on_request_and_never_into_a_private_network(adopted: Desk) -> None:
    adopted.ran("links", "add", "Inside", "--url", f"{adopted.wiki.server.url}/secret")

    adopted.ran("check")
    ran = adopted.ran("check", "--external", code=1)

    assert "inside a private network; it was not asked" in ran.out
    assert not any(path == "/secret" for _, path in adopted.wiki.requests)


@pytest.mark.parametrize("subject", ["user", "group"])
def test_check_reports_when_the_home_page_is_closed_to_the_bots_edits(adopted: Desk, subject: str) -> None:
    assert "ok      rights" in adopted.ran("check").out
    name = adopted.wiki.account("ana") if subject == "user" else adopted.wiki.store.people.add_group("writers").id
    adopted.wiki.store.restrictions.add(adopted.home_id, "update", subject, name)

    ran = adopted.ran("check", code=1 if subject == "user" else 0)

    assert "rights: the home page may be edited by " in ran.out
    assert "only; add 'Workspace Bot' to its editors" in ran.out
    adopted.wiki.store.restrictions.add(adopted.home_id, "update", "user", adopted.wiki.account("bot"))
    assert "ok      rights" in adopted.ran("check").out


def test_check_reports_the_new_title_of_a_renamed_home_page(adopted: Desk) -> None:
    adopted.wiki.store.pages.update(adopted.home_id, title="Another name", author=adopted.wiki.account("ana"))

    ran = adopted.ran("check")

    assert "is now called 'Another name'; write that, or its id" in ran.out


def test_news_without_room_move_to_their_page_and_back(adopted: Desk) -> None:
    archive = adopted.wiki.add_page("Older news", "<p>Everything that was.</p>")
    text = adopted.data.read_text()
    adopted.data.write_text(text.replace("\nnews:\n", '\nnews:\n  show: 1\n  older: "Older news"\n'))
    add_news(adopted)

    adopted.ran("sync", code=3)
    assert adopted.wiki.body(archive) == "<p>Everything that was.</p>"
    adopted.ran("apply", "--yes")

    assert "outlook" in adopted.home_body
    assert "prep week" not in adopted.home_body
    assert 'ri:content-title="Older news"' in adopted.home_body
    assert "prep week" in adopted.wiki.body(archive)
    assert adopted.wiki.body(archive).startswith("<p>Everything that was.</p>")
    assert adopted.ran("plan").out.startswith("in sync: 4 regions on 2 pages")
    adopted.ran("news", "remove", "outlook")
    adopted.ran("sync")
    assert "prep week" in adopted.home_body
    assert "prep week" not in adopted.wiki.body(archive)


def test_news_come_and_go_by_themselves(adopted: Desk) -> None:
    add_news(adopted)
    adopted.ran("news", "edit", "outlook", "--publish-at", "2999-01-01T00:00:00Z")
    assert adopted.ran("plan").out.startswith("in sync")

    adopted.ran("news", "edit", "outlook", "--publish-at", "2020-01-01T00:00:00Z")
    adopted.ran("sync")
    assert "outlook" in adopted.home_body

    adopted.ran("news", "edit", "outlook", "--expires-at", "2021-01-01T00:00:00Z")
    adopted.ran("sync")
    assert "outlook" not in adopted.home_body


@both_flavours
def test_the_page_index_follows_the_tree_and_the_snapshots(adopted: Desk) -> None:
    settings(adopted, **{"data: ws2.yaml": "data: ws2.yaml\n    regions: {status: {}, page_index: {place: end}}"})
    adopted.data.write_text(adopted.data.read_text() + '\npage_index: {heading: "All pages:"}\n')
    adopted.ran("apply", "--yes")
    assert "All pages:" in adopted.home_body
    assert 'ri:content-title="Implementation"' in adopted.home_body
    assert "(snapshot" not in adopted.home_body
    assert adopted.ran("plan").out.startswith("in sync")

    adopted.wiki.add_page("A page that is new", "x")
    adopted.ran("snapshot")
    adopted.ran("sync")

    assert 'ri:content-title="A page that is new"' in adopted.home_body
    (path, *_) = re.findall(r"\(snapshot <code>(.*?)</code>\)", adopted.home_body)
    assert (adopted.folder / "snapshots" / path).is_file()
    assert adopted.ran("plan").out.startswith("in sync")


def test_one_workspace_in_trouble_leaves_the_other(adopted: Desk) -> None:
    other = adopted.wiki.add_page("Second home", "<p>x</p>")
    second = "  - {name: second, data: second.yaml, regions: {news: {place: end}}}\nsnapshots:"
    settings(adopted, **{"snapshots:": second})
    (adopted.folder / "second.yaml").write_text("workspace: {space: WS2, home: Second home}\nnewz: {}\n")
    text = adopted.data.read_text()
    adopted.data.write_text(text.replace("Adopted by the Board in November 2019.", "Adopted."))

    ran = adopted.ran("apply", "--yes", code=1)

    assert "second.yaml" in ran.out
    assert "Adopted.</p>" in adopted.home_body
    (adopted.folder / "second.yaml").write_text(
        "workspace: {space: WS2, home: Second home}\nnews: {items: [{id: a, text: Hello}]}\n"
    )
    adopted.ran("apply", "--yes", "--workspace", "second")
    assert re.search(r"<li>(<p>)?Hello(</p>)?</li>", adopted.wiki.body(other))
    assert adopted.ran("plan").out == "in sync: 4 regions on 2 pages\n"
