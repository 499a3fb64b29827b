import inspect
import subprocess
import sys

import pytest
import requests

from bot.errors import (
    AuthenticationError,
    MalformedBodyError,
    PageConflictError,
    PageNotFoundError,
    PermissionDeniedError,
    WikiError,
    WritesForbiddenError,
)
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.credentials import Credentials
from bot.wiki.dialect import Flavour
from bot.wiki.gateway import Attachment, PageSelection, PageStatus, WikiGateway
from bot.wiki.page_tree import build_tree
from tests.wiki.conftest import Connect, count_requests
from tests.wiki.memory_sink import MemorySink
from wikiserver.testing import Wiki


def test_gateway_is_the_port(gateway: ConfluenceGateway) -> None:
    port: WikiGateway = gateway

    assert port.base_url.startswith("http://127.0.0.1:")


def test_every_method_is_documented(gateway: ConfluenceGateway) -> None:
    methods = [name for name in vars(ConfluenceGateway) if not name.startswith("_")]

    assert len(methods) > 20
    assert [name for name in methods if not inspect.getdoc(getattr(type(gateway), name))] == []


def test_network_libraries_are_loaded_only_when_they_are_used() -> None:
    script = """
import sys
import bot.cli.main, bot.wiki.gateway, bot.wiki.page_tree
assert not {"requests", "atlassian"} & set(sys.modules)
from bot.wiki.confluence import ConfluenceGateway
from bot.wiki.dialect import Flavour
from bot.wiki.credentials import Credentials
ConfluenceGateway("http://127.0.0.1:1", flavour=Flavour.CLOUD, credentials=Credentials("token"))
assert "atlassian" not in sys.modules
"""

    subprocess.run([sys.executable, "-c", script], check=True)


def test_current_user_is_the_account(gateway: ConfluenceGateway) -> None:
    user = gateway.fetch_current_user()

    assert user.display_name == "Wiki Bot"


def test_bearer_token_signs_in(connect: Connect) -> None:
    assert connect(credentials=Credentials("ana-token")).fetch_current_user().display_name == "Ana Souza"


def test_wrong_token_is_said_to_be_wrong(connect: Connect) -> None:
    with pytest.raises(AuthenticationError, match="check user and token"):
        connect(credentials=Credentials("not-the-token", user="bot")).fetch_space("WS2")


def test_space_is_found_by_key_as_it_is_now(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    before = gateway.fetch_space("WS2")
    home_id = wiki.add_page("Home")

    space = gateway.fetch_space("WS2")

    assert (space.key, space.name) == ("WS2", "Workstream 2")
    assert (before.homepage_id, space.homepage_id) == (None, home_id)


def test_absent_space_is_named(gateway: ConfluenceGateway) -> None:
    with pytest.raises(PageNotFoundError, match="'NOPE'"):
        gateway.fetch_space("NOPE")


def test_page_is_read_as_it_is(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    parent_id = wiki.add_page("Parent", "<p>text</p>")
    page_id = wiki.add_page("Child ü & <co>", "<p>héllo &amp; goodbye</p>", parent=parent_id)

    page = gateway.fetch_page(page_id)

    assert (page.id, page.title, page.version) == (page_id, "Child ü & <co>", 1)
    assert page.body == wiki.body(page_id)
    assert (page.ref.space_key, page.ref.parent_id, page.ref.status) == ("WS2", parent_id, PageStatus.CURRENT)


def test_absent_page_is_named(gateway: ConfluenceGateway) -> None:
    with pytest.raises(PageNotFoundError, match="'999999'"):
        gateway.fetch_page("999999")


def test_earlier_version_is_read_by_its_number(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>one</p>")
    wiki.edit(page_id, "<p>two</p>")
    wiki.edit(page_id, "<p>three</p>")

    bodies = [gateway.fetch_page(page_id, version=number).body for number in (1, 2, 3)]

    assert [text for body in bodies for text in ("one", "two", "three") if text in body] == ["one", "two", "three"]
    with pytest.raises(PageNotFoundError):
        gateway.fetch_page(page_id, version=9)


def test_every_page_is_listed_in_as_many_requests_as_the_cap_makes(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    root_id = wiki.add_page("Root", "<p>text</p>")
    for number in range(24):
        wiki.add_page(f"Page {number:02}", parent=root_id)
    gateway.fetch_space("WS2")
    wiki.site.max_page_size = 10

    requests = count_requests(wiki, lambda: list(gateway.iter_refs("WS2")))
    tree = build_tree(gateway.iter_refs("WS2"))

    assert requests == 3 + 1  # three of the listing, one of the space
    assert len(tree) == 25
    assert tree.nodes[0].ref.id == root_id
    assert [node.ref.title for node in tree.iter_under(root_id)] == [f"Page {number:02}" for number in range(24)]


def test_bodies_come_in_bulk(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    ids = {wiki.add_page(f"Page {number}", f"<p>body {number}</p>"): number for number in range(12)}
    gateway.fetch_space("WS2")

    requests = count_requests(wiki, lambda: list(gateway.iter_pages("WS2")))

    assert requests == 1 + 1  # one of the listing, one of the space
    assert {page.id: page.body for page in gateway.iter_pages("WS2")} == {
        page_id: wiki.body(page_id) for page_id in ids
    }


def test_archived_pages_are_listed_where_the_flavour_has_them(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    wiki.add_page("Current", "<p>text</p>")
    archived_id = wiki.add_page("Old", "<p>text</p>", status="archived")
    both = PageSelection((PageStatus.CURRENT, PageStatus.ARCHIVED))

    titles = [ref.title for ref in gateway.iter_refs("WS2", both)]
    default = [ref.title for ref in gateway.iter_refs("WS2")]

    assert titles == (["Current", "Old"] if wiki.flavour == "cloud" else ["Current"])
    assert default == ["Current"]
    if wiki.flavour == "cloud":
        assert gateway.fetch_page(archived_id).ref.status is PageStatus.ARCHIVED


def test_pages_are_selected_by_label(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    wiki.add_page("Plain", "<p>text</p>")
    for title in ("One", "Two"):
        wiki.store.labels.add(int(wiki.add_page(title)), "report")
    archived_id = wiki.add_page("Old", "<p>text</p>", status="archived")
    wiki.store.labels.add(int(archived_id), "report")
    selection = PageSelection((PageStatus.CURRENT, PageStatus.ARCHIVED), labels=("report", "other"))

    titles = sorted(page.title for page in gateway.iter_pages("WS2", selection))

    assert titles == (["Old", "One", "Two"] if wiki.flavour == "cloud" else ["One", "Two"])
    assert sorted(ref.title for ref in gateway.iter_refs("WS2", selection)) == titles


def test_many_pages_are_read_by_id_in_bulk_and_absent_ones_left_out(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    ids = [wiki.add_page(f"Page {number}") for number in range(60)]
    gateway.fetch_page(ids[0])
    asked = [*reversed(ids), "999999", ids[0]]
    wiki.server.received.clear()

    pages = gateway.fetch_pages(asked)

    assert list(pages) == list(reversed(ids))
    assert all(page.body == wiki.body(page.id) for page in pages.values())
    assert len(wiki.requests) <= (1 if wiki.flavour == "cloud" else 3)


def test_page_is_found_by_its_exact_title(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Final Report & more", "<p>text</p>")
    wiki.add_page("Other", "<p>text</p>")
    archived_id = wiki.add_page("Old", "<p>text</p>", status="archived")

    found = gateway.find_page("WS2", "Final Report & more")
    old = gateway.find_page("WS2", "Old")

    assert found is not None
    assert found.id == page_id
    assert gateway.find_page("WS2", "final report & more") is None
    assert (old.id if old else None) == (archived_id if wiki.flavour == "cloud" else None)


def test_versions_are_listed_newest_first_with_names(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")
    wiki.edit(page_id, "<p>2</p>", by="li", message="second")
    wiki.edit(page_id, "<p>3</p>", by="bot", message="third")

    versions = list(gateway.fetch_versions(page_id))

    assert [version.number for version in versions] == [3, 2, 1]
    assert [version.author.display_name for version in versions] == ["Wiki Bot", "Li Wei", "Ana Souza"]
    assert [version.message for version in versions] == ["third", "second", ""]


def test_versions_are_fetched_lazily(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")
    for number in range(9):
        wiki.edit(page_id, f"<p>{number}</p>")
    wiki.site.max_page_size = 2

    first = count_requests(wiki, lambda: next(gateway.fetch_versions(page_id)))
    every = count_requests(wiki, lambda: list(gateway.fetch_versions(page_id)))

    assert first <= 2  # the listing, and perhaps the name of one author
    assert every >= 5


def test_versions_are_found_one_by_one_where_the_wiki_lists_none(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>1</p>")
    for number in (2, 3):
        wiki.edit(page_id, f"<p>{number}</p>", "li", message=f"version {number}")
    gateway.fetch_space("WS2")
    expected = list(gateway.fetch_versions(page_id))
    wiki.faults.add("404@list*always")

    found = list(gateway.fetch_versions(page_id))

    assert found == expected
    assert [version.message for version in found] == ["version 3", "version 2", ""]


def test_versions_of_an_absent_page_are_an_error(gateway: ConfluenceGateway) -> None:
    with pytest.raises(PageNotFoundError):
        list(gateway.fetch_versions("999999"))


def test_labels_are_added_and_read(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")

    gateway.add_labels(page_id, ["archived", "report"])
    gateway.add_labels(page_id, ["report"])

    assert gateway.fetch_labels(page_id) == {"archived", "report"}
    assert gateway.find_labelled("WS2", "report") == [page_id]
    assert gateway.find_labelled("WS2", 'no" or type = page or label = "x') == []


def test_attachments_are_listed_and_downloaded_whole(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")
    data = bytes(range(256)) * 300
    wiki.store.attachments.add(
        int(page_id),
        "übersicht 1.bin",
        data,
        author=wiki.account("ana"),
        media_type="application/x-thing",
        comment="why",
    )
    wiki.store.attachments.add(int(page_id), "a.txt", b"", author=wiki.account("ana"), media_type="text/plain")

    empty, file = gateway.fetch_attachments(page_id)

    assert (file.name, file.media_type, file.size_bytes, file.comment) == (
        "übersicht 1.bin",
        "application/x-thing",
        len(data),
        "why",
    )
    assert downloaded(gateway, file) == data
    assert downloaded(gateway, empty) == b""


def downloaded(gateway: ConfluenceGateway, attachment: Attachment) -> bytes:
    sink = MemorySink()
    gateway.download(attachment, sink)
    return sink.content


def test_the_listed_version_of_an_attachment_is_downloaded(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>x</p>")
    file = wiki.store.attachments.add(int(page_id), "a.txt", b"one", author=wiki.account("ana"))
    (listed,) = gateway.fetch_attachments(page_id)
    wiki.store.attachments.replace(file.id, b"and two", author=wiki.account("ana"))

    assert downloaded(gateway, listed) == b"one"


def test_attachments_of_cloud_come_by_rest_from_the_media_host(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    if wiki.flavour != "cloud":
        pytest.skip("Data Center serves files itself")
    page_id = wiki.add_page("Page", "<p>x</p>")
    file = wiki.store.attachments.add(int(page_id), "a.txt", b"text", author=wiki.account("ana"))

    assert downloaded(gateway, gateway.fetch_attachments(page_id)[0]) == b"text"

    assert wiki.requests[-1] == ("GET", f"/wiki/rest/api/content/{page_id}/child/attachment/att{file.id}/download")
    with wiki.session() as session:
        address = f"{wiki.url}/download/attachments/{page_id}/a.txt"
        assert session.get(address).status_code == 401
        media = session.get(f"{wiki.server.url}{wiki.requests[-2][1]}", allow_redirects=False).headers["Location"]
        assert session.get(media).status_code == 400  # with credentials
    assert requests.get(media.partition("?")[0], timeout=10).status_code == 403
    assert requests.get(media, timeout=10).content == b"text"


def test_comments_come_with_replies_places_and_names(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>some words here</p>")
    comments = wiki.store.comments
    root = comments.add(int(page_id), "<p>root</p>", author=wiki.account("ana"))
    reply = comments.add(int(page_id), "<p>reply</p>", author=wiki.account("li"), parent_id=root.id)
    inline = comments.add_inline(int(page_id), "<p>inline</p>", author=wiki.account("omar"), selection="words")
    answer = comments.add(int(page_id), "<p>answer</p>", author=wiki.account("ana"), parent_id=inline.id)
    comments.resolve(inline.id, is_resolved=True, by=wiki.account("ana"))

    found = {comment.id: comment for comment in gateway.fetch_comments(page_id)}

    assert set(found) == {str(one.id) for one in (root, reply, inline, answer)}
    assert found[str(reply.id)].parent_id == str(root.id)
    assert found[str(answer.id)].parent_id == str(inline.id)
    assert found[str(inline.id)].inline_text == "words"
    assert str(found[str(inline.id)].inline_ref) in wiki.body(page_id)
    assert found[str(inline.id)].is_resolved
    assert "root" in found[str(root.id)].body
    assert found[str(reply.id)].version.author.display_name == "Li Wei"


def test_restrictions_are_read(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")
    open_id = wiki.add_page("Open", "<p>text</p>")
    wiki.store.restrictions.add(int(page_id), "update", "user", wiki.account("bot"))

    restrictions = gateway.fetch_restrictions(page_id)

    assert restrictions.readers == ()
    assert len(restrictions.editors) == 1
    assert gateway.fetch_restrictions(open_id).editors == ()


def test_draft_is_read_with_its_author_and_time(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")
    before = gateway.fetch_draft(page_id)

    wiki.store.pages.save_draft(int(page_id), title=None, body="<p>half a thought</p>", author=wiki.account("ana"))

    draft = gateway.fetch_draft(page_id)
    assert before is None
    assert draft is not None
    assert draft.body == "<p>half a thought</p>"
    assert draft.ref.version.author.display_name == wiki.store.people.get("ana").display_name
    assert abs((draft.ref.version.when - wiki.store.clock()).total_seconds()) < 60


def test_write_makes_the_next_version_and_keeps_title_and_place(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    parent_id = wiki.add_page("Parent", "<p>text</p>")
    page_id = wiki.add_page("Page", "<p>text</p>", parent=parent_id)
    page = gateway.fetch_page(page_id)

    version = gateway.update_page(page, "<p>by the bot</p>", message="wikibot status")

    after = gateway.fetch_page(page_id)
    assert version.number == after.version == 2
    assert "by the bot" in wiki.body(page_id)
    assert (after.title, after.ref.parent_id) == ("Page", parent_id)
    assert after.ref.version.message == "wikibot status"
    assert after.ref.version.is_minor is (wiki.flavour == "datacenter")


def test_write_keeps_an_edit_made_since_we_read(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")
    page = gateway.fetch_page(page_id)
    wiki.edit(page_id, "<p>by a person</p>")

    with pytest.raises(PageConflictError) as caught:
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot status")

    assert "by a person" in wiki.body(page_id)
    assert wiki.page(page_id).version == 2
    assert (caught.value.page_id, caught.value.base_version) == (page_id, 1)


def test_renamed_page_is_not_renamed_back(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Before", "<p>text</p>")
    page = gateway.fetch_page(page_id)
    wiki.store.pages.update(int(page_id), title="After", author=wiki.account("ana"))

    with pytest.raises(PageConflictError):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot status")

    assert gateway.fetch_page(page_id).title == "After"


@pytest.mark.parametrize("body", ["", "  ", "<p>open", "<p>&</p>", "</p>"])
def test_body_that_is_not_whole_is_never_sent(wiki: Wiki, gateway: ConfluenceGateway, body: str) -> None:
    page = gateway.fetch_page(wiki.add_page("Page", "<p>text</p>"))
    wiki.server.received.clear()

    with pytest.raises(MalformedBodyError):
        gateway.update_page(page, body, message="wikibot status")

    assert all(method == "GET" for method, _ in wiki.requests)


def test_page_that_reads_as_empty_is_no_base_for_a_write(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Empty")
    page = gateway.fetch_page(page_id)

    with pytest.raises(MalformedBodyError, match="Empty"):
        gateway.update_page(page, "<p>by the bot</p>", message="wikibot status")

    assert wiki.body(page_id) == ""


def test_dry_run_writes_nothing(wiki: Wiki, connect: Connect) -> None:
    page_id = wiki.add_page("Page", "<p>text</p>")
    gateway = connect(is_dry_run=True)
    page = gateway.fetch_page(page_id)

    with pytest.raises(WritesForbiddenError):
        gateway.update_page(page, "<p>x</p>", message="m")
    with pytest.raises(WritesForbiddenError):
        gateway.add_labels(page_id, ["x"])
    with pytest.raises(WritesForbiddenError):
        gateway.create_page("WS2", title="x", body="<p>x</p>", parent_id=None, message="m")

    assert all(method == "GET" for method, _ in wiki.requests)
    assert wiki.page(page_id).version == 1


def test_archived_page_refuses_the_write(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    if wiki.flavour == "datacenter":
        pytest.skip("Data Center does not archive pages")
    page = gateway.fetch_page(wiki.add_page("Old", "<p>text</p>", status="archived"))

    with pytest.raises(WikiError):
        gateway.update_page(page, "<p>x</p>", message="m")

    assert wiki.page(page.id).version == 1


def test_page_that_the_bot_may_not_edit_says_so(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page = gateway.fetch_page(wiki.add_page("Page", "<p>text</p>"))
    wiki.store.restrictions.add(int(page.id), "update", "user", wiki.account("ana"))

    with pytest.raises((PermissionDeniedError, PageNotFoundError)):
        gateway.update_page(page, "<p>x</p>", message="m")

    assert wiki.page(page.id).version == 1


def test_page_that_the_bot_may_not_see_is_not_found(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    page_id = wiki.add_page("Secret", "<p>text</p>")
    wiki.store.restrictions.add(int(page_id), "read", "user", wiki.account("ana"))

    with pytest.raises((PageNotFoundError, PermissionDeniedError)):
        gateway.fetch_page(page_id)


def test_created_page_is_under_its_parent(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    parent_id = wiki.add_page("Parent", "<p>text</p>")

    ref = gateway.create_page("WS2", title="New & fresh", body="<p>hello</p>", parent_id=parent_id, message="wikibot")

    assert (ref.title, ref.parent_id, ref.version.number) == ("New & fresh", parent_id, 1)
    assert "hello" in wiki.body(ref.id)


def test_title_that_is_taken_is_refused_with_the_words_of_the_wiki(wiki: Wiki, gateway: ConfluenceGateway) -> None:
    wiki.add_page("Taken", "<p>text</p>")

    with pytest.raises(WikiError, match=r"(?i)title"):
        gateway.create_page("WS2", title="Taken", body="<p>x</p>", parent_id=None, message="wikibot")


@pytest.mark.parametrize("flavour", ["cloud"])
def test_context_path_is_kept_through_listings(wiki: Wiki, connect: Connect) -> None:
    gateway = connect(url=wiki.server.url + "/wiki/")
    ids = {wiki.add_page(f"Page {number}", f"<p>{number}</p>") for number in range(7)}
    wiki.faults.add("cap=2")

    assert {page.id for page in gateway.iter_pages("WS2")} == ids
    assert all(path.startswith("/wiki/") for _, path in wiki.requests)
    assert all(ref.url.startswith(wiki.server.url + "/wiki/") for ref in gateway.iter_refs("WS2"))


@pytest.mark.parametrize("flavour", ["cloud"])
def test_wiki_that_does_not_know_reading_in_bulk_is_read_page_by_page(wiki: Wiki, connect: Connect) -> None:
    gateway = connect(flavour=Flavour.DATA_CENTER)  # the v1 of Cloud takes no `ids`, like an old Data Center
    ids = [wiki.add_page(f"Page {number}", f"<p>{number}</p>") for number in range(5)]

    pages = gateway.fetch_pages([*ids[1:4], "999999"])
    requests = count_requests(wiki, lambda: gateway.fetch_pages(ids[1:4]))

    assert {page.id: page.title for page in pages.values()} == {ids[1]: "Page 1", ids[2]: "Page 2", ids[3]: "Page 3"}
    assert requests == 3  # it is not tried a second time


def test_person_who_is_gone_is_named_by_id(gateway: ConfluenceGateway) -> None:
    assert gateway.fetch_user("nobody-any-more").display_name == "nobody-any-more"


def test_wrong_address_is_explained(wiki: Wiki, connect: Connect) -> None:
    gateway = connect(url=wiki.server.url + "/nothing-here")

    with pytest.raises(WikiError, match=r"wiki\.url|space"):
        gateway.fetch_space("WS2")
