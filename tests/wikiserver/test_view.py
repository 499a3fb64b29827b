"""What storage format looks like to a reader: the real wiki's own answers, each macro, and nothing that runs."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wikiserver.storage_tree import MAX_DEPTH, BadBody, parse
from bot.wikiserver.view import (
    LinkedFile,
    LinkedPage,
    LinkedUser,
    PageName,
    Representation,
    UserKey,
    ViewContext,
    render_view,
)
from tests.shared import shared_dir

REPRESENTATIONS: list[Representation] = ["view", "export_view", "styled_view", "page"]
MARCH = datetime(2024, 3, 1, 12, tzinfo=UTC)


@dataclass
class SmallWiki(ViewContext):
    """A wiki of a few pages, held in dictionaries."""

    pages: dict[str, LinkedPage] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    files: list[LinkedFile] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    below: dict[int | None, list[str]] = field(default_factory=dict)
    labelled: dict[str, list[str]] = field(default_factory=dict)

    def find_page(self, name: PageName) -> LinkedPage | None:
        return self.pages.get(name.title)

    def find_user(self, key: UserKey) -> LinkedUser | None:
        identity = key.account_id or key.user_key or key.name
        name = self.people.get(identity)
        return LinkedUser(identity, name, f"/people/{identity}") if name else None

    def find_file(self, name: str, page: PageName | None = None) -> LinkedFile | None:
        return next((file for file in self.list_files(page) if file.name == name), None)

    def list_files(self, page: PageName | None = None) -> Sequence[LinkedFile]:
        return self.files if page is None else ()

    def list_children(self, page_id: int | None = None) -> Sequence[LinkedPage]:
        return [self.pages[title] for title in self.below.get(page_id, [])]

    def list_recent(self, limit: int) -> Sequence[LinkedPage]:
        return list(self.pages.values())[:limit]

    def list_labelled(self, labels: Sequence[str], limit: int) -> Sequence[LinkedPage]:
        titles = [title for label in labels for title in self.labelled.get(label, [])]
        return [self.pages[title] for title in titles][:limit]

    def load_page(self, page: LinkedPage) -> tuple[str, ViewContext] | None:
        body = self.bodies.get(page.title)
        if body is None:
            return None
        context = SmallWiki(
            title=page.title,
            page_id=page.id,
            pages=self.pages,
            bodies=self.bodies,
            people=self.people,
            below=self.below,
        )
        return body, context


def page(number: int, title: str, *, has_children: bool = False) -> LinkedPage:
    path = f"/spaces/WS2/pages/{number}/{title.replace(' ', '+')}"
    return LinkedPage(number, title, path, updated_at=MARCH, updated_by="Ana", has_children=has_children)


@pytest.fixture
def wiki() -> SmallWiki:
    pages = {
        "Home": page(1, "Home", has_children=True),
        "Plan": page(2, "Plan", has_children=True),
        "Notes": page(3, "Notes"),
    }
    return SmallWiki(
        title="Home",
        page_id=1,
        space_key="WS2",
        pages=pages,
        bodies={"Plan": "<h2>Aims</h2><p>Finish by May.</p>", "Notes": "<p>n</p>"},
        files=[
            LinkedFile(9, "a b.png", "/download/attachments/1/a%20b.png", 1, "image/png", 3, 2048, MARCH, "Li"),
            LinkedFile(
                10, "report.pdf", "/download/attachments/1/report.pdf", 1, "application/pdf", 1, 5_300_000, MARCH
            ),
        ],
        people={"u1": "Ana Bell"},
        below={None: ["Plan"], 1: ["Plan"], 2: ["Notes"]},
        labelled={"risk": ["Plan", "Notes"]},
    )


def soup(body: str, context: ViewContext, representation: Representation = "view") -> BeautifulSoup:
    return BeautifulSoup(render_view(body, context, representation=representation), "html.parser")


def one(document: BeautifulSoup | Tag, selector: str) -> Tag:
    found = document.select(selector)
    assert len(found) == 1, f"{len(found)} × {selector} in {document}"
    return found[0]


def macro(name: str, body: str = "", /, **parameters: str) -> str:
    written = "".join(f'<ac:parameter ac:name="{key}">{value}</ac:parameter>' for key, value in parameters.items())
    return f'<ac:structured-macro ac:name="{name}" ac:macro-id="m1">{written}{body}</ac:structured-macro>'


def rich(body: str) -> str:
    return f"<ac:rich-text-body>{body}</ac:rich-text-body>"


def plain(body: str) -> str:
    return f"<ac:plain-text-body><![CDATA[{body}]]></ac:plain-text-body>"


# --- the real wiki's answers -------------------------------------------------------------------------------------


@dataclass
class SampleWiki(ViewContext):
    """Knows the pages that the real answer links to, in the order it names them, and the page's real attachments."""

    linked: dict[str, LinkedPage] = field(default_factory=dict)
    files: dict[str, LinkedFile] = field(default_factory=dict)

    def find_page(self, name: PageName) -> LinkedPage | None:
        return self.linked.get(name.title)

    def find_file(self, name: str, page: PageName | None = None) -> LinkedFile | None:
        return self.files.get(name) if page is None else None


def sample_pages() -> list[str]:
    return [
        "1454342158",
        "544112828",
        "544145591",
        "544211126",
        "544377869",
        "544379140",
        "544382364",
        "568918170",
        "793608206",
    ]


def load_sample(page_id: str) -> tuple[str, BeautifulSoup, SampleWiki]:
    folder = shared_dir("spec") / "samples"
    answer = json.loads((folder / "cloud" / f"{page_id}.page.v1.json").read_text())
    body = answer["body"]["storage"]["value"]
    expected = BeautifulSoup((folder / "view" / f"querypie_{page_id}.view.html").read_text(), "html.parser")
    titles = [node.get("ri:content-title") for node in parse(body).walk() if node.name == "ri:page"]
    anchors = expected.select('a[data-linked-resource-type="page"]')
    linked = {
        title: LinkedPage(
            int(str(a["data-linked-resource-id"])),
            title,
            str(a["href"]).removeprefix("/wiki").partition("#")[0],
            int(str(a["data-linked-resource-version"])),
        )
        for title, a in zip(titles, anchors, strict=True)
    }
    context = SampleWiki(
        title=answer["title"],
        page_id=int(page_id),
        space_key="QM",
        base_url=answer["_links"]["base"],
        linked=linked,
        files=dict(_sample_files(folder / "cloud" / f"{page_id}.attachments.v1.json", int(page_id))),
    )
    return body, expected, context


def _sample_files(path: Path, page_id: int) -> Iterator[tuple[str, LinkedFile]]:
    results: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    for file in results:
        number = int(str(file["id"]).removeprefix("att"))
        yield (
            file["title"],
            LinkedFile(number, file["title"], file["_links"]["download"], page_id, file["extensions"]["mediaType"]),
        )


def words(document: BeautifulSoup | Tag) -> list[str]:
    for style in document.select("style"):
        style.extract()
    return document.get_text(" ").split()


def outline(document: BeautifulSoup) -> list[str]:
    """Return the tags that give a page its structure, in order, each closed."""
    structure = re.compile(r"^(h\d|ul|ol|li|table|tr|th|td|pre|blockquote|img|a|code|strong|em|u|br|p|hr|div)$")

    def lines(node: Tag) -> Iterator[str]:
        for child in node.children:
            if isinstance(child, Tag):
                is_shown = structure.match(child.name)
                if is_shown:
                    yield child.name
                yield from lines(child)
                if is_shown:
                    yield f"/{child.name}"

    return list(lines(document))


def attributes(document: BeautifulSoup, selector: str, *names: str) -> list[tuple[object, ...]]:
    return [tuple(node.get(name) for name in names) for node in document.select(selector)]


@pytest.mark.parametrize("page_id", sample_pages())
def test_a_real_page_reads_as_in_the_real_wiki(page_id: str) -> None:
    body, expected, context = load_sample(page_id)

    shown = soup(body, context)

    assert words(shown) == words(expected)
    assert outline(shown) == outline(expected)


@pytest.mark.parametrize("page_id", sample_pages())
def test_links_headings_and_files_of_a_real_page_bear_what_exporters_look_for(page_id: str) -> None:
    body, expected, context = load_sample(page_id)

    shown = soup(body, context)

    for selector, *names in (
        ("a", "href", "class", "data-linked-resource-id", "data-linked-resource-version", "data-card-appearance"),
        ("h1, h2, h3, h4, h5, h6", "id"),
        ("img", "class", "alt", "width", "data-width", "data-height"),
        ("table", "class", "data-layout", "data-local-id", "data-table-width"),
        ("td, th", "class", "colspan", "rowspan", "data-highlight-colour"),
        ("pre", "class", "data-syntaxhighlighter-params", "data-theme"),
        ("ol", "start"),
        ("[data-macro-name=toc]", "class", "data-headerelements", "data-excludeheaderregex", "data-cssliststyle"),
        ("[data-macro-name=status]", "class", "data-macro-id"),
        ("[data-macro-name=info], [data-macro-name=note]", "class", "data-macro-id", "data-hasbody"),
        (".aui-icon", "class"),
        (".inline-comment-marker", "data-ref"),
        (".columnLayout, .cell", "class", "data-layout", "data-type"),
        (".confluence-embedded-file-wrapper", "class"),
    ):
        assert attributes(shown, selector, *names) == attributes(expected, selector, *names), selector


@pytest.mark.parametrize("page_id", sample_pages())
def test_images_of_a_real_page_point_to_their_attachments(page_id: str) -> None:
    body, expected, context = load_sample(page_id)

    shown = soup(body, context)

    def without_query(address: object) -> str:
        return str(address).partition("?")[0]

    assert [without_query(img["data-image-src"]) for img in shown.select("img")] == [
        without_query(img["data-image-src"]) for img in expected.select("img")
    ]


# --- one element or macro at a time ------------------------------------------------------------------------------


def test_a_link_to_a_page_and_one_to_a_page_that_is_not_there(wiki: SmallWiki) -> None:
    body = (
        '<p><ac:link><ri:page ri:content-title="Plan" />'
        "<ac:link-body>the <strong>plan</strong></ac:link-body></ac:link>"
        '<ac:link><ri:page ri:content-title="A &amp; B" /></ac:link></p>'
    )

    there, missing = soup(body, wiki).select("a")

    assert (there["href"], there["data-linked-resource-id"]) == ("/wiki/spaces/WS2/pages/2/Plan", "2")
    assert str(there.strong) == "<strong>plan</strong>"
    assert missing["class"] == ["createlink"]
    assert missing["href"] == "/wiki/pages/createpage.action?spaceKey=WS2&title=A+%26+B&fromPageId=1"
    assert missing.text == "A & B"


def test_a_plain_text_link_body_is_words_not_markup(wiki: SmallWiki) -> None:
    body = (
        '<ac:link><ri:page ri:content-title="Plan" />'
        "<ac:plain-text-link-body><![CDATA[<b> & co]]></ac:plain-text-link-body></ac:link>"
    )

    assert one(soup(body, wiki), "a").decode_contents() == "&lt;b&gt; &amp; co"


def test_exports_bear_whole_addresses(wiki: SmallWiki) -> None:
    body = '<ac:link><ri:page ri:content-title="Plan" /></ac:link>'

    assert one(soup(body, wiki, "export_view"), "a")["href"] == "http://localhost/wiki/spaces/WS2/pages/2/Plan"


@pytest.mark.parametrize("representation", ["view", "page"])
def test_an_anchor_link_goes_where_the_anchor_is(wiki: SmallWiki, representation: Representation) -> None:
    body = (
        '<p><ac:link ac:anchor="Next steps"><ac:link-body>down</ac:link-body></ac:link>'
        '<ac:link ac:anchor="here" /></p><h2>Next steps</h2><p>' + macro("anchor", "", **{"": "here"}) + "</p>"
    )

    shown = soup(body, wiki, representation)

    for link in shown.select("a"):
        assert shown.find(id=str(link["href"])[1:]) is not None, link


def test_a_mention_names_the_person(wiki: SmallWiki) -> None:
    body = '<ac:link><ri:user ri:account-id="u1" /></ac:link><ac:link><ri:user ri:userkey="gone" /></ac:link>'

    shown = soup(body, wiki)

    mention = one(shown, "a.user-mention")
    assert (mention.text, mention["data-account-id"]) == ("Ana Bell", "u1")
    assert one(shown, ".unknown-user").text == "Unknown user"


def test_an_attachment_link_downloads_it(wiki: SmallWiki) -> None:
    body = "".join(f'<ac:link><ri:attachment ri:filename="{name}" /></ac:link>' for name in ("report.pdf", "no"))

    shown = soup(body, wiki)

    assert one(shown, "a")["href"] == "/wiki/download/attachments/1/report.pdf"
    assert one(shown, ".unresolved-link").text == "no"


def test_an_image_caption_is_for_people_and_exports(wiki: SmallWiki) -> None:
    body = (
        '<ac:image ac:width="200"><ri:attachment ri:filename="a b.png" /><ac:caption><p>Cap</p></ac:caption></ac:image>'
    )

    assert "Cap" not in soup(body, wiki).text
    assert one(soup(body, wiki, "page"), ".image-caption").text == "Cap"
    assert (
        one(soup(body, wiki, "export_view"), "img")["src"] == "http://localhost/wiki/download/attachments/1/a%20b.png"
    )


def test_an_image_that_is_not_there_is_named(wiki: SmallWiki) -> None:
    body = '<ac:image><ri:attachment ri:filename="gone.png" /></ac:image>'

    assert one(soup(body, wiki), "img")["alt"] == "gone.png"
    assert "gone.png is missing" in soup(body, wiki, "page").text


@pytest.mark.parametrize(
    ("colour", "css"),
    [("Green", "success"), ("Yellow", "current"), ("Red", "error"), ("Blue", "complete"), ("Purple", "progress")],
)
def test_status_colours(wiki: SmallWiki, colour: str, css: str) -> None:
    lozenge = one(soup(macro("status", colour=colour, title="Done &amp; dusted"), wiki), "span.status-macro")

    assert lozenge.text == "DONE & DUSTED"
    assert f"aui-lozenge-{css}" in lozenge["class"]


@pytest.mark.parametrize("name", ["info", "note", "tip", "warning"])
def test_boxes_hold_their_title_and_body(wiki: SmallWiki, name: str) -> None:
    box = one(soup(macro(name, rich("<p>Mind the gap</p>"), title="Heads up"), wiki), f"[data-macro-name={name}]")

    assert one(box, "p.title").text == "Heads up"
    assert one(box, ".confluence-information-macro-body").text == "Mind the gap"


def test_a_panel_keeps_its_colours_and_no_foreign_style(wiki: SmallWiki) -> None:
    body = macro("panel", rich("<p>x</p>"), title="T", bgColor="#fff0f0", borderColor="red; background: url(//x)")

    panel = one(soup(body, wiki), "div.panel")

    assert "background-color: #fff0f0" in str(panel["style"])
    assert "url" not in str(panel)
    assert one(panel, ".panelHeader").text == "T"


def test_code_is_shown_to_the_letter(wiki: SmallWiki) -> None:
    text = '\n  if a < b && c: print("x")\n\n'

    pre = one(soup(macro("code", plain(text), language="py", title="x.py"), wiki), "pre")

    assert pre.text == "\n" + text
    assert str(pre["data-syntaxhighlighter-params"]).startswith("brush: py;")


def test_noformat_is_shown_to_the_letter(wiki: SmallWiki) -> None:
    assert one(soup(macro("noformat", plain("a  <b>\n c")), wiki), "pre").text == "a  <b>\n c"


def test_expand_folds_for_people_and_is_open_in_exports(wiki: SmallWiki) -> None:
    body = macro("expand", rich("<p>inside</p>"), title="More")

    assert one(soup(body, wiki), "div.expand-container div.expand-content").text == "inside"
    assert one(soup(body, wiki), "span.expand-control-text").text == "More"
    assert one(soup(body, wiki, "page"), "details > summary").text == "More"


def test_contents_lists_headings_by_level_and_pattern(wiki: SmallWiki) -> None:
    body = macro("toc", maxLevel="2", exclude="Secret|Draft.*") + (
        "<h1>One</h1><h2>Two</h2><h3>Deep</h3><h2>Secret</h2><h2>Draft 7</h2><h1>Three</h1>"
    )

    shown = soup(body, wiki, "page")

    links = shown.select(".toc-macro a")
    assert [link.text for link in links] == ["One", "Two", "Three"]
    assert all(shown.find(id=str(link["href"])[1:]) for link in links)
    assert [li.a.text for li in shown.select(".toc-macro > ul > li") if li.a] == ["One", "Three"]
    assert one(soup(body, wiki), ".toc-macro").text == " "


@settings(max_examples=60)
@given(levels=st.lists(st.integers(1, 6), max_size=12))
def test_contents_are_well_nested_whatever_the_levels(levels: list[int]) -> None:
    body = macro("toc") + "".join(f"<h{level}>H{number}</h{level}>" for number, level in enumerate(levels))

    shown = soup(body, ViewContext(title="T"), "page")

    assert [a.text for a in shown.select(".toc-macro a")] == [f"H{number}" for number in range(len(levels))]
    assert all(li.parent is not None and li.parent.name == "ul" for li in shown.select(".toc-macro li"))
    assert all(ul.parent is not None and ul.parent.name in {"div", "li"} for ul in shown.select(".toc-macro ul"))


def test_children_one_level_or_all(wiki: SmallWiki) -> None:
    assert [a.text for a in soup(macro("children"), wiki).select("a")] == ["Plan"]
    assert [a.text for a in soup(macro("children", all="true"), wiki).select("li li a")] == ["Notes"]


def test_the_page_tree_opens_level_by_level(wiki: SmallWiki) -> None:
    shown = soup(macro("pagetree"), wiki, "page")

    assert one(shown, "details.tree-branch")["data-level"] == "/wiki/pages/tree?parent=2"
    assert "Notes" in soup(macro("pagetree", startDepth="2"), wiki, "page").text


@pytest.mark.parametrize("name", ["pagetreesearch", "livesearch"])
def test_search_boxes_ask_the_wiki(wiki: SmallWiki, name: str) -> None:
    form = one(soup(macro(name), wiki, "page"), "form")

    assert form["action"] == "/wiki/search"
    assert one(form, "input[name=space]")["value"] == "WS2"


def test_include_shows_the_other_page(wiki: SmallWiki) -> None:
    body = macro(
        "include", '<ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Plan" /></ac:link></ac:parameter>'
    )

    assert "Finish by May." in soup(body, wiki).text


def test_pages_that_include_each_other_come_to_an_end(wiki: SmallWiki) -> None:
    wiki.bodies = {"Plan": macro("include", **{"": "Notes"}) * 3, "Notes": macro("include", **{"": "Plan"}) * 3}

    shown = soup(macro("include", **{"": "Plan"}) * 5, wiki).text

    assert "would include itself" in shown


def test_an_excerpt_is_quoted_by_name(wiki: SmallWiki) -> None:
    wiki.bodies["Plan"] = macro("excerpt", rich("<p>first</p>"), name="a") + macro(
        "excerpt", rich("<p>second</p>"), name="b"
    )

    shown = soup(macro("excerpt-include", name="b", **{"": "Plan"}), wiki)

    assert "second" in shown.text
    assert "first" not in shown.text


def test_a_hidden_excerpt_or_property_table_is_not_shown(wiki: SmallWiki) -> None:
    assert (
        soup(macro("excerpt", rich("x"), hidden="true") + macro("details", rich("y"), hidden="true"), wiki).text == ""
    )


def test_the_properties_report_is_a_table_of_all_labelled_pages(wiki: SmallWiki) -> None:
    def table(rows: dict[str, str]) -> str:
        cells = "".join(f"<tr><th>{key}</th><td>{value}</td></tr>" for key, value in rows.items())
        return macro("details", rich(f"<table><tbody>{cells}</tbody></table>"))

    wiki.bodies = {"Plan": table({"Owner": "Ana", "Risk": "<strong>high</strong>"}), "Notes": table({"Owner": "Li"})}

    report = one(soup(macro("detailssummary", cql='label = "risk"'), wiki), "table")

    assert [th.text for th in report.select("th")] == ["Title", "Owner", "Risk"]
    assert [[td.text for td in tr.select("td")] for tr in report.select("tbody tr")] == [
        ["Plan", "Ana", "high"],
        ["Notes", "Li", ""],
    ]
    assert one(report, "td strong").text == "high"


def test_lists_of_pages(wiki: SmallWiki) -> None:
    recent = soup(macro("recently-updated", max="2"), wiki)

    assert [a.text for a in recent.select("a")] == ["Home", "Plan"]
    assert "updated 2024-03-01 by Ana" in recent.text
    assert [a.text for a in soup(macro("contentbylabel", labels="risk, other"), wiki).select("a")] == ["Plan", "Notes"]


def test_files_are_listed_previewed_and_shown(wiki: SmallWiki) -> None:
    listed = soup(macro("attachments"), wiki)
    preview = soup(macro("view-file", name='<ri:attachment ri:filename="report.pdf" />'), wiki)
    gallery = soup(macro("gallery"), wiki)

    assert [a.text for a in listed.select("tbody a")] == ["a b.png", "report.pdf"]
    assert "5.3 MB" in listed.text
    assert one(preview, "a.confluence-embedded-file")["data-nice-type"] == "PDF Document"
    assert [img["alt"] for img in gallery.select("img")] == ["a b.png"]


def test_a_jira_issue_keeps_its_key(wiki: SmallWiki) -> None:
    issue = one(soup(macro("jira", key="WS-7", server="J"), wiki), "span[data-jira-key]")

    assert (issue["data-jira-key"], one(issue, "a.jira-issue-key").text) == ("WS-7", "WS-7")


def test_action_items_are_ticked_or_not(wiki: SmallWiki) -> None:
    body = "<ac:task-list>" + "".join(
        f"<ac:task><ac:task-id>{n}</ac:task-id><ac:task-status>{status}</ac:task-status>"
        f"<ac:task-body>t{n}</ac:task-body></ac:task>"
        for n, status in ((1, "complete"), (2, "incomplete"))
    )

    done, open_ = soup(body + "</ac:task-list>", wiki).select("ul.inline-task-list > li")

    assert (done["data-inline-task-id"], done.get("class"), done.text) == ("1", ["checked"], "t1")
    assert (open_["data-inline-task-id"], open_.get("class"), open_.text) == ("2", None, "t2")


def test_emoticons_and_dates(wiki: SmallWiki) -> None:
    body = (
        '<p><ac:emoticon ac:name="tick" />'
        '<ac:emoticon ac:name="blue-star" ac:emoji-fallback="🚀" ac:emoji-shortname=":rocket:" />'
        '<time datetime="2024-02-02" /></p>'
    )

    tick, rocket = soup(body, wiki).select("img.emoticon")

    assert (tick["alt"], rocket["alt"], rocket["data-emoji-fallback"]) == ("(tick)", "🚀", "🚀")
    assert soup(body, wiki, "page").text == "🚀2 Feb 2024"
    assert one(soup(body, wiki, "page"), "img.emoticon-tick")["src"] == "/wiki/images/icons/emoticons/tick.svg"
    assert one(soup(body, wiki), "time.date-past")["datetime"] == "2024-02-02"


def test_layouts_have_sidebars_where_the_type_says(wiki: SmallWiki) -> None:
    body = (
        '<ac:layout><ac:layout-section ac:type="two_left_sidebar"><ac:layout-cell><p>side</p></ac:layout-cell>'
        "<ac:layout-cell><p>main</p></ac:layout-cell></ac:layout-section></ac:layout>"
    )

    cells = soup(body, wiki).select(".contentLayout2 > .columnLayout.two-left-sidebar > .cell")

    assert [(cell["data-type"], cell.text.strip()) for cell in cells] == [("aside", "side"), ("normal", "main")]


@pytest.mark.parametrize("kind", ["panel", "decision-list"])
def test_an_adf_extension_says_its_words_once(wiki: SmallWiki, kind: str) -> None:
    body = (
        f'<ac:adf-extension><ac:adf-node type="{kind}"><ac:adf-content><p>once</p></ac:adf-content></ac:adf-node>'
        "<ac:adf-fallback><div><p>once</p></div></ac:adf-fallback></ac:adf-extension>"
    )

    assert soup(body, wiki).text.strip() == "once"


def test_an_unknown_macro_keeps_its_name_and_text(wiki: SmallWiki) -> None:
    shown = soup(macro("cursed", rich("<p>words</p>")) + macro("raw", plain("a < b")), wiki).text

    assert "Unknown macro: cursed" in shown
    assert "words" in shown
    assert "a < b" in shown


def test_headings_of_the_same_words_have_ids_of_their_own(wiki: SmallWiki) -> None:
    shown = soup("<h2>A</h2><h2>A.1</h2><h2>A</h2><h2>A</h2>" + macro("toc"), wiki, "page")

    ids = [heading["id"] for heading in shown.select("h2")]
    assert len(set(ids)) == 4
    assert [str(a["href"])[1:] for a in shown.select(".toc-macro a")] == ids


def test_pages_as_deep_as_can_be_saved_can_be_shown(wiki: SmallWiki) -> None:
    deep = "<div>" * (MAX_DEPTH - 4) + "{}" + "</div>" * (MAX_DEPTH - 4)
    titles = [f"Deep {number}" for number in range(12)]
    wiki.pages |= {title: page(100 + number, title) for number, title in enumerate(titles)}
    wiki.bodies |= {title: deep.format("end") for title in titles}
    for title, following in itertools.pairwise(titles):
        wiki.bodies[title] = deep.format(macro("include", **{"": following}))

    shown = soup(wiki.bodies["Deep 0"], wiki).text

    assert "Unable to render {include}" in shown or "end" in shown


# --- nothing that runs -------------------------------------------------------------------------------------------

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    '<p onclick="alert(1)" ONMOUSEOVER="alert(1)">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java&#10;script:alert(1)">x</a>',
    '<a href="&#x200b;javascript:alert(1)">x</a>',
    '<a href="vbscript:x">x</a>',
    '<a href="data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;">x</a>',
    '<img src="x" onerror="alert(1)" />',
    '<img src="javascript:alert(1)" />',
    '<iframe src="https://evil.example/" />',
    "<svg><script>alert(1)</script></svg>",
    '<p style="background: url(javascript:alert(1))">x</p>',
    '<p style="position: fixed; top: 0; width: expression(alert(1))">x</p>',
    '<form action="https://evil.example/"><input name="password" /></form>',
    "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
    '<ac:image><ri:url ri:value="javascript:alert(1)" /></ac:image>',
    '<ac:link><ri:url ri:value="javascript:alert(1)" /></ac:link>',
    '<ac:link ac:anchor="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" />',
    '<ac:emoticon ac:name="&quot;&gt;&lt;script&gt;" ac:emoji-fallback="&lt;script&gt;" />',
    macro("widget", url="javascript:alert(1)"),
    macro("status", title="&lt;script&gt;alert(1)&lt;/script&gt;"),
    macro("jira", key="X&quot;&gt;&lt;script&gt;", baseurl="javascript:alert(1)"),
    macro("&lt;script&gt;alert(1)&lt;/script&gt;"),
    macro("code", plain("</pre><script>alert(1)</script>"), language='"&gt;&lt;script&gt;'),
    macro("html", plain("<script>alert(1)</script>")),
    '<p data-run="0" data-level="//evil.example" data-confirm="x">x</p>',
]


def assert_nothing_runs(markup: str) -> None:
    document = BeautifulSoup(markup, "lxml")
    for node in document.find_all(True):
        assert node.name not in {"script", "iframe", "object", "embed", "svg", "base", "meta", "link"}, markup
        for name, value in node.attrs.items():
            assert not name.lower().startswith("on"), markup
            assert name not in {"data-run", "data-level", "data-confirm"}, markup
            if name in {"href", "src", "action"}:
                assert not re.match(r"(?i)[\x00-\x20]*(javascript|vbscript|data:text)", str(value)), markup
            if name == "style":
                assert not re.search(r"(?i)url\(|expression|position", str(value)), markup


def test_only_views_say_which_macro_made_what(wiki: SmallWiki) -> None:
    body = macro("toc") + macro("status", title="DONE") + macro("jira", jqlQuery="project = A") + "<h1>One</h1>"

    assert {tag["data-macro-name"] for tag in soup(body, wiki).select("[data-macro-name]")} == {"toc", "status", "jira"}
    exported = soup(body, wiki, "export_view")
    assert exported.select("[data-macro-name], .conf-macro") == []
    assert one(exported, ".toc-macro a").text == "One"
    assert one(exported, ".status-macro").text == "DONE"


@pytest.mark.parametrize("representation", ["view", "export_view", "page"])
@pytest.mark.parametrize("body", ATTACKS)
def test_nothing_of_a_hostile_page_runs(body: str, wiki: SmallWiki, representation: Representation) -> None:
    assert_nothing_runs(render_view(body, wiki, representation=representation))


HOSTILE = st.text(st.sampled_from("<>&\"'/ =javscriptonload:();x\n"), max_size=24)


@settings(max_examples=80)
@given(
    name=st.sampled_from(
        ["p", "a", "img", "td", "ac:link", "ri:url", "ac:image", "ac:structured-macro", "ac:parameter"]
    ),
    attribute=st.sampled_from(
        ["href", "src", "style", "class", "ri:value", "ac:name", "ac:anchor", "data-x", "onload"]
    ),
    value=HOSTILE,
    words_in=HOSTILE,
)
def test_no_value_breaks_out_of_its_place(name: str, attribute: str, value: str, words_in: str) -> None:
    escaped = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    inner = words_in.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "")

    assert_nothing_runs(
        render_view(f'<{name} {attribute}="{escaped}">{inner}</{name}>', ViewContext(), representation="page")
    )


def test_a_broken_body_is_refused() -> None:
    with pytest.raises(BadBody):
        render_view("<p>", ViewContext())


def test_a_styled_view_is_a_document(wiki: SmallWiki) -> None:
    shown = soup("<p>x</p>", wiki, "styled_view")

    assert one(shown, "title").text == "Home"
    assert one(shown, ".wiki-content").text == "x"


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_every_real_page_can_be_shown_and_keeps_its_words(representation: Representation) -> None:
    seen = 0
    for path in sorted(shared_dir("corpus").rglob("*")):
        if not path.is_file() or path.name == "INDEX.tsv":
            continue
        body = path.read_text(encoding="utf-8")
        try:
            root = parse(body)
        except BadBody:
            continue
        shown = render_view(body, ViewContext(title="T"), representation=representation)
        said = re.sub(r"\s", "", BeautifulSoup(shown, "lxml").get_text())
        for paragraph in (node for node in root.elements("p") if not list(node.elements())):
            assert re.sub(r"\s", "", paragraph.text) in said, path
        seen += 1
    assert seen > 450
