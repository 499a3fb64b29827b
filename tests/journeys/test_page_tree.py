"""Folders, rules that match nothing, references that find nothing: what `check`, `snapshot`, `tree` and `sync` say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot.snapshot.archive.library import load_library
from tests.journeys.conftest import Desk, Ran, settings_for
from wikiserver.testing import Wiki

RULE = "archived: {status: true, labels: [archived], under: [Archive]}"
CLOUD = pytest.mark.parametrize("flavour", ["cloud"])
BOTH = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])


@pytest.fixture
def home(desk: Desk) -> str:
    home = desk.wiki.add_page("Home", "<p>intro</p>")
    desk.data.write_text("workspace: {space: WS2, home: Home}\n")
    return home


def rule(desk: Desk, text: str) -> None:
    """Write the rule for archived pages, in one line of the settings."""
    (desk.folder / "bot.yaml").write_text(settings_for(desk.wiki).replace(RULE, f"archived: {text}"))


def place_of(desk: Desk, text: str) -> str:
    """The file and line of a text in the settings."""
    path = desk.folder / "bot.yaml"
    number = next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)
    return f"{path}:{number}"


def snapshot(desk: Desk, *words: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = desk.ran("snapshot", "--format", "json", *words, code=code).json
    return found


def captured_titles(desk: Desk) -> set[str]:
    return {entry.title for _, entry in load_library(desk.folder / "snapshots").iter_entries()}


def selected_titles(desk: Desk) -> set[str]:
    """The captured pages that are still archived."""
    entries = load_library(desk.folder / "snapshots").iter_entries()
    return {entry.title for _, entry in entries if entry.is_selected}


@CLOUD
@pytest.mark.parametrize("names_id", [False, True])
def test_pages_in_a_folder_that_under_names_are_captured(desk: Desk, home: str, *, names_id: bool) -> None:
    folder = desk.wiki.add_page("Archive", kind="folder", parent=home)
    minutes = desk.wiki.add_page("Minutes 2019", "<p>m</p>", parent=folder)
    desk.wiki.add_page("Annex", "<p>a</p>", parent=minutes)
    rule(desk, f"{{under: [{folder if names_id else 'Archive'}]}}")

    outcome = snapshot(desk)

    assert (outcome["expected"], outcome["captured"], outcome["complete"]) == (2, 2, True)
    assert captured_titles(desk) == {"Minutes 2019", "Annex"}
    desk.ran("check")


@CLOUD
@pytest.mark.parametrize("kind", ["folder", "whiteboard", "database", "embed"])
def test_pages_below_a_node_that_is_no_page_are_captured(desk: Desk, home: str, kind: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    desk.wiki.add_page("Plain old", "<p>p</p>", parent=archive)
    outer = desk.wiki.add_page("Years", kind=kind, parent=archive)
    inner = desk.wiki.add_page("2019", kind="folder", parent=outer)
    for number in range(2):
        desk.wiki.add_page(f"Minutes {number}", "<p>m</p>", parent=inner)
    rule(desk, "{labels: [], under: [Archive]}")

    outcome = snapshot(desk)
    report = desk.ran("report", "--format", "json").json

    assert (outcome["expected"], outcome["captured"]) == (3, 3)
    assert "3 of 3" in report["runs"][-1]["detail"]
    markdown = next((desk.folder / "snapshots").rglob("minutes-0*.md")).read_text()
    breadcrumbs = markdown.split("\n---\n")[1].partition("# Minutes 0")[0]
    assert "2019" in breadcrumbs


@CLOUD
def test_the_tree_shows_every_node_at_its_place(desk: Desk, home: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    folder = desk.wiki.add_page("2019", kind="folder", parent=archive)
    desk.wiki.add_page("Minutes", parent=folder)
    desk.wiki.add_page("Sketch", kind="whiteboard", parent=home)
    desk.wiki.add_page("Empty", kind="folder", parent=home)

    shown = desk.ran("tree").out.splitlines()
    listed = desk.ran("tree", "--format", "json").json

    assert [line.split("  #")[0] for line in shown] == [
        "Home", "  Archive", "    2019", "      Minutes", "  Sketch", "  Empty",
    ]  # fmt: skip
    assert [node["kind"] for node in listed] == ["page", "page", "folder", "page", "whiteboard", "folder"]
    assert "(whiteboard)" in shown[4]
    assert next(node for node in listed if node["title"] == "2019")["url"].endswith(f"/spaces/WS2/folder/{folder}")


@CLOUD
def test_what_cannot_be_captured_is_named(desk: Desk, home: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    minutes = desk.wiki.add_page("Minutes", "<p>m</p>", parent=archive)
    for kind in ("whiteboard", "database", "embed"):
        desk.wiki.add_page(f"The {kind}", kind=kind, parent=minutes)
    desk.wiki.add_page("Elsewhere", kind="whiteboard", parent=home)
    rule(desk, "{under: [Archive]}")

    ran = desk.ran("snapshot")
    listed = snapshot(desk)["not_capturable"]
    report = desk.ran("report")

    names = {"The whiteboard", "The database", "The embed"}
    assert {each["title"] for each in listed} == names
    for name in names:
        assert f"not captured: {name}" in ran.err
    assert "Elsewhere" not in ran.err
    events = [
        json.loads(line)
        for line in next((desk.folder / "snapshots").glob("log/*/000001.events.jsonl")).read_text().splitlines()
    ]
    assert events[0]["facts"]["not_capturable"] == sorted(each["page_id"] for each in listed)
    assert all(each["page_id"] in report.out for each in listed)


@CLOUD
def test_the_whole_tree_needs_few_requests(desk: Desk, home: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    top = desk.wiki.add_page("Top", kind="folder", parent=archive)
    for number in range(4):
        folder = desk.wiki.add_page(f"Folder {number}", kind="folder", parent=top)
        for page in range(65):
            desk.wiki.add_page(f"Page {number}-{page}", parent=folder)
    before = len(desk.wiki.requests)

    lines = desk.ran("tree").out.splitlines()

    paths = [path.partition("?")[0].removeprefix("/wiki") for _, path in desk.wiki.requests[before:]]
    assert len(lines) == 2 + 5 + 260
    assert sum("/folders/" in path for path in paths) == 5
    assert sum(path.endswith("/pages") for path in paths) == 3, "two pages of current pages, one of archived pages"
    assert sum(path.endswith("/descendants") for path in paths) == 2, "266 nodes below the home page"
    assert not any(path.endswith("/restriction/byOperation") for path in paths), "all restrictions are in a listing"
    assert len(paths) <= 5 + 3 + 2 + 2 + 6, paths


@CLOUD
@pytest.mark.usefixtures("home")
def test_a_space_with_many_roots_needs_no_request_for_each(desk: Desk) -> None:
    place = desk.wiki.add_space().id
    for number in range(60):
        desk.wiki.store.pages.create(place, f"Root {number}", "", author=desk.wiki.account("ana"))
    folder = desk.wiki.add_page("Alone", kind="folder", parent=desk.wiki.find("Root 3").id)
    desk.wiki.store.pages.move(int(folder), desk.wiki.find("Root 3").id, "after")
    desk.wiki.add_page("Sketch", kind="whiteboard", parent=folder)
    desk.wiki.add_page("Empty", kind="folder", parent=desk.wiki.find("Root 5").id)
    before = len(desk.wiki.requests)

    tree = {each["title"]: each for each in desk.ran("tree", "--format", "json").json}

    assert {title: tree[title]["depth"] for title in ("Alone", "Sketch", "Empty")} == {
        "Alone": 0,
        "Sketch": 1,
        "Empty": 1,
    }
    assert len(desk.wiki.requests) - before < 20
    rule(desk, "{under: [Alone]}")
    assert "there is no page below 'Alone'" in desk.ran("check", code=1).out
    captured = desk.ran("snapshot", "--all", code=None)
    assert "not captured: Sketch" in captured.err


@CLOUD
@pytest.mark.usefixtures("home")
def test_where_the_search_is_refused_the_roots_are_listed(desk: Desk) -> None:
    root = desk.wiki.store.pages.create(desk.wiki.add_space().id, "Root", "", author=desk.wiki.account("ana"))
    desk.wiki.add_page("Empty", kind="folder", parent=root.id)
    rule(desk, "{}")
    desk.wiki.faults.add("403@search*1")

    ran = desk.ran("tree")

    assert "Empty" in ran.out


@BOTH
@pytest.mark.parametrize(
    ("key", "name", "said"),
    [
        ("under", "Archiev", "there is no page or folder '@' in space WS2; did you mean 'Archive'?"),
        ("under", "ARCHIVE", "there is no page or folder '@' in space WS2; did you mean 'Archive'?"),
        ("under", "99999", "there is no page or folder '99999'"),
        ("under", "Void", "there is no page below 'Void'"),
        ("labels", "achived", "no page in space WS2 has the label 'achived' (did you mean 'archived'?)"),
    ],
)
def test_a_rule_that_matches_nothing_is_an_error(desk: Desk, home: str, key: str, name: str, said: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    desk.wiki.add_page("Old", parent=archive)
    desk.wiki.add_page("Void", parent=home)
    desk.wiki.add_page("Labelled", "<p>x</p>", parent=home, labels=("archived",))
    rule(desk, f"{{labels: [archived], {key}: [{name}]}}" if key == "under" else f"{{labels: [archived, {name}]}}")

    outcome = desk.ran("snapshot", code=1)
    check = desk.ran("check", code=1)

    said = said.replace("@", name)
    assert f"{place_of(desk, name)}: {said}" in outcome.err
    assert f"{place_of(desk, name)}: {said}" in check.out + check.err
    assert captured_titles(desk) == {"Labelled"}
    log = next((desk.folder / "snapshots").glob("log/*/000001.events.jsonl")).read_text()
    assert json.loads(log.splitlines()[0])["facts"]["unmatched"] == 1
    assert str(desk.folder) not in log
    assert snapshot(desk, code=1)["unmatched"][0]["page_id"] == name


@BOTH
def test_a_default_rule_may_match_nothing(desk: Desk, home: str) -> None:
    rule(desk, "{}")

    assert home
    desk.ran("check")
    assert snapshot(desk)["complete"]


@BOTH
def test_a_renamed_root_is_followed_and_said(desk: Desk, home: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    desk.wiki.add_page("Old", "<p>x</p>", parent=archive)
    rule(desk, "{labels: [], under: [Archive]}")
    snapshot(desk)

    desk.wiki.store.pages.update(int(archive), author=desk.wiki.account("ana"), title="Attic")
    desk.wiki.add_page("Older", "<p>y</p>", parent=archive)
    ran = desk.ran("snapshot", code=1)

    said = f"{place_of(desk, 'Archive')}: page 'Archive' is now called 'Attic'; write that, or its id {archive}"
    assert said in ran.err
    assert selected_titles(desk) == {"Old", "Older"}
    assert said in desk.ran("check", code=1).out
    rule(desk, "{labels: [], under: [Attic]}")
    assert snapshot(desk)["complete"]


@BOTH
@pytest.mark.parametrize(
    ("change", "said"), [("restrict", "deleted or restricted for the bot's account"), ("trash", "is in the trash")]
)
def test_pages_do_not_leave_the_selection_because_their_root_is_hidden(
    desk: Desk, home: str, change: str, said: str
) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    desk.wiki.add_page("Old", "<p>x</p>", parent=archive)
    rule(desk, "{labels: [], under: [Archive]}")
    snapshot(desk)

    if change == "restrict":
        desk.wiki.store.restrictions.add(int(archive), "read", "user", desk.wiki.account("admin"))
    else:
        desk.wiki.store.pages.trash(int(archive))
    outcome = desk.ran("snapshot", code=1)

    assert f"{place_of(desk, 'Archive')}: there is no page or folder 'Archive' in space WS2" in outcome.err
    assert said in outcome.err
    assert said in desk.ran("check", code=1).out
    if change == "trash":
        assert selected_titles(desk) == {"Old"}


@CLOUD
def test_an_archived_root_is_said(desk: Desk, home: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    desk.wiki.add_page("Old", "<p>x</p>", parent=archive)
    rule(desk, "{labels: [], under: [Archive]}")
    snapshot(desk)

    desk.wiki.store.pages.archive([int(archive)])
    ran = desk.ran("snapshot", code=1)

    assert f"{place_of(desk, 'Archive')}: page 'Archive' is archived" in ran.err
    assert "page 'Archive' is archived" in desk.ran("check", code=1).out
    assert "Old" in selected_titles(desk), "the page moved up and must not leave the selection without consent"


@BOTH
def test_many_pages_leave_the_selection_only_with_consent(desk: Desk, home: str) -> None:
    for number in range(8):
        desk.wiki.add_page(f"Old {number}", "<p>x</p>", parent=home, labels=("archived",))
    kept = desk.wiki.add_page("Kept", "<p>x</p>", parent=home, labels=("archived",))
    rule(desk, "{labels: [archived]}")
    snapshot(desk)

    for number in range(8):
        desk.wiki.store.labels.remove(desk.wiki.find(f"Old {number}").id, "archived")
    ran = desk.ran("snapshot", code=1)
    outcome = snapshot(desk, code=1)

    assert kept
    assert "--accept-deselected" in ran.err
    assert len(selected_titles(desk)) == 9
    assert (outcome["gone"], outcome["deselected"]) == (0, [])
    digest = re.findall("--accept-deselected ([0-9a-f]{16})", ran.err)[0]
    assert len(snapshot(desk, "--accept-deselected", digest[::-1], code=1)["unknown"]) == 8
    assert len(snapshot(desk, "--accept-deselected", digest)["deselected"]) == 8
    assert selected_titles(desk) == {"Kept"}
    assert len(captured_titles(desk)) == 9


@BOTH
def test_leaving_the_selection_is_distinguished_from_leaving_the_wiki(desk: Desk, home: str) -> None:
    for title in ("Active again", "Deleted", "Kept"):
        desk.wiki.add_page(title, "<p>x</p>", parent=home, labels=("archived",))
    rule(desk, "{labels: [archived]}")
    snapshot(desk)

    desk.wiki.store.labels.remove(desk.wiki.find("Active again").id, "archived")
    desk.wiki.store.pages.trash(desk.wiki.find("Deleted").id)
    ran = desk.ran("snapshot")

    assert "left the selection: Active again" in ran.out
    assert "1 page deleted from the wiki" in ran.out


@CLOUD
def test_a_page_without_a_place_is_a_shortfall(desk: Desk, home: str) -> None:
    archive = desk.wiki.add_page("Archive", parent=home)
    desk.wiki.add_page("Old", "<p>x</p>", parent=archive)
    lost = desk.wiki.add_page("Lost", "<p>x</p>", parent=home)
    rule(desk, "{labels: [], under: [Archive]}")
    set_parent(desk.wiki, lost, 999999)

    for ran in (desk.ran("snapshot", code=1), desk.ran("tree", code=1), desk.ran("check", code=1)):
        assert "Lost" in ran.out + ran.err
        assert "its parent 999999 is hidden, in the trash or deleted" in ran.out + ran.err


@CLOUD
def test_pages_that_are_above_themselves_are_named(desk: Desk, home: str) -> None:
    first = desk.wiki.add_page("First", "<p>x</p>", parent=home)
    second = desk.wiki.add_page("Second", "<p>x</p>", parent=first)
    rule(desk, "{}")
    set_parent(desk.wiki, first, int(second))

    for ran in (desk.ran("tree", code=1), desk.ran("check", code=1), desk.ran("snapshot", code=1)):
        assert "above itself in the page tree" in ran.out + ran.err
        assert "First" in ran.out + ran.err


def set_parent(wiki: Wiki, page_id: str, parent_id: int) -> None:
    """Set a parent that no wiki should have."""
    database = wiki.store.hierarchy._database
    with database.transaction():
        database.execute("UPDATE content SET parent_id = ? WHERE id = ?", (parent_id, int(page_id)))


REGIONS = "archived: {{}}\n    regions: {{status: {{place: end, home: false, also: {{{also}}}}}}}"
STATUS = "workspace: {space: WS2, home: Home}\nstatus: {lines: [{icon: tick, text: Fine.}]}\n"


def also(desk: Desk, text: str) -> None:
    """Write the banner also on the pages that *text* names."""
    desk.data.write_text(STATUS)
    (desk.folder / "bot.yaml").write_text(settings_for(desk.wiki).replace(RULE, REGIONS.format(also=text)))


@CLOUD
@pytest.mark.parametrize("names_id", [False, True])
def test_a_region_reaches_the_pages_in_a_folder(desk: Desk, home: str, *, names_id: bool) -> None:
    folder = desk.wiki.add_page("Groups", kind="folder", parent=home)
    inner = desk.wiki.add_page("Inner", kind="whiteboard", parent=folder)
    page = desk.wiki.add_page("Group", "<p>x</p>", parent=inner)
    also(desk, f"under: [{folder if names_id else 'Groups'}]")

    desk.ran("apply", "--yes")

    assert "Fine." in desk.wiki.body(page)


@BOTH
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("under: [Gruops]", "did you mean 'Groups'?"),
        ("under: [Groups]", "there is no page below 'Groups'"),
        ("labels: [baner]", "no page in space WS2 has the label 'baner'"),
        ("pages: [groups]", "did you mean 'Groups'?"),
    ],
)
def test_a_region_for_no_page_is_a_problem(desk: Desk, home: str, key: str, said: str) -> None:
    desk.wiki.add_page("Groups", "<p>x</p>", parent=home)
    also(desk, key)
    place = place_of(desk, "also:")

    check, sync, plan = desk.ran("check", code=1), desk.ran("sync", code=1), desk.ran("plan", code=1)

    for ran in (check, sync, plan):
        assert place in ran.out + ran.err
        assert said in ran.out + ran.err


@BOTH
def test_a_renamed_root_of_a_region_is_followed_and_said(desk: Desk, home: str) -> None:
    top = desk.wiki.add_page("Groups", "<p>x</p>", parent=home)
    page = desk.wiki.add_page("Group", "<p>x</p>", parent=top)
    also(desk, "under: [Groups]")
    desk.ran("apply", "--yes")

    desk.wiki.store.pages.update(int(top), author=desk.wiki.account("ana"), title="Teams")
    desk.data.write_text(STATUS.replace("Fine.", "Better."))
    ran = desk.ran("sync", code=1)

    assert "page 'Groups' is now called 'Teams'" in ran.out + ran.err
    assert "Better." in desk.wiki.body(page)


@CLOUD
def test_an_archived_root_of_a_region_is_a_problem(desk: Desk, home: str) -> None:
    desk.wiki.add_page("Groups", "<p>x</p>", parent=home, status="archived")
    also(desk, "under: [Groups]")

    for ran in (desk.ran("sync", code=1), desk.ran("check", code=1)):
        assert f"{place_of(desk, 'also:')}: page 'Groups' is archived" in said_of(ran)


@BOTH
def test_the_page_index_needs_rules_that_match(desk: Desk, home: str) -> None:
    desk.wiki.add_page("Minutes", "<p>x</p>", parent=home)
    desk.data.write_text("workspace: {space: WS2, home: Home}\npage_index: {}\n")
    settings = "archived: {under: [Archiv]}\n    regions: {page_index: {place: end}}"
    (desk.folder / "bot.yaml").write_text(settings_for(desk.wiki).replace(RULE, settings))
    desk.ran("apply", "--yes", code=1)

    ran = desk.ran("sync", code=1)

    assert f"{place_of(desk, 'Archiv')}: there is no page or folder 'Archiv'" in said_of(ran)
    assert 'ri:content-title="Minutes"' in desk.wiki.body(home)


@CLOUD
def test_the_page_index_reaches_into_folders(desk: Desk, home: str) -> None:
    folder = desk.wiki.add_page("Meetings", kind="folder", parent=home)
    desk.wiki.add_page("Minutes", "<p>x</p>", parent=folder)
    archive = desk.wiki.add_page("Archive", kind="folder", parent=home)
    desk.wiki.add_page("Old", "<p>x</p>", parent=archive)
    desk.data.write_text("workspace: {space: WS2, home: Home}\npage_index: {}\n")
    settings = "archived: {under: [Archive]}\n    regions: {page_index: {place: end}}"
    (desk.folder / "bot.yaml").write_text(settings_for(desk.wiki).replace(RULE, settings))

    desk.ran("apply", "--yes")

    active, _, archived = desk.wiki.body(home).partition("Archived pages")
    assert 'ri:content-title="Minutes"' in active
    assert "Old" in archived
    assert "Meetings" not in active, "a page cannot link to a folder by its title"
    assert "Old" not in active


@BOTH
@pytest.mark.parametrize("stated", ["2024", '"2024"', "title:2024"])
def test_a_page_may_be_titled_with_a_number(desk: Desk, stated: str) -> None:
    home = desk.wiki.add_page("2024", "<p>intro</p>")
    other = desk.wiki.add_page("1999", "<p>x</p>", parent=home)
    also(desk, 'pages: ["1999"]')
    desk.data.write_text(STATUS.replace("home: Home", f"home: {stated}"))
    path = desk.folder / "bot.yaml"
    path.write_text(path.read_text().replace("home: false, ", ""))

    desk.ran("apply", "--yes")
    desk.ran("check")

    assert "Fine." in desk.wiki.body(home)
    assert "Fine." in desk.wiki.body(other)
    assert desk.ran("plan").out.startswith("in sync")


@BOTH
def test_a_title_can_be_told_apart_from_an_id(desk: Desk, home: str) -> None:
    page = desk.wiki.add_page(home, "<p>the page whose title is an id</p>", parent=home)
    also(desk, f'pages: ["title:{home}"]')

    desk.ran("apply", "--yes")

    assert "Fine." in desk.wiki.body(page)
    assert "Fine." not in desk.wiki.body(home)


def said_of(ran: Ran) -> str:
    return ran.out + ran.err


@BOTH
@pytest.mark.parametrize("title", ["home", "HOME", "Home  page", "Re\u0301union"])
def test_titles_that_nearly_match_are_suggested(desk: Desk, title: str) -> None:
    found = {"home": "Home", "HOME": "Home", "Home  page": "Home page", "Re\u0301union": "R\u00e9union"}[title]
    desk.wiki.add_page(found, "<p>x</p>")
    desk.data.write_text(STATUS.replace("home: Home", f"home: {json.dumps(title)}"))

    assert f"did you mean {found!r}?" in said_of(desk.ran("plan", code=1))
    assert f"did you mean {found!r}?" in said_of(desk.ran("check", code=1))


@BOTH
def test_a_space_key_in_other_case_is_suggested(desk: Desk, home: str) -> None:
    assert home
    desk.data.write_text(STATUS.replace("WS2", "ws2"))

    assert "did you mean 'WS2'?" in said_of(desk.ran("plan", code=1))


@BOTH
def test_a_page_in_the_trash_is_said_to_be_there(desk: Desk, home: str) -> None:
    gone = desk.wiki.add_page("Gone", "<p>x</p>", parent=home)
    desk.wiki.store.pages.trash(int(gone))
    news = 'news: {show: 1, older: Gone, items: [{id: a, date: 2024-02-22, text: "Read [it](page:Gone)."}]}\n'
    desk.data.write_text(f"workspace: {{space: WS2, home: Home}}\n{news}")
    (desk.folder / "bot.yaml").write_text(
        settings_for(desk.wiki).replace(RULE, "archived: {}\n    regions: {news: {place: end}}")
    )

    for ran in (desk.ran("check", code=1), desk.ran("plan", code=1), desk.ran("tree", "--links-to", "Gone", code=1)):
        assert f"page 'Gone' (id {gone}) is in the trash" in said_of(ran)


def link(title: str, words: str) -> str:
    body = f"<ac:link-body>{words}</ac:link-body>" if words else ""
    return f'<ac:link><ri:page ri:content-title="{title}" />{body}</ac:link>'


@pytest.fixture
def linked(desk: Desk, home: str) -> dict[str, str]:
    """A page with links to pages that are gone, archived, restricted, in the trash and well."""
    add = desk.wiki.add_page
    ids = {title: add(title, "<p>x</p>", parent=home) for title in ("Final report", "Trashed", "Hidden", "By id")}
    ids["Shelved"] = add("Shelved", "<p>x</p>", parent=home, labels=("archived",))
    desk.wiki.store.pages.trash(int(ids["Trashed"]))
    desk.wiki.store.restrictions.add(int(ids["Hidden"]), "read", "user", desk.wiki.account("admin"))
    purged = add("Purged", "<p>x</p>", parent=home)
    desk.wiki.store.pages.purge(int(purged))
    address = f"{desk.wiki.url}/pages/viewpage.action?pageId="
    ids["Linking"] = add(
        "Linking",
        f"<p>{link('Final report', 'well')} {link('Final reprot', 'the report')} {link('Trashed', '')}"
        f" {link('Hidden', 'a secret')} {link('Shelved', 'the <strong>shelf</strong>')}"
        f' <a href="{address}{purged}">purged</a> <a href="{address}{ids["By id"]}">by id</a>'
        ' <a href="https://example.org/">out</a></p>',
        parent=home,
    )
    add("Old", f"<p>{link('Nowhere', 'never read')}</p>", parent=home, labels=("archived",))
    rule(desk, "{labels: [archived]}")
    return ids


@BOTH
def test_dead_links_of_active_pages_are_listed_with_their_words(desk: Desk, linked: dict[str, str]) -> None:
    listed = desk.ran("check", "--tree", "--format", "json", code=1).json

    found = [each for each in listed if each["what"] == "links between pages"]
    messages = {each["message"].split("the link ")[1].split(":")[0]: each["message"] for each in found}
    assert set(messages) == {"'the report'", "'Trashed'", "'a secret'", "'the shelf'", "'purged'"}
    assert all("'Linking'" in message for message in messages.values())
    assert "did you mean 'Final report'?" in messages["'the report'"]
    assert f"page 'Trashed' (id {linked['Trashed']}) is in the trash" in messages["'Trashed'"]
    assert "restricted for the bot's account" in messages["'a secret'"]
    assert "'Shelved' is archived; link to another page" in messages["'the shelf'"]
    assert [each["outcome"] for each in found if "shelf" in each["message"]] == ["warning"]


@CLOUD
def test_links_to_pages_with_the_status_archived_are_listed(desk: Desk, home: str) -> None:
    desk.wiki.add_page("Closed", "<p>x</p>", parent=home, status="archived")
    desk.wiki.edit(home, f"<p>{link('Closed', 'see here')}</p>")
    rule(desk, "{}")

    assert "the link 'see here': page 'Closed' is archived" in desk.ran("check", "--tree").out


@BOTH
def test_the_active_pages_are_read_in_bulk(desk: Desk, home: str) -> None:
    rule(desk, "{}")
    for number in range(60):
        desk.wiki.add_page(f"Page {number}", f"<p>{link('Home', 'home')}</p>", parent=home)
    desk.ran("check")
    start = len(desk.wiki.requests)
    desk.ran("check")
    without = len(desk.wiki.requests) - start

    desk.ran("check", "--tree")

    assert len(desk.wiki.requests) - start - 2 * without <= 8


@BOTH
def test_what_links_to_a_page_is_known_before_it_is_archived(desk: Desk, linked: dict[str, str]) -> None:
    by_title = desk.ran("tree", "--links-to", "Final report").out
    by_id = desk.ran("tree", "--links-to", linked["By id"], "--format", "json").json
    nothing = desk.ran("tree", "--links-to", "Linking").out

    assert "Linking" in by_title
    assert "well" in by_title
    assert "links to 'Final report'" in by_title
    assert "1 link on 1 active page" in by_title
    assert [(each["title"], each["words"]) for each in by_id] == [("Linking", "by id")]
    assert "0 links on 0 active pages" in nothing


@BOTH
def test_init_writes_only_rules_that_match(desk: Desk, home: str, tmp_path: Path) -> None:
    assert home
    config = tmp_path / "new" / "bot.yaml"
    user = ("--user", "bot") if desk.wiki.flavour == "cloud" else ()
    words = ("init", "--url", desk.wiki.url, *user, "--space", "WS2", "--home", "Home", "--name", "ws2", "--no-adopt")
    desk.run("--config", str(config), *words)

    assert "archived: {status: true}" in config.read_text()
    desk.ran("--config", str(config), "snapshot")
