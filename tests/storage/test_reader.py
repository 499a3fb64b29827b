import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import MalformedBodyError
from bot.splice import Span
from bot.storage.reader import Document, Element, Text, TextKind, read_strictly
from tests.storage.corpus import real_bodies


def only(tree: Document, name: str) -> Element:
    (element,) = [element for element in tree.elements() if element.name == name]
    return element


def assert_nodes_tile_the_source(tree: Document) -> None:
    for element in [tree.root, *tree.elements()]:
        cursor = element.inner.start
        for node in element.nodes:
            assert node.span.start == cursor
            cursor = node.span.end
        assert cursor == element.inner.end


def test_offsets_count_characters_not_bytes() -> None:
    body = "é😀<p>m²</p>"

    paragraph = only(read_strictly(body), "p")

    assert paragraph.span.of(body) == "<p>m²</p>"
    assert paragraph.inner.of(body) == "m²"


@pytest.mark.parametrize("tag", ["<br/>", "<br />", "<br></br>", "<br a='>' b=\"/>\"/>", "<br\n/>"])
def test_an_empty_element_reaches_over_all_its_tag(tag: str) -> None:
    body = f"<p>a{tag}b</p>"

    element = only(read_strictly(body), "br")

    assert element.span.of(body) == tag
    assert element.inner.of(body) == ""


def test_an_element_closed_with_spaces_reaches_over_them() -> None:
    body = "<p>a</p  >b"

    assert only(read_strictly(body), "p").span.of(body) == "<p>a</p  >"


def test_undeclared_prefixes_and_html_entities_are_read() -> None:
    body = '<ac:link><ri:page ri:content-title="A &amp; B&nbsp;&eacute;"/></ac:link>&rarr;&#x1F600;&euro;'

    tree = read_strictly(body)

    assert only(tree, "ri:page").attributes == {"ri:content-title": "A & B\u00a0é"}
    assert tree.root.text == "→😀€"


def test_cdata_is_text_and_known_as_such() -> None:
    body = "<p>a<![CDATA[<b>]] > &amp;</b>]]>b</p>"

    nodes = only(read_strictly(body), "p").nodes

    kinds = [(node.kind, node.value) for node in nodes if isinstance(node, Text)]
    assert kinds == [(TextKind.PLAIN, "a"), (TextKind.CDATA, "<b>]] > &amp;</b>"), (TextKind.PLAIN, "b")]
    assert nodes[1].span.of(body) == "<![CDATA[<b>]] > &amp;</b>]]>"


def test_empty_cdata_and_split_cdata_keep_their_places() -> None:
    body = "<p><![CDATA[]]><![CDATA[a]]]]><![CDATA[>b]]></p>"
    tree = read_strictly(body)

    assert [node.span.of(body) for node in only(tree, "p").nodes] == [
        "<![CDATA[]]>",
        "<![CDATA[a]]]]>",
        "<![CDATA[>b]]>",
    ]
    assert tree.root.text == "a]]>b"


def test_comments_and_instructions_are_not_content() -> None:
    body = "a<!-- <p>x</p> -->b<?php <p> ?>c"

    tree = read_strictly(body)

    assert tree.root.text == "abc"
    assert list(tree.elements()) == []


def test_line_ends_and_a_byte_order_mark_do_not_shift_offsets() -> None:
    body = "\ufeff<p>a\r\nb</p>\r\n<p>c\r</p>"

    spans = [element.span.of(body) for element in read_strictly(body).elements()]

    assert spans == ["<p>a\r\nb</p>", "<p>c\r</p>"]


def test_a_body_exported_with_an_xml_declaration_is_read() -> None:
    body = "<?xml version='1.0'?>\n<p>a</p>"

    tree = read_strictly(body)

    assert only(tree, "p").span.of(body) == "<p>a</p>"
    assert_nodes_tile_the_source(tree)


@pytest.mark.parametrize(
    ("body", "offset"),
    [
        ("<p>é</q>", 6),
        ("<p>", 3),
        ("a &foo; b", 2),
        ("<p a='&foo;'/>", 0),
        ("a & b", 3),
        ("x</body><body>y", 8),
        ("<!DOCTYPE p [<!ENTITY a 'b'>]><p>&a;</p>", 2),
        ("<p>\x00</p>", 3),
        ("ab\ud83d", 2),
        ("<p a='1' a='2'/>", 9),
        ("<!-- a", 0),
        ("<![CDATA[ a", 11),
    ],
)
def test_a_malformed_body_is_refused_with_its_offset(body: str, offset: int) -> None:
    with pytest.raises(MalformedBodyError) as caught:
        read_strictly(body)

    assert caught.value.offset == pytest.approx(offset, abs=2)
    assert caught.value.offset is not None
    assert 0 <= caught.value.offset <= len(body)


def test_a_malformed_body_is_refused_with_line_and_column() -> None:
    with pytest.raises(MalformedBodyError, match=r"line 2, column \d+: mismatched tag"):
        read_strictly("<p>\nabc</q>")


def test_no_depth_of_nesting_breaks_the_scan() -> None:
    depth = 50_000

    tree = read_strictly("<p>" * depth + "x" + "</p>" * depth)

    assert sum(1 for _ in tree.elements()) == depth
    assert tree.root.text == "x"


def test_ancestors_end_at_the_outermost_element() -> None:
    tree = read_strictly("<a><b><c/></b></a>")

    assert [element.name for element in only(tree, "c").ancestors()] == ["b", "a"]


def test_nodes_of_every_real_body_tile_it() -> None:
    for _, body in real_bodies():
        assert_nodes_tile_the_source(read_strictly(body))


def test_a_body_of_five_megabytes_is_read() -> None:
    row = "<tr><td><p>é &nbsp; <strong>word</strong></p></td></tr>\n"
    body = "<table><tbody>" + row * (5_000_000 // len(row)) + "</tbody></table>"

    tree = read_strictly(body)

    assert tree.root.children[0].span == Span(0, len(body))


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&\ufffe\uffff"), max_size=8)


@given(st.lists(st.tuples(texts, st.sampled_from(["<br/>", "<b>é</b>", "<![CDATA[<]]>", "<!--é-->", "&nbsp;"]))))
def test_nodes_tile_any_source(pieces: list[tuple[str, str]]) -> None:
    body = "".join(text.replace("]]>", "") + markup for text, markup in pieces)

    assert_nodes_tile_the_source(read_strictly(body))
