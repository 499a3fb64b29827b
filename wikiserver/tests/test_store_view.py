"""What a page shows of the wiki around it: the right pages, files and people, and only to those who may see them."""

import pytest
from bs4 import BeautifulSoup

from wikiserver.testing import Wiki


def macro(name: str, **parameters: str) -> str:
    written = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{name}">{written}</ac:structured-macro>'


def view(wiki: Wiki, page_id: str, *, by: str = "ana", representation: str = "view") -> BeautifulSoup:
    """The page as REST gives it to *by*."""
    with wiki.session(by) as session:
        answer = session.get(f"{wiki.url}/rest/api/content/{page_id}", params={"expand": f"body.{representation}"})
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.json()["body"][representation]["value"], "html.parser")


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<p>h</p>")


def test_links_lead_to_pages_files_people_and_spaces(wiki: Wiki, home: str) -> None:
    plan = wiki.add_page("Plan & more")
    other = wiki.add_page("Elsewhere", space="OTHER")
    wiki.store.attachments.add(int(home), "a b.txt", b"x", author=wiki.account("ana"))
    wiki.edit(
        home,
        '<ac:link><ri:page ri:content-title="plan &amp; MORE" /></ac:link>'
        '<ac:link><ri:page ri:space-key="OTHER" ri:content-title="Elsewhere" /></ac:link>'
        '<ac:link><ri:attachment ri:filename="a b.txt" /></ac:link>'
        f'<ac:link><ri:user ri:account-id="{wiki.account("li")}" /></ac:link>'
        '<ac:link><ri:user ri:username="omar" /></ac:link>'
        '<ac:link><ri:space ri:space-key="OTHER" /></ac:link>',
    )

    links = view(wiki, home).select("a")

    assert [a.text for a in links] == ["Plan & more", "Elsewhere", "a b.txt", "Li Wei", "Omar Haddad", "OTHER"]
    assert [a.get("data-linked-resource-id") for a in links[:2]] == [plan, other]
    assert str(links[0]["href"]).startswith(f"/wiki/spaces/WS2/pages/{plan}/")
    assert str(links[2]["href"]).startswith(f"/wiki/download/attachments/{home}/a%20b.txt?")


@pytest.mark.parametrize("flavour", ["cloud", "datacenter"])
def test_addresses_bear_the_context_path_that_was_asked_under(wiki: Wiki, home: str) -> None:
    page = wiki.add_page("Plan")
    wiki.edit(home, '<ac:link><ri:page ri:content-title="Plan" /></ac:link>')

    path = wiki.url.removeprefix(wiki.server.url)

    assert str(view(wiki, home).select("a")[0]["href"]).startswith(f"{path}/spaces/WS2/pages/{page}/")
    exported = view(wiki, home, representation="export_view")
    assert str(exported.select("a")[0]["href"]).startswith(f"{wiki.url}/spaces/WS2/pages/{page}/")


EVERY_WAY_TO_LEAK = (
    macro("children", all="true")
    + macro("pagetree", startDepth="3")
    + macro("contentbylabel", labels="secret")
    + macro("detailssummary", label="secret")
    + macro("recently-updated")
    + macro("include", **{"": "Secret plans"})
    + macro("excerpt-include", **{"": "Secret plans"})
    + macro("attachments", page="Secret plans")
    + '<ac:image><ri:attachment ri:filename="hush.png"><ri:page ri:content-title="Secret plans" /></ri:attachment>'
    + "</ac:image>"
    + '<ac:link><ri:page ri:content-title="Secret plans" /><ac:link-body>link</ac:link-body></ac:link>'
    + '<ac:link><ri:content-entity ri:content-id="{}" /></ac:link>'
)


@pytest.mark.parametrize("representation", ["view", "export_view"])
def test_no_macro_shows_what_the_reader_may_not_see(wiki: Wiki, home: str, representation: str) -> None:
    body = macro("excerpt").replace("</ac:str", "<ac:rich-text-body><p>hush words</p></ac:rich-text-body></ac:str")
    secret = wiki.add_page("Secret plans", body, labels=("secret",))
    wiki.store.attachments.add(int(secret), "hush.png", b"x", author=wiki.account("li"))
    wiki.edit(home, EVERY_WAY_TO_LEAK.format(secret))
    assert "hush words" in str(view(wiki, home, representation=representation))
    wiki.store.restrictions.add(int(secret), "read", "user", wiki.account("li"))

    shown = view(wiki, home, representation=representation)

    assert secret not in str(shown)
    assert "hush words" not in str(shown)
    assert "Secret plans" not in {a.text for a in shown.select("a")}
    assert "hush words" in str(view(wiki, home, by="li", representation=representation))


def test_children_keep_the_order_of_the_tree_and_leave_archived_pages_out(wiki: Wiki, home: str) -> None:
    for title in ("B", "A", "C"):
        wiki.add_page(title)
    wiki.add_page("Old", status="archived")
    wiki.edit(home, macro("children"))

    assert [a.text for a in view(wiki, home).select("a")] == ["B", "A", "C"]


def test_a_link_to_an_archived_page_goes_on_working(wiki: Wiki, home: str) -> None:
    old = wiki.add_page("Old", status="archived")
    wiki.edit(home, '<ac:link><ri:page ri:content-title="Old" /></ac:link>')

    assert view(wiki, home).select("a")[0]["data-linked-resource-id"] == old


def test_a_comment_is_shown_in_the_light_of_its_page(wiki: Wiki, home: str) -> None:
    plan = wiki.add_page("Plan")
    body = '<p><ac:link><ri:page ri:content-title="Plan" /></ac:link></p>'
    comment = wiki.store.comments.add(int(home), body, author=wiki.account("ana"))

    assert view(wiki, str(comment.id)).select("a")[0]["data-linked-resource-id"] == plan
