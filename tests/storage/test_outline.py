"""An outline agrees with the tree of the whole page, in what it finds and in what it refuses."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MalformedBodyError, StorageFormatError
from bot.storage import outline, regions
from bot.storage.macros import HEADINGS, is_macro
from bot.storage.markers import Marker, MarkerKind, render_marked
from bot.storage.outline import read_outline
from bot.storage.reader import Document, Element, check_syntax, read_strictly
from bot.storage.regions import find_region, find_regions
from tests.storage.corpus import real_bodies
from tests.storage.hostile_bodies import HOSTILE, hostile_body

NAMES = frozenset({*HEADINGS, "ac:layout", "ac:layout-cell"})
MARKERS = (
    Marker("news"),
    Marker("status", MarkerKind.ANCHORS),
    Marker("links", MarkerKind.HEADING, heading="Links & more"),
)

_spaces = st.sampled_from(["", " ", "\n", "\r\n\t"])
_values = st.sampled_from(
    [
        "details",
        "anchor",
        "&#100;etails",
        "anch&#x6f;r",
        "toc",
        "a > b",
        "x/>",
        "</p>",
        " details",
        "anchor\t",
        "",
        "é<",
    ]
)
_quotes = st.sampled_from(["'", '"'])
_attributes = st.builds(
    "{} {}{}={}{q}{}{q}".format,
    _spaces,
    st.sampled_from(["ac:name", "title", "ac:title", "x.ac:name"]),
    _spaces,
    _spaces,
    _values.map(lambda value: value.replace("<", "&lt;")),
    q=_quotes,
)
_names = st.sampled_from(
    [
        *("ac:structured-macro", "ac:structured-macro", "ac:macro", "ac:parameter", "ac:default-parameter"),
        *("ac:rich-text-body", "ac:adf-extension", "ac:adf-fallback", "ac:placeholder", "ac:layout-cell"),
        *("p", "h2", "h3", "div", "table", "td", "li", "strong", "ac:structured-macros", "h22", "ac:parameters"),
    ]
)
_texts = st.sampled_from(
    [
        *("wikibot-news", "wikibot&#45;news", "wikibot-status-begin", "wikibot-status-end", " wikibot-links ", "words"),
        *("Links &amp; more", "&nbsp;", "é 😀", "\r\n", "]]&gt;", "'", '"', "/>", "a > b", ""),
        *("<!-- <p> -->", "<![CDATA[<h2>Links</h2> <!--]]>", "<![CDATA[wikibot-news]]>", "<?php <p> ?>", "\ufeff"),
    ]
)
_marked = st.sampled_from(
    [
        *(render_marked(marker, "<p>words</p>") for marker in MARKERS),
        '<ac:macro ac:name="anchor"><ac:default-parameter>wikibot-status-begin</ac:default-parameter></ac:macro>',
        (
            '<ac:structured-macro ac:name="details"><ac:parameter ac:name="id">wikibot-news</ac:parameter>'
            "<ac:rich-text-body /></ac:structured-macro>"
        ),
        "<h2><strong>Links</strong> &amp;\n more</h2>",
    ]
)


@st.composite
def _elements(draw: st.DrawFn, inside: st.SearchStrategy[str]) -> str:
    name = draw(_names)
    attributes: dict[str, str] = {}
    for attribute in draw(st.lists(_attributes, max_size=2)):
        attributes.setdefault(attribute.partition("=")[0].strip(), attribute)
    start = f"<{name}{''.join(attributes.values())}{draw(_spaces)}"
    if draw(st.booleans()):
        return f"{start}/>"
    return f"{start}>{draw(inside)}</{name}{draw(_spaces)}>"


pages = st.recursive(
    st.one_of(_texts, _marked),
    lambda inside: st.one_of(_elements(inside), st.lists(inside, max_size=4).map("".join)),
    max_leaves=30,
)
pieces = st.lists(
    st.sampled_from([*HOSTILE.values(), "</p>", "/>", ">", "-->", "]]>", "?>", "&amp;", "<h2>", "</h2>", "é", "\0"])
).map("".join)


def assert_agreement(body: str) -> None:
    """Check that an outline has each landmark of the tree, as it is there, and what is around, and nothing else."""
    assert _refusal(read_outline, body) == _refusal(check_syntax, body) == _refusal(read_strictly, body)
    assert _find(body) == _find_in_tree(body)
    if _refusal(read_strictly, body) is None:
        tree = read_strictly(body)
        wanted = set[int]()
        for landmark in _landmarks(tree):
            wanted |= {landmark.span.start, *(above.span.start for above in landmark.ancestors())}
        found = list(map(_describe, read_outline(body, NAMES).elements()))
        assert found == [_describe(each) for each in tree.elements() if each.span.start in wanted]


def _refusal(read: Callable[[str], object], body: str) -> tuple[str, int | None] | None:
    try:
        read(body)
    except MalformedBodyError as error:
        return str(error), error.offset
    return None


def _landmarks(tree: Document) -> Iterator[Element]:
    for element in tree.elements():
        is_marker = is_macro(element) and element.attributes.get("ac:name") in ("details", "anchor")
        if element.name in NAMES or is_marker:
            yield element
            yield from element.children if is_marker else ()


def _describe(element: Element) -> tuple[object, ...]:
    above = [each.span for each in element.ancestors()]
    return element.name, element.attributes, element.span, element.inner, element.text, above


def _find(body: str) -> list[object]:
    """Return what is found on a page: for each marker alone, and for all of them."""
    found: list[object] = []
    for marker in MARKERS:
        try:
            found.append(find_region(body, marker))
        except StorageFormatError as error:
            found.append(str(error))
    try:
        found.append(find_regions(body, MARKERS))
    except StorageFormatError as error:
        found.append(str(error))
    return found


def _find_in_tree(body: str) -> list[object]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regions, "read_outline", lambda body, _names: read_strictly(body))
        return _find(body)


def test_an_outline_agrees_with_the_tree_of_each_real_page() -> None:
    for _, body in real_bodies():
        assert_agreement(body)


@given(pages)
def test_an_outline_agrees_with_the_tree_of_any_well_formed_page(body: str) -> None:
    read_strictly(body)

    assert_agreement(body)


@given(pages, pieces, st.integers(0, 200))
def test_an_outline_agrees_with_the_tree_of_a_damaged_page(body: str, piece: str, at: int) -> None:
    assert_agreement(body[:at] + piece + body[at:])


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_an_outline_is_refused_as_the_tree_is(piece: str) -> None:
    assert_agreement(hostile_body(piece, 2_000))


def test_only_the_slices_of_the_landmarks_are_parsed_into_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(part: str) -> Document:
        parsed.append(part)
        return read_strictly(part)

    monkeypatch.setattr(outline, "read_strictly", parse)
    row = "<tr><td><p>text &amp; <strong>words</strong></p></td><td><h3>A &amp; B</h3></td></tr>"
    around = f"<table><tbody>{row * 500}</tbody></table>"
    body = around + "".join(render_marked(marker, "<p>text &amp; words</p>") for marker in MARKERS) + around

    assert set(find_regions(body, MARKERS[:2])) == {"news", "status"}
    assert all("wikibot-status" in part for part in parsed)  # the lines of the two anchors
    assert sum(map(len, parsed)) < 500

    assert set(find_regions(body, MARKERS)) == {"news", "status", "links"}
    assert {part for part in parsed if "wikibot-status" not in part} == {"A &amp; B", "Links &amp; more"}


def test_an_outline_of_a_large_page_is_small() -> None:
    page = "<table>" + "<tr><td><p>1</p></td><td/></tr>" * 20_000 + "</table>" + render_marked(MARKERS[0], "<p>x</p>")

    found = list(read_outline(page).elements())

    assert [each.name for each in found] == ["ac:structured-macro", "ac:parameter", "ac:rich-text-body"]


def test_elements_as_deep_as_the_page_are_found() -> None:
    page = "<div>" * 2_000 + render_marked(MARKERS[0], "<p>x</p>") + "</div>" * 2_000

    region = find_region(page, MARKERS[0])

    assert region is not None
    assert region.text(page) == "<p>x</p>"
