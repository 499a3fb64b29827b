"""The wiki in a browser's hands: pages open, forms do what REST would do, nobody sees what is not for them."""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given, settings
from hypothesis import strategies as st
from requests import Response, Session

from bot.wikiserver.links import tiny_to_id
from bot.wikiserver.pages.compare import compare, readable_lines
from bot.wikiserver.pages.merge import merge
from bot.wikiserver.pages.sequences import differences
from tests.conftest import Wiki

FLAVOURS = pytest.mark.parametrize("flavour", ["cloud", "datacenter"])


class Browser:
    """A browser without a screen: follows links, fills forms in as they are on the page."""

    def __init__(self, wiki: Wiki, session: Session, name: str | None) -> None:
        self.wiki, self.session = wiki, session
        if name is not None:
            self.open("/login")
            self.submit("form.login", name=name, password=f"{name}-secret")

    def open(self, address: str, *, status: int = 200) -> BeautifulSoup:
        path = address if address.startswith("http") else self.wiki.url + address
        return self._read(self.session.get(path, headers={"Accept": "text/html"}), status)

    def submit(self, form_css: str, *, status: int = 200, button: str = "", **values: str) -> BeautifulSoup:
        """Send a form of the current page, with *values* in place of what stands in its fields."""
        form = self.page.select_one(form_css)
        assert form is not None, f"no {form_css} on {self.url}"
        action = str(form.get("action") or self.url)
        fields = _fields(form)
        if button:
            chosen = next(b for b in form.select("button") if b.get_text(strip=True) == button)
            action = str(chosen.get("formaction") or action)
            fields |= {str(chosen["name"]): str(chosen["value"])} if chosen.get("name") else {}
        unknown = set(values) - set(fields)
        assert not unknown, f"{form_css} has no field {unknown}"
        return self._read(self.session.post(urljoin(self.url, action), data=fields | values), status)

    def post(self, address: str, *, status: int = 200, **values: object) -> BeautifulSoup:
        meta = self.page.select_one("meta[name=csrf]")
        token = str(meta["content"]) if meta else ""
        return self._read(self.session.post(self.wiki.url + address, data={"csrf": token, **values}), status)

    def _read(self, answer: Response, status: int) -> BeautifulSoup:
        assert answer.status_code == status, f"{answer.status_code} {answer.url}\n{answer.text[:3000]}"
        self.answer, self.url = answer, answer.url
        self.page = BeautifulSoup(answer.text, "html.parser")
        return self.page

    @property
    def title(self) -> str:
        head = self.page.select_one("h1")
        return head.get_text(strip=True) if head else ""

    @property
    def content(self) -> str:
        found = self.page.select_one("#content")
        assert found is not None, self.url
        return found.get_text(" ", strip=True)


def _fields(form: Tag) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(field["name"]), field.get("type")
        if kind in {"radio", "checkbox"} and not field.has_attr("checked"):
            continue
        text = field.get_text().removeprefix("\n") if field.name == "textarea" else str(field.get("value") or "")
        fields[name] = text
    return fields


class Browse(Protocol):
    """Opens a browser for someone; None is a stranger."""

    def __call__(self, name: str | None = "ana") -> Browser: ...


@pytest.fixture
def browse(wiki: Wiki) -> Iterator[Browse]:
    with contextlib.ExitStack() as stack:
        yield lambda name="ana": Browser(wiki, stack.enter_context(Session()), name)


@pytest.fixture
def home(wiki: Wiki) -> str:
    return wiki.add_page("Home", "<h2>Aims</h2><p>Plain words.</p>")


@pytest.fixture
def ana(browse: Browse, home: str) -> Browser:
    assert home
    return browse()


# --- signing in --------------------------------------------------------------------------------------------------


def test_a_stranger_signs_in_and_comes_back_to_the_page(browse: Browse, home: str) -> None:
    browser = browse(None)

    browser.open(f"/spaces/WS2/pages/{home}")
    assert browser.title == "Sign in"
    browser.submit("form.login", status=401, name="ana", password="wrong")
    assert "do not fit" in browser.page.text
    browser.submit("form.login", name="ana", password="ana-secret")

    assert browser.title == "Home"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(wiki: Wiki, browse: Browse, target: str) -> None:
    browser = browse(None)
    browser.open("/login")

    browser.submit("form.login", name="ana", password="ana-secret", next=target)

    assert browser.url.startswith(wiki.server.url)


def test_signing_out_ends_it(ana: Browser) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".user-menu form")

    assert ana.open("/spaces/WS2").select_one("form.login")


def test_a_form_from_another_site_is_refused(wiki: Wiki, ana: Browser, home: str) -> None:
    answer = ana.session.post(
        f"{wiki.url}/pages/{home}/edit", data={"body": "<p>x</p>", "version": "1", "csrf": "guess"}
    )

    assert answer.status_code == 400
    assert wiki.page(home).version == 1


def test_pages_tell_the_browser_to_run_only_our_script(ana: Browser) -> None:
    ana.open("/spaces/WS2")

    assert "script-src 'self'" in ana.answer.headers["Content-Security-Policy"]


# --- reading -----------------------------------------------------------------------------------------------------


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


# --- writing -----------------------------------------------------------------------------------------------------


def test_source_is_saved_as_rest_would_save_it(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")

    ana.submit(
        "form.editor",
        body="<p>New <b>words</b></p>\r\n<ac:structured-macro ac:name='toc'/>",
        message="why",
        title="Home 2",
    )

    assert ana.title == "Home 2"
    version = wiki.versions(home)[-1]
    assert (version.number, version.message, version.author) == (2, "why", wiki.account("ana"))
    assert "<strong>words</strong></p>\n<ac:structured-macro" in wiki.body(home)
    assert "ac:macro-id" in wiki.body(home)


def test_a_typing_error_in_the_source_is_shown_with_its_place_and_nothing_is_lost(
    wiki: Wiki, ana: Browser, home: str
) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")

    ana.submit("form.editor", status=400, body="<p>one</p>\n<p>two</b>", message="why")

    assert "line 2, column 9" in ana.page.text
    source = ana.page.select_one("#source")
    assert source is not None
    assert source.text.strip() == "<p>one</p>\n<p>two</b>"
    assert _fields(ana.page.select("form.editor")[0])["message"] == "why"
    assert wiki.page(home).version == 1


def test_whoever_is_second_keeps_the_text_and_sees_the_first(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<p>one</p><p>two</p>", by="ana")
    ana.open(f"/pages/{home}/edit?mode=source")
    wiki.edit(home, "<p>one</p><p>two by Li</p>", by="li")

    ana.submit("form.editor", status=409, body="<p>two by Ana</p>")

    assert "Li Wei saved this page" in ana.title
    assert wiki.body(home) == "<p>one</p><p>two by Li</p>"
    source = ana.page.select_one("#source")
    assert source is not None
    assert source.text.strip() == "<p>two by Ana</p>"
    ana.submit("form.editor", body="<p>two by both</p>")
    assert wiki.body(home) == "<p>two by both</p>"
    assert [wiki.body(home, n) for n in (3, 4)] == ["<p>one</p><p>two by Li</p>", "<p>two by both</p>"]


def test_changes_in_different_places_are_put_together(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<p>one</p><p>two</p>", by="ana")
    ana.open(f"/pages/{home}/edit?mode=source")
    wiki.edit(home, "<p>one</p><p>two by Li</p>", by="li")

    ana.submit("form.editor", status=409, body="<p>one by Ana</p><p>two</p>")
    ana.submit("form.editor")

    assert wiki.body(home) == "<p>one by Ana</p><p>two by Li</p>"


def test_typing_into_the_page_changes_only_that_part(wiki: Wiki, ana: Browser, home: str) -> None:
    code = (
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<b>]]></ac:plain-text-body>'
        "</ac:structured-macro>"
    )
    wiki.edit(home, f"<p>first</p>{code}<p>second &amp; third</p>")
    before = wiki.body(home)
    ana.open(f"/pages/{home}/edit")
    boxes = {str(box["data-run"]): box.decode_contents() for box in ana.page.select("[data-run]")}

    ana.submit("form.editor", edits=json.dumps({"1": boxes["1"].replace("second", "2nd")}))

    assert wiki.body(home) == before.replace("second", "2nd")


@pytest.mark.parametrize("mode", ["", "?mode=source"])
def test_a_comment_made_meanwhile_keeps_its_mark(wiki: Wiki, ana: Browser, home: str, mode: str) -> None:
    wiki.edit(home, "<p>first <em>chosen</em> words</p><p>last</p>")
    ana.open(f"/pages/{home}/edit{mode}")
    wiki.store.comments.add_inline(int(home), "<p>?</p>", author=wiki.account("li"), selection="first")
    marked = wiki.body(home)
    assert "<ac:inline-comment-marker" in marked
    assert wiki.page(home).version == 2

    if mode:
        ana.submit("form.editor", body=ana.page.select("#source")[0].text.strip().replace("last", "LAST"))
    else:
        box = ana.page.select("[data-run]")[0].decode_contents()
        ana.submit("form.editor", edits=json.dumps({"0": box.replace("last", "LAST")}))

    assert wiki.body(home) == marked.replace("last", "LAST")


def test_line_ends_that_a_form_changes_are_no_change(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<p>one</p>\r\n<p>two</p>\r\n\n<hr />")
    ana.open(f"/pages/{home}/edit")
    box = ana.page.select("[data-run]")[0].decode_contents()

    original = wiki.body(home).replace("\r\n", "\n").replace("\n", "\r\n")
    ana.submit("form.editor", original=original, edits=json.dumps({"0": box.replace("two", "2")}))

    assert "<p>one</p>" in wiki.body(home)
    assert "<p>2</p>" in wiki.body(home)
    assert wiki.page(home).version == 3


def test_a_draft_goes_on_where_it_was_begun(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")
    ana.submit("form.editor", button="Save as draft", body="<h2>Aims</h2><p>Plain words.</p><p>draft</p>")
    ana.open(f"/pages/{home}/edit?draft=use")
    wiki.edit(home, "<h2>New aims</h2><p>Plain words.</p>", by="li")

    ana.submit("form.editor", status=409)
    ana.submit("form.editor")

    assert wiki.body(home) == "<h2>New aims</h2><p>Plain words.</p><p>draft</p>"


@pytest.mark.parametrize("edits", ["{", "[]", '{"x": "y"}', '{"99": "y"}', '{"-1": "y"}'])
def test_edits_that_make_no_sense_change_nothing(wiki: Wiki, ana: Browser, home: str, edits: str) -> None:
    ana.open(f"/pages/{home}/edit")

    ana.submit("form.editor", status=400, edits=edits)

    assert wiki.page(home).version == 1


def test_a_page_is_created_where_one_stands(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/spaces/WS2/pages/new?parentId={home}")

    ana.submit("form.editor", title="Über uns & co", body="<p>Hallo</p>")

    page = wiki.find("Über uns & co")
    assert page.parent_id == int(home)
    assert ana.content == "Hallo"


def test_a_title_that_is_taken_keeps_what_was_typed(wiki: Wiki, ana: Browser) -> None:
    wiki.add_page("Taken")
    ana.open("/spaces/WS2/pages/new")

    ana.submit("form.editor", status=400, title="taken", body="<p>long text</p>")

    assert "already exists" in ana.page.text
    assert "long text" in ana.page.select("#source")[0].text


def test_a_missing_page_can_be_made_from_the_link_to_it(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, '<p><ac:link><ri:page ri:content-title="Not yet" /></ac:link></p>')
    page = ana.open("/spaces/WS2")

    ana.open(f"{wiki.server.url}{page.select('a.createlink')[0]['href']}")
    ana.submit("form.editor", body="<p>now</p>")

    assert wiki.body(wiki.find("Not yet").id) == "<p>now</p>"
    assert not ana.open("/spaces/WS2").select("a.createlink")


def test_a_draft_is_kept_shown_used_and_thrown_away(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")
    ana.submit("form.editor", button="Save as draft", body="<p>half done</p>")

    assert "unpublished changes" in ana.page.text
    assert "Plain words." in ana.content
    ana.open(f"/pages/{home}/edit?draft=use")
    assert "half done" in ana.page.select("#source")[0].text
    ana.open("/spaces/WS2")
    ana.submit(".notice form")
    assert wiki.store.contents.find_draft(int(home)) is None
    assert wiki.page(home).version == 1


def test_an_archived_page_cannot_be_edited(wiki: Wiki, ana: Browser) -> None:
    old = wiki.add_page("Old", "<p>x</p>", status="archived")

    ana.open(f"/pages/{old}/edit", status=400)
    ana.post(f"/pages/{old}/edit", status=400, version=1, body="<p>y</p>", title="Old")

    assert wiki.body(old) == "<p>x</p>"


def test_a_read_only_wiki_can_be_read_and_nothing_else(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open(f"/pages/{home}/edit?mode=source")
    wiki.site.is_read_only = True

    ana.submit("form.editor", status=405, body="<p>x</p>")

    assert "read-only" in ana.open("/spaces/WS2").text
    assert wiki.page(home).version == 1


def test_a_preview_shows_source_and_runs_nothing(ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    shown = ana.post("/pages/preview", page=home, body="<p>seen</p><script>x()</script>")
    assert str(shown) == "<p>seen</p>"
    ana.open("/spaces/WS2")
    assert "mismatched tag" in ana.post("/pages/preview", status=400, page=home, body="<p>").text


# --- history -----------------------------------------------------------------------------------------------------


def test_two_versions_are_compared_in_words_and_an_old_one_restored(wiki: Wiki, ana: Browser, home: str) -> None:
    wiki.edit(home, "<h2>Aims</h2><p>Plain new words.</p><ul><li>item</li></ul>", message="more")

    ana.open(f"/pages/{home}/history")
    assert [row.get_text(" ", strip=True)[:3] for row in ana.page.select(".history tbody tr")] == ["2 c", "1 2"]
    ana.open(f"/pages/{home}/compare?from=1&to=2")
    assert [ins.text for ins in ana.page.select(".diff ins")] == ["new ", "• item"]
    ana.open(f"/pages/{home}/versions/1")
    ana.submit(".notice form")

    assert wiki.body(home) == wiki.body(home, 1)
    assert wiki.versions(home)[-1].number == 3


@pytest.mark.parametrize("address", ["versions/9", "compare?from=1&to=9", "compare"])
def test_versions_that_never_were_are_said_kindly(ana: Browser, home: str, address: str) -> None:
    ana.open(f"/pages/{home}/{address}", status=404)


# --- order -------------------------------------------------------------------------------------------------------


def test_a_page_is_moved_by_title(wiki: Wiki, ana: Browser) -> None:
    one, two = wiki.add_page("One"), wiki.add_page("Two")
    ana.open(f"/pages/{two}/move")

    ana.submit("form.box", status=400, target="Nowhere")
    assert "no page called" in ana.page.text
    ana.submit("form.box", target="one")

    assert wiki.page(two).parent_id == int(one)


def test_a_page_cannot_be_moved_under_itself(wiki: Wiki, ana: Browser) -> None:
    one = wiki.add_page("One")
    below = wiki.add_page("Below", parent=one)
    ana.open(f"/pages/{one}/move")

    ana.submit("form.box", status=400, target="Below")

    assert wiki.page(below).parent_id == int(one)


def test_a_page_is_archived_and_brought_back_and_trashed(wiki: Wiki, ana: Browser) -> None:
    one = wiki.add_page("One")
    ana.open(f"/spaces/WS2/pages/{one}")

    ana.submit("form[action$=archive]")
    assert wiki.page(one).status == "archived"
    ana.submit("form[action$=unarchive]")
    assert wiki.page(one).status == "current"
    ana.submit("form[action$=trash]")
    assert wiki.page(one).status == "trashed"
    ana.open(f"/spaces/WS2/pages/{one}", status=404)
    ana.open("/spaces/WS2/pages?status=trashed")
    ana.submit("form[action$=untrash]")
    assert wiki.page(one).status == "current"
    assert ana.title == "One"


def test_a_page_is_watched_and_watched_no_longer(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit("form[action$=watch]")
    assert wiki.store.watches.watchers("content", home) == [wiki.account("ana")]
    ana.submit("form[action$=watch]")
    assert wiki.store.watches.watchers("content", home) == []


def test_the_home_page_stays(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.post(f"/pages/{home}/archive", status=400)
    ana.open("/spaces/WS2")
    ana.post(f"/pages/{home}/trash", status=400)

    assert wiki.page(home).status == "current"


def test_labels_are_put_on_and_taken_off(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".add-label", labels="Risk, plan-2024")
    assert [label.name for label in wiki.store.labels.of(int(home))] == ["risk", "plan-2024"]
    ana.submit(".label-list li form")
    assert [label.name for label in wiki.store.labels.of(int(home))] == ["plan-2024"]
    ana.open("/label/WS2/plan-2024")
    assert [a.text for a in ana.page.select(".hits a")] == ["Home"]


# --- comments, files, search -------------------------------------------------------------------------------------


def test_comments_are_words_whatever_is_typed(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".new-comment", body="first <b>\n\n& second")
    ana.submit(".comment .reply form", body="an answer")

    shown = ana.page.select("#comments > .comments > .comment")
    assert len(shown) == 1
    assert [p.text for p in shown[0].select(":scope > .wiki-content p")] == ["first <b>", "& second"]
    assert [c.select_one(".wiki-content").text for c in shown[0].select(".comment")] == ["an answer"]  # type: ignore[union-attr]
    assert wiki.page(home).version == 1


def test_a_comment_beside_words_marks_them_and_can_be_resolved(wiki: Wiki, ana: Browser, home: str) -> None:
    ana.open("/spaces/WS2")

    ana.submit(".new-comment", body="which?", selection="words")
    assert "<ac:inline-comment-marker" in wiki.body(home)
    assert ana.page.select("#content .inline-comment-marker")[0].text == "words"
    ana.submit("form[action$=resolve]")

    assert ana.page.select(".comment.resolved")
    assert wiki.page(home).version == 1


def test_a_page_that_others_may_not_change_stays_as_it_is(wiki: Wiki, browse: Browse, home: str) -> None:
    page = wiki.add_page("Locked", "<p>x</p>", labels=("keep",))
    wiki.store.restrictions.add(int(page), "update", "user", wiki.account("li"))
    file = wiki.store.attachments.add(int(page), "a.txt", b"x", author=wiki.account("li"))
    other = wiki.add_page("Other")
    browser = browse()

    for path, values in {
        "move": {"target": "Home"},
        "archive": {},
        "trash": {},
        "labels": {"labels": "new"},
        "labels/remove": {"label": "keep"},
        "restore": {"version": "1"},
        "draft": {"body": "<p>y</p>"},
        f"attachments/{file.id}/trash": {},
        "attachments": {},
    }.items():
        browser.open(f"/spaces/WS2/pages/{page}")
        browser.post(f"/pages/{page}/{path}", status=403, **values)
    browser.open(f"/pages/{other}/move")
    browser.submit("form.box", status=403, target="Locked")
    browser.open("/spaces/WS2")
    browser.post("/spaces/WS2/pages/new", status=400, title="Below", body="", parent=page)

    assert [label.name for label in wiki.store.labels.of(int(page))] == ["keep"]
    assert (wiki.page(page).status, wiki.page(page).version, wiki.page(page).parent_id) == ("current", 1, int(home))
    assert wiki.store.contents.find_draft(int(page)) is None
    assert wiki.store.attachments.find(int(page), "a.txt") is not None
    assert wiki.page(other).parent_id == int(home)


def test_only_the_author_deletes_a_comment(wiki: Wiki, browse: Browse, ana: Browser, home: str) -> None:
    comment = wiki.store.comments.add(int(home), "<p>mine</p>", author=wiki.account("li"))
    ana.open("/spaces/WS2")

    ana.post(f"/comments/{comment.id}/delete", status=403)
    li = browse("li")
    li.open("/spaces/WS2")
    li.submit("form[action$=delete]")

    assert wiki.store.comments.of(int(home)) == []


def test_a_file_is_uploaded_replaced_downloaded_and_removed(wiki: Wiki, ana: Browser, home: str) -> None:
    for data in (b"one", b"two"):
        ana.open(f"/pages/{home}/attachments")
        token = str(ana.page.select("meta[name=csrf]")[0]["content"])
        answer = ana.session.post(
            f"{wiki.url}/pages/{home}/attachments", data={"csrf": token}, files={"files": ("a b.txt", io.BytesIO(data))}
        )
        assert answer.status_code == 200
    page = ana.open(f"/pages/{home}/attachments")

    address = urljoin(ana.url, str(page.select(".list tbody a")[0]["href"]))
    assert ana.session.get(address).content == b"two"
    assert wiki.store.attachments.of(int(home))[0].version == 2
    ana.submit(".list form")
    assert wiki.store.attachments.of(int(home)) == []


def test_a_picture_with_a_script_in_it_cannot_run(wiki: Wiki, ana: Browser, home: str) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    wiki.store.attachments.add(int(home), "x.svg", svg, author=wiki.account("li"))

    answer = ana.session.get(f"{wiki.url}/download/attachments/{home}/x.svg")

    assert answer.content == svg
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_search_finds_words_in_a_space_or_below_a_page(wiki: Wiki, ana: Browser) -> None:
    one = wiki.add_page("One", "<p>zebra &amp; “lion”</p>")
    wiki.add_page("Two", "<p>zebra</p>", parent=one)
    wiki.add_page("Three", "<p>zebra</p>", space="OTHER")

    def found(query: str) -> set[str]:
        return {a.text for a in ana.open(f"/search?{query}").select(".hits a")}

    assert found("text=zebra") == {"One", "Two", "Three"}
    assert found("text=zebra&space=WS2") == {"One", "Two"}
    assert found(f"text=zebra&ancestor={one}") == {"Two"}
    assert found('text="zebra') <= {"One", "Two", "Three"}
    assert found("cql=title+%3D+Two") == {"Two"}
    assert "problem" in str(ana.open("/search?cql=no+such+field"))


# --- pure parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "page_id"), [("DYxyI", 544377869), ("DoCvVg", 1454342158), ("BJFyI", 544379140)])
def test_short_links_are_those_of_the_real_wiki(key: str, page_id: int) -> None:
    assert tiny_to_id(key) == page_id


def test_a_comparison_says_what_changed_and_skips_the_rest() -> None:
    same = "".join(f"<p>line {number}</p>" for number in range(20))

    lines = compare(f"{same}<p>old words here</p>{same}", f"{same}<p>old thoughts here</p>{same}<p>end</p>")

    kinds = [line.kind for line in lines]
    assert kinds == ["skipped", "same", "same", "changed", "same", "same", "skipped", "same", "same", "added"]
    changed = next(line for line in lines if line.kind == "changed")
    assert [(piece.kind, piece.text) for piece in changed.pieces] == [
        ("same", "old "),
        ("removed", "words"),
        ("added", "thoughts"),
        ("same", " here"),
    ]


def test_a_body_is_read_out_in_lines_with_marks_for_what_is_not_words() -> None:
    body = (
        '<h2>Aims</h2><p>one<br />two <ac:emoticon ac:name="tick" /></p>'
        "<table><tbody><tr><th>A</th><td><p>b</p><p>c</p></td></tr></tbody></table>"
        '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">T</ac:parameter>'
        "<ac:rich-text-body><p>inside</p></ac:rich-text-body></ac:structured-macro>"
        '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[a = 1\nb = 2]]></ac:plain-text-body>'
        "</ac:structured-macro>"
        '<p><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">Done</ac:parameter>'
        '</ac:structured-macro> <ac:link><ri:page ri:content-title="Plan" /></ac:link>'
        '<time datetime="2024-01-02" /></p>'
        "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status>"
        "<ac:task-body>task</ac:task-body></ac:task></ac:task-list>"
    )

    assert readable_lines(body) == [
        "## Aims",
        "one",
        "two (tick)",
        "│ A │ b c",
        "{panel — title: T}",
        "inside",
        "{code}",
        "a = 1",
        "b = 2",
        "[Done] [Plan] [2024-01-02]",
        "☐ [done] task",
    ]


PARAGRAPHS = st.lists(st.sampled_from(["a", "b", "c d", "<strong>e</strong>"]), min_size=1, max_size=6)


def _body(paragraphs: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in paragraphs)


@settings(max_examples=60)
@given(before=PARAGRAPHS, after=PARAGRAPHS)
def test_a_change_merged_with_no_change_is_that_change(before: list[str], after: list[str]) -> None:
    assert merge(_body(before), _body(after), _body(before)) == _body(after)
    assert merge(_body(before), _body(before), _body(after)) == _body(after)
    assert merge(_body(before), _body(after), _body(after)) == _body(after)


@settings(max_examples=60)
@given(paragraphs=st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=8, unique=True), data=st.data())
def test_changes_to_different_paragraphs_both_arrive(paragraphs: list[str], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(paragraphs) - 3))
    second = data.draw(st.integers(first + 2, len(paragraphs) - 1))
    mine, theirs, both = list(paragraphs), list(paragraphs), list(paragraphs)
    mine[first] = both[first] = "mine"
    theirs[second] = both[second] = "theirs"

    assert merge(_body(paragraphs), _body(mine), _body(theirs)) == _body(both)


def test_two_things_put_in_at_one_seam_are_for_people_to_order() -> None:
    assert merge("<p>a</p><p>b</p>", "<p>a</p><p>mine</p><p>b</p>", "<p>a</p><p>theirs</p><p>b</p>") is None


@settings(max_examples=60)
@given(old=st.lists(st.sampled_from("abc"), max_size=12), new=st.lists(st.sampled_from("abc"), max_size=12))
def test_differences_turn_one_sequence_into_the_other(old: list[str], new: list[str]) -> None:
    result, cursor = [], 0
    for start, end, new_start, new_end in differences(old, new):
        result += [*old[cursor:start], *new[new_start:new_end]]
        cursor = end

    assert result + old[cursor:] == new


def test_a_page_of_one_word_many_times_is_compared_all_the_same() -> None:
    before = f"<p>{'word ' * 20_000}</p>"

    lines = compare(before, before.replace("word", "words", 9_000))

    assert [line.kind for line in lines] == ["changed"]
    assert merge(before, before.replace("word", "words"), before + "<p>x</p>") is not None
