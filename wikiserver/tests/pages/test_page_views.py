"""Pages under all their addresses, the tree, and nothing for people without permission."""

import re

import pytest

from wikiserver.testing import Wiki
from wikiserver_support.screenless import Browse, Browser

FLAVOURS = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])


@FLAVOURS
@pytest.mark.usefixtures("home")
def test_a_page_is_found_under_all_its_addresses(wiki: Wiki, browse: Browse) -> None:
    report = wiki.add_page("Q1 & Q2: +10%", "<p>Report words.</p>")
    browser = browse()
    with wiki.session("ana") as session:
        tiny = session.get(f"{wiki.url}/rest/api/content/{report}").json()["_links"]["tinyui"]

    for address in (
        f"/spaces/WS2/pages/{report}",
        f"/spaces/WS2/pages/{report}/whatever+it+was",
        "/display/WS2/Q1+%26+Q2%3A+%2B10%25",
        f"/pages/viewpage.action?pageId={report}",
        "/pages/viewpage.action?spaceKey=WS2&title=Q1+%26+Q2%3A+%2B10%25",
        tiny,
    ):
        browser.open(address)
        assert "Report words." in browser.content, address
    for address in ("/spaces/WS2", "/spaces/ws2/overview", "/display/WS2"):
        browser.open(address)
        assert browser.title == "Home", address


@pytest.mark.parametrize(
    "address", ["/spaces/NO", "/spaces/WS2/pages/999999999", "/x/!!", "/x/zzzz", "/display/WS2/Nope", "/nowhere"]
)
def test_what_is_not_there_is_said_kindly(ana: Browser, address: str) -> None:
    ana.open(address, status=404)

    assert ana.page.select_one("header.top")


def test_a_restricted_page_is_not_there_for_others(wiki: Wiki, browse: Browse, home: str) -> None:
    secret = wiki.add_page("Secret plans", "<p>hush</p>")
    below = wiki.add_page("Below it", "<p>hush too</p>", parent=secret)
    wiki.add_page(
        "Includer",
        '<ac:structured-macro ac:name="include"><ac:parameter ac:name="">Secret plans</ac:parameter>'
        "</ac:structured-macro>",
    )
    wiki.store.restrictions.add(int(secret), "read", "user", wiki.account("li"))
    ana, li = browse("ana"), browse("li")

    for page_id in (secret, below):
        for address in (
            f"/spaces/WS2/pages/{page_id}",
            f"/pages/{page_id}/history",
            f"/pages/{page_id}/edit",
            f"/pages/{page_id}/source",
            f"/pages/{page_id}/attachments",
            f"/pages/tree?parent={page_id}",
        ):
            ana.open(address, status=404)
    for address in (
        "/spaces/WS2",
        "/spaces/WS2/pages",
        "/search?text=hush",
        "/display/WS2/Includer",
        f"/people/{wiki.account('ana')}",
        f"/pages/tree?parent={home}",
    ):
        page = ana.open(address)
        assert "Secret plans" not in page.get_text().replace(
            "Unable to render {include}: Secret plans was not found", ""
        ), address
        assert "hush" not in " ".join(node.get_text() for node in page.select("#content, .hits")), address
    li.open(f"/spaces/WS2/pages/{below}")
    assert li.content == "hush too"


def test_a_page_that_only_some_may_change_has_no_edit_button_for_others(wiki: Wiki, browse: Browse, home: str) -> None:
    wiki.store.restrictions.add(int(home), "update", "user", wiki.account("li"))
    ana = browse()

    page = ana.open("/spaces/WS2")

    assert not [a for a in page.select(".page-actions a") if a.text == "Edit"]
    ana.open(f"/pages/{home}/edit", status=403)
    ana.post(f"/pages/{home}/edit", status=403, version=1, body="<p>x</p>", title="Home")
    assert wiki.page(home).version == 1


def test_the_tree_is_open_down_to_the_page_and_closed_elsewhere(wiki: Wiki, browse: Browse, home: str) -> None:
    one = wiki.add_page("One")
    two = wiki.add_page("Two")
    deep = wiki.add_page("Deep", parent=one)
    wiki.add_page("Hidden in Two", parent=two)
    browser = browse()

    page = browser.open(f"/spaces/WS2/pages/{deep}")

    side = page.select_one(".side")
    assert side is not None
    assert [a.text for a in side.select(".tree a") if a.find_parent("p") is None] == ["One", "Deep", "Two"]
    branch = side.select_one("details[data-level]")
    assert branch is not None
    level = browser.open(str(branch["data-level"]).removeprefix("/wiki"))
    assert [a.text for a in level.select("li > a")] == ["Hidden in Two"]
    assert [a.text for a in page.select(".crumbs a")] == ["WS2"] or home


def test_a_level_of_very_many_pages_ends_in_the_way_to_the_rest(wiki: Wiki, ana: Browser) -> None:
    pages = [wiki.add_page(f"P{number}") for number in range(203)]

    side = ana.open(f"/spaces/WS2/pages/{pages[-1]}").select(".side .tree a")

    assert [a.text for a in side][198:] == ["P198", "P199", "P202", "More: see all pages"]
    assert "P201" in ana.open(str(side[-1]["href"]).removeprefix("/wiki") + "?start=0").text


def test_archived_pages_are_listed_apart_and_can_be_read(wiki: Wiki, ana: Browser) -> None:
    wiki.add_page("Old report", "<p>As it was.</p>", status="archived")

    assert "Old report" not in ana.open("/spaces/WS2/pages").text
    assert "Old report" in ana.open("/spaces/WS2/pages?status=archived").text
    ana.open("/display/WS2/Old+report")
    assert "This page is archived" in ana.page.text
    assert "As it was." in ana.content


@pytest.mark.parametrize("seed", ["demo"])
def test_every_page_of_the_demo_opens_with_all_its_sides(wiki: Wiki, browse: Browse) -> None:
    browser = browse("admin")
    listed = [
        a["href"]
        for status in ("current", "archived")
        for a in browser.open(f"/spaces/WS2/pages?status={status}").select(".list a")
    ]

    for address in listed:
        browser.open(f"{wiki.server.url}{address}")
        assert "\x00" not in browser.answer.text
        page_id = re.search(r"/pages/(\d+)/", str(address)) or re.search(r"/pages/(\d+)/history", browser.answer.text)
        assert page_id is not None
        browser.open(f"/pages/{page_id[1]}/history")
    assert len(listed) >= 60
