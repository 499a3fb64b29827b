"""Any body is converted without an exception, with its words, and to the same Markdown each time."""

import pickle
import re
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.convert import IncludedPage, PageContext, convert_page
from tests.convert.known_page import KNOWN_PAGE
from tests.convert.reading import shown
from tests.shared import shared_dir

_NAMES = [
    *("p", "h1", "h3", "ul", "ol", "li", "table", "tbody", "thead", "tr", "td", "th", "strong", "em", "u", "span"),
    *("a", "code", "pre", "blockquote", "br", "hr", "div", "dl", "dt", "dd", "time", "unheard-of"),
    *("ac:link", "ac:link-body", "ri:page", "ri:user", "ri:attachment", "ac:image", "ac:caption", "ac:emoticon"),
    *("ac:task-list", "ac:task", "ac:task-body", "ac:task-status", "ac:layout", "ac:layout-section", "ac:layout-cell"),
    *("ac:adf-extension", "ac:adf-node", "ac:adf-content", "ac:adf-fallback", "ac:inline-comment-marker"),
    *("ac:structured-macro", "ac:rich-text-body", "ac:plain-text-body", "ac:parameter", "ac:placeholder"),
]
_VALUES = ["code", "info", "panel", "expand", "status", "toc", "anchor", "children", "include", "excerpt", "jira"]
_VALUES += ["title", "", "details", "zork", "Final Report", "Loop", "c1", "2", "x y.png", "#a", "https://x.example/(a)"]
_VALUES += ["drawio", "mathinline", "view-file", "detailssummary", "panel-type", "state", "decision-list"]
_KEYS = ["ac:name", "href", "colspan", "rowspan", "start", "ri:content-title", "ac:ref", "ri:filename", "type", "key"]


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    attributes = st.dictionaries(st.sampled_from(_KEYS), st.sampled_from(_VALUES), max_size=3)
    content = st.lists(children, max_size=4).map("".join)
    return st.builds(_markup, st.sampled_from(_NAMES), attributes, content)


def _markup(name: str, attributes: dict[str, str], content: str) -> str:
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


_LEAVES = st.sampled_from(["word", " ", "1. ", "*", "&nbsp;", "a|b", "<![CDATA[x]]>", "<br />", "&lt;i&gt;", "\n"])
BODIES = st.recursive(_LEAVES, _element, max_leaves=25)


@given(BODIES)
def test_any_well_formed_body_is_converted(body: str) -> None:
    first, second = convert_page(body, KNOWN_PAGE), convert_page(body, KNOWN_PAGE)

    assert first == second
    assert not any(loss.what == "malformed" for loss in first.losses)
    assert not re.search("[\x00-\x08]", first.markdown)
    assert first.markdown == "" or (first.markdown.endswith("\n") and not first.markdown.startswith("\n"))


@given(st.text() | BODIES.flatmap(lambda body: st.integers(0, len(body)).map(lambda cut: body[:cut])))
def test_any_text_at_all_is_converted(body: str) -> None:
    convert_page(body)


_MACRO = "<ac:structured-macro ac:name='{}'><ac:rich-text-body>{{0}}</ac:rich-text-body></ac:structured-macro>"
_BLOCKS = [
    "<p>{0}</p>",
    "<ul><li>{0}</li><li>{0}</li></ul>",
    "<ol><li>{0}</li></ol>",
    "<blockquote>{0}</blockquote>",
    "<table><tbody><tr><th>{0}</th></tr><tr><td>{0}</td></tr></tbody></table>",
    _MACRO.format("info"),
    _MACRO.format("expand"),
    "{0}<hr />{0}",
]
_RICH = st.recursive(
    st.sampled_from(["alpha", "beta *", "1. gamma", "<code>delta</code>", "<strong>eps</strong>"]),
    lambda inner: st.builds(str.format, st.sampled_from(_BLOCKS), inner),
    max_leaves=6,
)


@given(_RICH)
def test_any_nesting_of_blocks_keeps_words_lists_and_tables(body: str) -> None:
    root = shown(body)

    words = re.findall(r"alpha|beta|gamma|delta|eps", body)
    assert re.findall(r"alpha|beta|gamma|delta|eps", root.text_content()) == words
    for name in ("ul", "ol", "li", "table", "code", "strong"):
        assert len(list(root.iter(name))) >= len(re.findall(f"<{name}>", body)) - (name == "strong") * body.count(
            "<th>"
        )


def test_extreme_depth_keeps_the_text() -> None:
    body = "<div>" * 5000 + "deep" + "</div>" * 5000

    conversion = convert_page(body)

    assert conversion.markdown == "deep\n"
    assert [loss.kind for loss in conversion.losses] == ["body"]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<ul><li>", "</li></ul>"),
        ("<blockquote>", "</blockquote>"),
        ("<table><tbody><tr><td>", "</td></tr></tbody></table>"),
        ("<ac:structured-macro ac:name='excerpt'><ac:rich-text-body>", "</ac:rich-text-body></ac:structured-macro>"),
        ("<strong>", "</strong>"),
    ],
)
def test_deep_nesting_of_any_kind_does_not_fail(opening: str, closing: str) -> None:
    assert "deep" in convert_page(opening * 200 + "deep" + closing * 200).markdown


def test_pages_that_include_each_other_deeply_do_not_fail() -> None:
    include = (
        "<ac:structured-macro ac:name='include'><ac:parameter ac:name='page'>P{}</ac:parameter></ac:structured-macro>"
    )
    body = "<blockquote>" * 60 + "t{0} " + include.format("{1}") + "</blockquote>" * 60
    included = {f"P{i}": IncludedPage(f"P{i}", body.format(i, i + 1)) for i in range(9)}

    conversion = convert_page(body.format("op", 0), PageContext(included=included))

    assert "t0" in conversion.markdown
    assert any("nested deeper" in loss.detail for loss in conversion.losses)


def test_values_cross_a_process_border() -> None:
    body = "<p>a <ac:structured-macro ac:name='zork' /></p>"

    with ProcessPoolExecutor(1) as pool:
        elsewhere = pool.submit(convert_page, body, KNOWN_PAGE).result()

    assert elsewhere == convert_page(body, KNOWN_PAGE) == pickle.loads(pickle.dumps(elsewhere))  # noqa: S301 -- ours


@settings(max_examples=30)
@given(st.data())
def test_real_bodies_cut_anywhere_are_converted(data: st.DataObject) -> None:
    paths = sorted(shared_dir("corpus").rglob("*.xhtml"))
    body = data.draw(st.sampled_from(paths)).read_text("utf-8")

    convert_page(body[: data.draw(st.integers(0, len(body)))])
