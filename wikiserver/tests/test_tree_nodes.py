"""Nodes of the page tree that are not pages: folders, whiteboards, databases and embeds (Cloud)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from requests import Session

from wikiserver.export import export_world
from wikiserver.seed import seed_wiki
from wikiserver.store import NOT_PAGES, Selection, Store
from wikiserver.testing import Wiki

ADDRESS = "https://example.org/a?b=1&c=2"


@pytest.fixture
def session(wiki: Wiki) -> Iterator[Session]:
    with wiki.session() as session:
        yield session


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<p>home</p>")


def v2(wiki: Wiki, path: str) -> str:
    return f"{wiki.url}/api/v2{path}"


def make(wiki: Wiki, session: Session, kind: str, parent: str, title: str = "Node") -> dict[str, str]:
    space = str(wiki.add_space().id)
    body = {"spaceId": space, "title": title, "parentId": parent, "embedUrl": ADDRESS}
    answer = session.post(v2(wiki, f"/{kind}s"), json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


@pytest.mark.parametrize("kind", NOT_PAGES)
def test_a_node_is_in_the_tree_and_in_no_listing_of_pages(wiki: Wiki, session: Session, home: str, kind: str) -> None:
    node = make(wiki, session, kind, home)
    inside = wiki.add_page("Inside", parent=node["id"])

    read = session.get(v2(wiki, f"/{kind}s/{node['id']}")).json()
    page = session.get(v2(wiki, f"/pages/{inside}")).json()
    space = wiki.add_space().id
    listed = session.get(v2(wiki, f"/spaces/{space}/pages")).json()["results"]
    below = session.get(v2(wiki, f"/pages/{home}/descendants")).json()["results"]
    children = session.get(v2(wiki, f"/pages/{home}/direct-children")).json()["results"]
    within = session.get(v2(wiki, f"/{kind}s/{node['id']}/descendants")).json()["results"]

    assert (read["type"], read["parentId"], read["parentType"]) == (kind, home, "page")
    assert read.get("embedUrl") == (ADDRESS if kind == "embed" else None)
    assert (page["parentId"], page["parentType"]) == (node["id"], kind)
    assert {one["title"] for one in listed} == {"Home", "Inside"}
    assert [(one["title"], one["type"], one["depth"]) for one in below] == [("Node", kind, 1), ("Inside", "page", 2)]
    assert [(one["title"], one["type"]) for one in children] == [("Node", kind)]
    assert [one["id"] for one in within] == [inside]


@pytest.mark.parametrize("kind", NOT_PAGES)
def test_each_route_answers_404_to_an_id_of_another_type(wiki: Wiki, session: Session, home: str, kind: str) -> None:
    node = make(wiki, session, kind, home)
    others = [other for other in NOT_PAGES if other != kind]

    for path in ("", "/labels", "/versions", "/descendants", "/direct-children", "/attachments"):
        assert session.get(v2(wiki, f"/pages/{node['id']}{path}")).status_code == 404, path
    assert [session.get(v2(wiki, f"/{other}s/{node['id']}")).status_code for other in others] == [404, 404, 404]
    assert session.get(v2(wiki, f"/{kind}s/{home}")).status_code == 404


def test_types_of_ids_are_given_for_what_the_caller_may_see(wiki: Wiki, session: Session, home: str) -> None:
    folder, board = make(wiki, session, "folder", home), make(wiki, session, "whiteboard", home)
    hidden = wiki.add_page("Hidden")
    wiki.store.restrictions.add(int(hidden), "read", "user", wiki.account("admin"))
    url = v2(wiki, "/content/convert-ids-to-types")

    with wiki.session("ana") as ana:
        types = ana.post(url, json={"contentIds": [home, folder["id"], board["id"], hidden, "999999"]}).json()[
            "results"
        ]
    too_many = session.post(url, json={"contentIds": list(range(1, 102))})

    assert types == {home: "page", folder["id"]: "folder", board["id"]: "whiteboard", hidden: None, "999999": None}
    assert too_many.status_code == 400


def test_a_restricted_page_hides_the_nodes_below(wiki: Wiki, session: Session, home: str) -> None:
    hidden = wiki.add_page("Hidden", parent=home)
    board = make(wiki, session, "whiteboard", hidden, "Secret board")
    wiki.store.restrictions.add(int(hidden), "read", "user", wiki.account("admin"))

    with wiki.session("ana") as ana:
        one = ana.get(v2(wiki, f"/whiteboards/{board['id']}"))
        below = ana.get(v2(wiki, f"/pages/{home}/descendants"))

    assert one.status_code == 404
    assert "Secret board" not in one.text + below.text


@pytest.mark.parametrize("kind", NOT_PAGES)
def test_cql_finds_nodes_by_type(wiki: Wiki, session: Session, home: str, kind: str) -> None:
    node = make(wiki, session, kind, home)

    found = session.get(f"{wiki.url}/rest/api/content/search", params={"cql": f"type={kind} and space=WS2"}).json()
    pages = session.get(f"{wiki.url}/rest/api/content/search", params={"cql": "type=page and space=WS2"}).json()

    assert [(one["id"], one["type"]) for one in found["results"]] == [(node["id"], kind)]
    assert node["id"] not in [one["id"] for one in pages["results"]]


def test_no_unmoved_child_is_missed_or_listed_twice_while_others_move(wiki: Wiki, session: Session, home: str) -> None:
    pages = [wiki.add_page(f"Page {number:02}", parent=home) for number in range(60)]
    moved = {pages[number] for number in (1, 5, 12, 30, 44, 59)}
    address = v2(wiki, f"/pages/{home}/direct-children?limit=10")
    seen: list[str] = []

    while address:
        answer = session.get(address).json()
        seen += [one["id"] for one in answer["results"]]
        for place, page in enumerate(sorted(moved)):
            wiki.store.pages.move(int(page), int(pages[7 * place + 3]), "before" if place % 2 else "after")
        address = wiki.server.url + answer["_links"]["next"] if "next" in answer["_links"] else ""

    unmoved = [page for page in seen if page not in moved]
    assert unmoved == [page for page in pages if page not in moved]


def test_a_move_changes_the_position_of_the_moved_page_only(wiki: Wiki, home: str) -> None:
    pages = [wiki.add_page(f"Page {number}", parent=home) for number in range(5)]
    before = {page: wiki.page(page).position for page in pages}

    wiki.store.pages.move(int(pages[4]), int(pages[1]), "before")

    after = {page: wiki.page(page).position for page in pages}
    assert {page for page in pages if after[page] != before[page]} == {pages[4]}
    assert before[pages[0]] < after[pages[4]] < before[pages[1]]


def test_many_moves_to_one_place_preserve_the_order(wiki: Wiki, home: str) -> None:
    first, last = wiki.add_page("First", parent=home), wiki.add_page("Last", parent=home)
    moved = [wiki.add_page(f"Page {number}", parent=home) for number in range(40)]

    for page in moved:
        wiki.store.pages.move(int(page), int(last), "before")

    children = wiki.store.hierarchy.children(int(home))
    assert [str(one.id) for one in children] == [first, *moved, last]


def test_a_world_with_nodes_comes_out_as_it_went_in(wiki: Wiki, session: Session, home: str, tmp_path: Path) -> None:
    for kind in NOT_PAGES:
        node = make(wiki, session, kind, home, f"The {kind}")
        wiki.add_page(f"In the {kind}", parent=node["id"])

    export_world(wiki.store, tmp_path / "first")
    with Store() as copy:
        seed_wiki(copy, tmp_path / "first")
        export_world(copy, tmp_path / "second")
        nodes = copy.contents.select(Selection(("type NOT IN ('page', 'blogpost')",), limit=-1))
        bodies = {one.type: copy.contents.body(one.id) for one in nodes}

    assert {one.type for one in nodes} == set(NOT_PAGES)
    assert bodies["embed"] == ADDRESS
    assert text_of(tmp_path / "first") == text_of(tmp_path / "second")


def text_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_deleting_a_folder_lifts_what_is_in_it(wiki: Wiki, session: Session, home: str) -> None:
    folder = make(wiki, session, "folder", home)
    inside = wiki.add_page("Inside", parent=folder["id"])

    session.delete(v2(wiki, f"/folders/{folder['id']}"))

    assert wiki.page(inside).parent_id == int(home)
    assert session.get(v2(wiki, f"/folders/{folder['id']}")).json()["status"] == "trashed"


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_data_center_has_no_such_routes(wiki: Wiki, session: Session, home: str) -> None:
    for kind in NOT_PAGES:
        assert session.get(f"{wiki.url}/api/v2/{kind}s/{home}").status_code == 404
