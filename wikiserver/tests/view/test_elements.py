"""What each element and macro looks like to a reader."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wikiserver.storage_tree import MAX_DEPTH
from wikiserver.view import (
    Representation,
    ViewContext,
)
from wikiserver_support.small_wiki import SmallWiki, macro, one, page, plain, rich, soup


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
