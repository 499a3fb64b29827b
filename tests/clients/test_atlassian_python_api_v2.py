"""atlassian-python-api's Cloud clients: REST v2, and the requests of the older Cloud class."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from atlassian import ConfluenceCloud, ConfluenceV2
from requests import HTTPError

from wikiserver.testing import Wiki


@pytest.fixture
def client(wiki: Wiki) -> Iterator[Any]:
    """The library is typed in part and wrongly, hence Any here and in the tests."""
    with pytest.warns(DeprecationWarning, match="V1 methods"):
        client = ConfluenceV2(url=wiki.url, username="bot", password="bot-secret", cloud=True)
    with client:
        yield client


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<p>Welcome</p>")


def test_a_page_is_created_read_and_updated(wiki: Wiki, client: Any, home: str) -> None:
    space = client.get_space_by_key("WS2")
    made = client.create_page(
        space["id"], "Plan", "<p>one &amp; two</p>", parent_id=home, body_format="storage", representation="storage"
    )
    changed = client.update_page(
        made["id"], "Plan B", "<p>three</p>", version=1, status="current", representation="storage"
    )

    page = wiki.page(made["id"])
    assert (page.title, page.version, page.parent_id, page.message) == (
        "Plan B",
        2,
        int(home),
        "Updated via Python API",
    )
    assert wiki.body(page.id) == "<p>three</p>"
    assert wiki.body(page.id, 1) == "<p>one &amp; two</p>"
    assert changed["version"]["number"] == 2
    read = client.get_page_by_id(made["id"], body_format="storage")
    assert (read["title"], read["parentId"], read["spaceId"]) == ("Plan B", home, space["id"])
    assert read["body"]["storage"] == {"representation": "storage", "value": "<p>three</p>"}
    assert client.get_page_id("WS2", "Plan B") == made["id"]


def test_a_stale_version_is_refused(wiki: Wiki, client: Any, home: str) -> None:
    wiki.edit(home, "<p>by a person</p>")

    with pytest.raises(HTTPError) as refused:
        client.update_page(home, "Home", "<p>by a client</p>", version=1, status="current", representation="storage")

    assert refused.value.response.status_code == 409
    assert wiki.body(home) == "<p>by a person</p>"


def test_the_tree_is_walked_over_many_pages(wiki: Wiki, client: Any, home: str) -> None:
    children = [wiki.add_page(f"Page {number:02}") for number in range(31)]
    leaf = wiki.add_page("Leaf", parent=children[0])

    assert [page["id"] for page in client.get_child_pages(home, limit=10)] == children
    space_id = client.get_space_by_key("WS2")["id"]
    everything = client.get_pages(space_id=space_id, limit=10, body_format="storage")
    assert sorted(page["id"] for page in everything) == sorted([home, *children, leaf])
    assert {page["body"]["storage"]["value"] for page in everything if page["id"] == home} == {"<p>Welcome</p>"}


def test_archived_pages_are_listed_by_status(wiki: Wiki, client: Any, home: str) -> None:
    old = wiki.add_page("Old", status="archived")

    assert [page["id"] for page in client.get_pages(status="archived", body_format="storage")] == [old]
    assert [page["id"] for page in client.get_pages(status="current", body_format="storage")] == [home]


def test_versions(wiki: Wiki, client: Any, home: str) -> None:
    for number in range(2, 6):
        wiki.edit(home, f"<p>{number}</p>", message=f"edit {number}")

    versions = client.get_all_page_versions(home, limit=2, body_format="storage")
    assert [one["number"] for one in versions] == [5, 4, 3, 2, 1]
    assert versions[0]["message"] == "edit 5"
    assert client.get_page_version(home, 3)["number"] == 3


def test_labels_and_footer_comments_are_read(wiki: Wiki, client: Any, home: str) -> None:
    wiki.store.labels.add(int(home), "alpha")
    client.post(
        "api/v2/footer-comments", data={"pageId": home, "body": {"representation": "storage", "value": "<p>x</p>"}}
    )

    assert [label["name"] for label in client.get_page_labels(home)] == ["alpha"]
    comments = client.get_page_footer_comments(home, body_format="storage")
    assert [one["body"]["storage"]["value"] for one in comments] == ["<p>x</p>"]


def test_what_the_wiki_has_no_address_for_is_not_found(wiki: Wiki, client: Any, home: str) -> None:
    """Confluence has no POST of a label in REST v2, though this client asks for it."""
    with pytest.raises(HTTPError) as refused:
        client.add_page_label(home, "alpha")

    assert refused.value.response.status_code in {404, 405}
    assert wiki.store.labels.of(int(home)) == []


def test_content_properties(wiki: Wiki, client: Any, home: str) -> None:
    made = client.create_page_property(home, "review", {"by": "li"})
    client.update_v2_content_property(
        "page", home, made["id"], {"key": "review", "value": {"by": "ana"}, "version": {"number": 2, "message": ""}}
    )

    assert client.get_v2_content_property("page", home, made["id"])["value"] == {"by": "ana"}
    assert wiki.store.properties.get(int(home), "review").version == 2
    client.delete_v2_content_property("page", home, made["id"])
    assert client.get_v2_content_properties("page", home) == []


def test_spaces(wiki: Wiki, client: Any, home: str) -> None:
    wiki.add_space("HR", "People")

    assert [space["key"] for space in client.get_spaces(limit=1)] == ["WS2", "HR"]
    space = client.get_space_by_key("WS2")
    assert (space["homepageId"], space["type"]) == (home, "global")
    assert client.get_space(space["id"])["key"] == "WS2"


def test_tasks_are_read_and_ticked(wiki: Wiki, client: Any, home: str) -> None:
    wiki.edit(
        home,
        "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status>"
        "<ac:task-body>ring Li</ac:task-body></ac:task></ac:task-list>",
    )

    (task,) = client.get_tasks(page_ids=[int(home)])
    client.update_task(task["id"], "complete")

    assert client.get_task(task["id"])["status"] == "complete"
    assert "<ac:task-status>complete</ac:task-status>" in wiki.body(home)


def test_a_page_goes_to_the_trash(wiki: Wiki, client: Any, home: str) -> None:
    page = wiki.add_page("Old")

    assert client.delete_page(page)

    assert wiki.page(page).status == "trashed"
    assert [one["id"] for one in client.get_pages(body_format="storage")] == [home]


@pytest.fixture
def older_client(wiki: Wiki) -> Callable[[str], Any]:
    def connect(path: str) -> Any:
        account = {"username": "bot", "password": "bot-secret"}
        return ConfluenceCloud(url=f"{wiki.url}{path}", **account)  # type: ignore[no-untyped-call] # the library's

    return connect


def test_the_older_cloud_class_pages_through_spaces(wiki: Wiki, older_client: Callable[[str], Any], home: str) -> None:
    for number in range(3):
        wiki.add_space(f"S{number}")
    with older_client("/api/v2") as client:
        spaces = list(client.get_all_spaces(limit=2))

    assert [space["key"] for space in spaces] == ["WS2", "S0", "S1", "S2"]
    assert spaces[0]["homepageId"] == home


def test_the_older_cloud_class_lists_groups_and_their_members(older_client: Callable[[str], Any]) -> None:
    with older_client("") as client:
        groups = {group["name"]: group["id"] for group in client.get_all_groups()}
        members = client.get_all_members(groups["confluence-administrators"])

    assert [member["displayName"] for member in members] == ["Admin"]
