"""atlassian-python-api's Data Center client, on Data Center and on what Cloud still serves of REST v1."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from atlassian import ConfluenceServer
from atlassian.errors import ApiError
from requests import HTTPError

from wikiserver.site import Flavour
from wikiserver.testing import Wiki

BOTH = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
DATA_CENTER = pytest.mark.parametrize("flavour", ["datacenter"])


@pytest.fixture
def client(wiki: Wiki) -> Iterator[Any]:
    """The library is not typed, hence Any here and in the tests."""
    wiki.server.app.is_also_at_root = True  # the library leaves `/wiki` out of the addresses of further pages
    with ConfluenceServer(url=wiki.url, username="bot", password="bot-secret") as client:  # type: ignore[no-untyped-call] # the library's
        yield client


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<p>Welcome</p>")


@BOTH
def test_a_page_is_created_read_and_updated(wiki: Wiki, client: Any, home: str) -> None:
    made = client.create_page("WS2", "Plan", "<p>one &amp; two</p>", parent_id=home, version_comment="first")
    client.update_page(made["id"], "Plan B", "<p>three</p>", version_comment="second", minor_edit=True)
    client.append_page(made["id"], "Plan B", "<p>last</p>")
    client.prepend_page(made["id"], "Plan B", "<h1>top</h1>")

    page = wiki.page(made["id"])
    assert (page.title, page.version, page.parent_id) == ("Plan B", 4, int(home))
    assert wiki.body(page.id) == "<h1>top</h1><p>three</p><p>last</p>"
    assert wiki.body(page.id, 1) == "<p>one &amp; two</p>"
    assert [(v.message, v.is_minor) for v in wiki.versions(page.id)][:2] == [
        ("first", False),
        ("second", wiki.flavour == "datacenter"),
    ]
    read = client.get_page_by_id(made["id"], expand="body.storage,version,ancestors,space")
    assert read["body"]["storage"]["value"] == wiki.body(page.id)
    assert (read["version"]["number"], read["space"]["key"]) == (4, "WS2")
    assert [one["id"] for one in read["ancestors"]] == [home]
    assert client.get_page_by_id(made["id"], expand="body.storage", version=1)["body"]["storage"]["value"] == wiki.body(
        page.id, 1
    )


@BOTH
def test_what_a_page_already_says_is_not_written_again(wiki: Wiki, client: Any, home: str) -> None:
    client.update_page(home, "Home", "<p>Welcome</p>")

    assert wiki.page(home).version == 1


@BOTH
def test_update_or_create_finds_the_page_under_its_parent(wiki: Wiki, client: Any, home: str) -> None:
    first = client.update_or_create(home, "Status", "<p>green</p>", space="WS2")
    second = client.update_or_create(home, "Status", "<p>red</p>", space="WS2")

    assert first["id"] == second["id"]
    assert wiki.body(first["id"]) == "<p>red</p>"
    assert wiki.page(first["id"]).version == 2


@BOTH
def test_pages_are_found_by_title(client: Any, home: str) -> None:
    assert client.page_exists("WS2", "Home")
    assert not client.page_exists("WS2", "Nowhere")
    assert client.get_page_id("WS2", "Home") == home
    found = client.get_page_by_title("WS2", "Home")
    assert [page["id"] for page in found["results"]] == [home]


@BOTH
def test_an_address_that_people_pass_on_leads_to_a_page_id(wiki: Wiki, client: Any, home: str) -> None:
    page = wiki.add_page("Plan A & B")

    for path in (
        "/display/WS2/Plan+A+%26+B",
        f"/pages/viewpage.action?pageId={page}",
        f"/spaces/WS2/pages/{page}/Plan",
    ):
        assert client.get_page_id_by_url(f"{wiki.url}{path}") == page
    tiny = client.get_page_by_id(home)["_links"]["tinyui"]
    assert client.get_page_id_by_url(f"{wiki.url}{tiny}") == home


@BOTH
def test_a_title_is_taken_once_in_a_space(client: Any, home: str) -> None:
    with pytest.raises(Exception, match=r"(?i)title already exists"):
        client.create_page("WS2", "Home", "<p>again</p>", parent_id=home)


@BOTH
def test_a_body_that_is_no_xml_is_refused(wiki: Wiki, client: Any, home: str) -> None:
    with pytest.raises(ApiError, match="rejected"):
        client.update_page(home, "Home", "<p>open")

    assert wiki.body(home) == "<p>Welcome</p>"


@BOTH
def test_the_tree_is_walked_over_many_pages(wiki: Wiki, client: Any, home: str) -> None:
    children = [wiki.add_page(f"Page {number:02}") for number in range(31)]
    leaf = wiki.add_page("Leaf", parent=children[0])

    assert [page["id"] for page in client.get_page_child_by_type(home)] == children
    assert client.get_child_id_list(children[0]) == [leaf]
    assert [one["id"] for one in client.get_page_ancestors(leaf)] == [home, children[0]]
    assert client.get_parent_content_id(leaf) == children[0]
    everything = list(client.get_all_pages_from_space_as_generator("WS2", limit=10))
    assert sorted(page["id"] for page in everything) == sorted([home, *children, leaf])
    assert client.get_home_page_of_space("WS2")["id"] == home


@DATA_CENTER
@pytest.mark.usefixtures("home")
def test_a_page_moves_with_its_children(wiki: Wiki, client: Any) -> None:
    old, new = wiki.add_page("Old place"), wiki.add_page("New place")
    moved = wiki.add_page("Moved", parent=old)
    child = wiki.add_page("Child", parent=moved)

    client.move_page("WS2", moved, target_id=new, position="append")

    assert wiki.page(moved).parent_id == int(new)
    assert wiki.page(child).parent_id == int(moved)
    assert wiki.page(moved).version == 1


@BOTH
def test_labels(wiki: Wiki, client: Any, home: str) -> None:
    for label in ("alpha", "beta", "gamma"):
        client.set_page_label(home, label)
    client.remove_page_label(home, "beta")

    assert sorted(label.name for label in wiki.store.labels.of(int(home))) == ["alpha", "gamma"]
    assert sorted(one["name"] for one in client.get_page_labels(home)["results"]) == ["alpha", "gamma"]


@BOTH
def test_attachments_go_up_and_come_down(wiki: Wiki, client: Any, home: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_bytes(b"one\r\ntwo")
    client.attach_file(str(notes), page_id=home, content_type="text/plain", comment="minutes")
    client.attach_content(b"\x00\x01", "raw & b\u00e4r.bin", "application/octet-stream", page_id=home)

    held = {file.title: file for file in wiki.store.attachments.of(int(home))}
    assert set(held) == {"notes.txt", "raw & b\u00e4r.bin"}
    stored = wiki.store.attachments.file(held["notes.txt"].id)
    assert (stored.media_type, stored.comment, stored.size) == ("text/plain", "minutes", 8)
    if wiki.flavour == "cloud":  # as on the real platform: atlassian-python-api#1640
        with pytest.raises(HTTPError, match="Unauthorized"):
            client.download_attachments_from_page(home, to_memory=True)
        path = f"rest/api/content/{home}/child/attachment/att{held['notes.txt'].id}/download"
        assert client.get(path, not_json_response=True) == b"one\r\ntwo"
        return
    down = client.download_attachments_from_page(home, to_memory=True)
    assert {name: file.getvalue() for name, file in down.items()} == {
        "notes.txt": b"one\r\ntwo",
        "raw & b\u00e4r.bin": b"\x00\x01",
    }


@BOTH
def test_a_new_version_of_an_attachment_keeps_the_old_one(wiki: Wiki, client: Any, home: str) -> None:
    client.attach_content(b"old", "a.txt", "text/plain", page_id=home)
    held = client.get_attachments_from_content(home)["results"][0]
    path = f"rest/api/content/{home}/child/attachment/{held['id']}/data"
    client.post(path, files={"file": ("a.txt", b"new", "text/plain")}, headers={"X-Atlassian-Token": "no-check"})

    file = wiki.store.attachments.of(int(home))[0]
    assert wiki.store.attachments.data(file.id) == b"new"
    assert wiki.store.attachments.data(file.id, 1) == b"old"


@BOTH
def test_content_properties(wiki: Wiki, client: Any, home: str) -> None:
    client.set_page_property(home, {"key": "review", "value": {"by": "li", "ok": True}})
    client.update_page_property(home, {"key": "review", "value": {"by": "ana"}, "version": {"number": 2}})
    client.set_page_property(home, {"key": "gone", "value": {"x": 1}})
    client.delete_page_property(home, "gone")

    kept = wiki.store.properties.get(int(home), "review")
    assert (json.loads(kept.value), kept.version) == ({"by": "ana"}, 2)
    assert client.get_page_property(home, "review")["value"] == {"by": "ana"}
    assert [one["key"] for one in client.get_page_properties(home)] == ["review"]


@BOTH
def test_history_and_versions(wiki: Wiki, client: Any, home: str, flavour: Flavour) -> None:
    wiki.edit(home, "<p>by li</p>", "li", message="tidied")
    wiki.edit(home, "<p>by omar</p>", "omar")

    history = client.history(home)
    assert history["lastUpdated"]["number"] == 3
    assert history["createdBy"]["displayName"] == "Ana Souza"
    assert history["previousVersion"]["message"] == "tidied"
    if flavour == "cloud":
        versions = client.get_all_page_versions(home)
    else:  # the library asks for versions where Data Center's own document has none
        versions = client.get(f"rest/experimental/content/{home}/version")["results"]
    assert [(one["number"], one["by"]["displayName"]) for one in versions] == [
        (3, "Omar Haddad"),
        (2, "Li Wei"),
        (1, "Ana Souza"),
    ]


@BOTH
def test_a_comment_and_its_reply(wiki: Wiki, client: Any, home: str) -> None:
    asked = client.add_comment(home, "<p>Is this so?</p>")
    client.reply_to_inline_comment(home, asked["id"], "<p>It is.</p>")

    comments = wiki.store.comments.all_of(int(home))
    assert [wiki.body(one.id) for one in comments] == ["<p>Is this so?</p>", "<p>It is.</p>"]
    assert comments[1].parent_id == comments[0].id
    read = client.get_page_comments(home, expand="body.storage", depth="all")
    assert [one["body"]["storage"]["value"] for one in read["results"]] == ["<p>Is this so?</p>", "<p>It is.</p>"]


@BOTH
def test_search_by_cql(wiki: Wiki, client: Any, home: str) -> None:
    wanted = [wiki.add_page(f"Report {number}", labels=("report",)) for number in range(3)]
    wiki.add_page("Other", labels=("other",))

    found = client.cql('space = WS2 and label = "report" order by title', limit=2)
    everything = list(client.iter_cql('space = WS2 and label = "report" order by title', limit=2))

    assert [one["content"]["id"] for one in found["results"]] == wanted[:2]
    assert [one["content"]["id"] for one in everything] == wanted
    below = client.cql(f"ancestor = {home} and type = page and title ~ 'Other'")
    assert [one["content"]["title"] for one in below["results"]] == ["Other"]


@BOTH
def test_spaces(wiki: Wiki, client: Any, home: str) -> None:
    wiki.add_space("HR", "People")

    assert [space["key"] for space in client.get_all_spaces()["results"]] == ["WS2", "HR"]
    assert client.get_space("WS2", expand="homepage")["homepage"]["id"] == home
    client.create_space("NEW", "A new one")
    assert wiki.store.spaces.get_by_key("NEW").name == "A new one"


@DATA_CENTER
def test_restrictions(wiki: Wiki, client: Any, home: str) -> None:
    client.set_restrictions_for_content(
        home, [{"operation": "update", "restrictions": {"user": [{"type": "known", "username": "bot"}], "group": []}}]
    )

    answer = client.get_all_restrictions_for_content(home)
    assert [one["username"] for one in answer["update"]["restrictions"]["user"]["results"]] == ["bot"]
    ana, bot = wiki.store.people.get("ana"), wiki.store.people.get("bot")
    assert not wiki.store.restrictions.may_update(ana, int(home))
    assert wiki.store.restrictions.may_update(bot, int(home))


@BOTH
@pytest.mark.usefixtures("home")
def test_a_page_goes_to_the_trash_and_then_for_good(wiki: Wiki, client: Any) -> None:
    parent = wiki.add_page("Parent")
    child = wiki.add_page("Child", parent=parent)

    assert client.remove_page(parent, recursive=True) == 204

    assert [wiki.page(one).status for one in (parent, child)] == ["trashed", "trashed"]
    client.remove_page_from_trash(child)
    assert wiki.store.contents.find(int(child)) is None
    with pytest.raises(ApiError):
        client.get_page_by_id(child)


@DATA_CENTER  # Cloud converts later only
@pytest.mark.usefixtures("home")
def test_storage_is_converted_to_a_view(client: Any) -> None:
    view = client.convert_storage_to_view("<p>A <strong>bold</strong> word</p>")

    assert view["value"] == "<p>A <strong>bold</strong> word</p>"


@DATA_CENTER  # Cloud converts later only
def test_a_page_is_written_in_wiki_markup(wiki: Wiki, client: Any, home: str) -> None:
    page = client.create_page("WS2", "Old style", "h1. Title\n\n*bold*", parent_id=home, representation="wiki")

    assert wiki.body(page["id"]) == "<h1>Title</h1><p><strong>bold</strong></p>"
    assert client.convert_wiki_to_storage("* one\n* two")["value"] == "<ul><li>one</li><li>two</li></ul>"


@BOTH
def test_who_is_asking(client: Any) -> None:
    assert client.get_current_user()["displayName"] == "Wiki Bot"
