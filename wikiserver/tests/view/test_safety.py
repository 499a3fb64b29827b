"""Nothing that somebody puts on a page runs, and no word of it is lost."""

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.machine import IS_NIGHTLY
from tests.shared import shared_dir
from wikiserver.storage_tree import BadBody, parse
from wikiserver.view import (
    Representation,
    ViewContext,
    render_view,
)
from wikiserver_support.small_wiki import SmallWiki, macro, one, plain, soup

REPRESENTATIONS: list[Representation] = ["view", "export_view", "styled_view", "page"]


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
    """By night every representation shows all pages; by day they divide the pages among them."""
    step = 1 if IS_NIGHTLY else len(REPRESENTATIONS)
    paths = sorted(path for path in shared_dir("corpus").rglob("*") if path.is_file() and path.name != "INDEX.tsv")
    seen = 0
    for path in paths[REPRESENTATIONS.index(representation) % step :: step]:
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
    assert seen > 450 // step
