import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.reader import Document, Element, Text, TextKind, read_leniently, read_strictly
from tests.shared import shared_dir
from tests.storage.corpus import NOT_BALANCED, real_bodies
from tests.storage.hostile_bodies import HOSTILE, hostile_body


def outline(document: Document) -> list[tuple[object, ...]]:
    return [
        (node.name, node.attributes, node.span, node.inner)
        if isinstance(node, Element)
        else (node.kind, node.value, node.span)
        for node in document.root.walk()
    ]


def tags(document: Document) -> str:
    pieces: list[str] = []
    stack: list[Element | Text | str] = [*reversed(document.root.nodes)]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif isinstance(node, Text):
            pieces.append(node.value)
        else:
            pieces.append(f"<{node.name}>")
            stack += [f"</{node.name}>", *reversed(node.nodes)]
    return "".join(pieces)


def test_a_well_formed_body_is_read_as_strictly() -> None:
    for _, body in real_bodies():
        document = read_leniently(body)

        assert document.problems == ()
        assert outline(document) == outline(read_strictly(body))


def test_a_tree_without_offsets_is_the_same_tree() -> None:
    bodies = [body for _, body in real_bodies()]
    malformed = [body.replace("</p>", "", 3) for body in bodies[::5]]

    for body in [*bodies, *malformed, "a<![CDATA[]]>b<!--c--><?d e?><![CDATA[<f>]]>"]:
        light, full = read_leniently(body, has_offsets=False), read_leniently(body)

        assert light.problems == full.problems
        assert [named(node) for node in light.root.walk()] == [named(node) for node in full.root.walk()]


def named(node: Element | Text) -> tuple[object, ...]:
    if isinstance(node, Text):
        return node.kind, node.value
    return node.name, node.attributes, node.parent and node.parent.name


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>5 &euros; &euro;</p>", "5 &euros; €"),
        ("<p>&NotEqualTilde; &fjlig; &LT;b&GT; &AMP;</p>", "≂̸ fj <b> &"),
        ("<p>&copy 2020 AT&T &nbsp&eacute;t&eacute</p><", "© 2020 AT&T \u00a0été<"),
        ("<p>&copyright &notit;</p>&", "&copyright &notit;&"),
        ("<p>&#8364;&#x20AC;&#0;</p>", "€€\ufffd"),
        ("a < b & c <3 </> <!x", "a < b & c <3 </> <!x"),
        ("<p>a\x00b\ud83dc</p>", "abc"),
        ("<p>a<![CDATA[<b> &amp;", "a<b> &amp;"),
        ("a<!-- b", "a"),
        ("<?xml version='1.0'?><!DOCTYPE html><p>a</p>", "a"),
    ],
)
def test_no_text_is_lost(body: str, text: str) -> None:
    assert read_leniently(body).root.text == text


def test_an_unknown_entity_is_named_as_a_problem() -> None:
    body = "<p>5 &euro; or\n6 &euros;</p>"

    (problem,) = read_leniently(body).problems

    assert "line 2, column 3: unknown entity &euros;" in problem.message
    assert body[problem.offset :].startswith("&euros;")


def test_an_unknown_entity_in_an_attribute_survives() -> None:
    body = '<a href="/x?a=1&copy=2&amp;b=&euros;">y</a>'

    (link,) = read_leniently(body).elements("a")

    assert link.attributes == {"href": "/x?a=1&copy=2&b=&euros;"}


def test_html_entities_of_several_characters_are_read_strictly() -> None:
    document = read_strictly('<p title="&NotEqualTilde;&lt;&LT;">&NotEqualTilde;&AMP;<![CDATA[&euros;]]></p>')

    (paragraph,) = document.root.children
    assert paragraph.attributes == {"title": "≂̸<<"}
    assert paragraph.text == "≂̸&&euros;"


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("<p>a", "<p>a</p>"),
        ("<p>a</q>b</p>", "<p>ab</p>"),
        ("<p>a<b>b</p>c", "<p>a<b>b</b></p>c"),
        ("<p>a<br>b</p>", "<p>a<br></br>b</p>"),
        ("<P>a</p>b", "<P>a</P>b"),
        ("<p class=x>a</p>", "<p>a</p>"),
        ('<p title="a<b">c</p>', "<p>c</p>"),
        ("<p title='a>b' hidden>c</p>", "<p>c</p>"),
        ("<p>a<</p>", "<p>a<</p>"),
        ('<p title="a>b</p>', '<p title="a>b'),
    ],
)
def test_markup_that_can_be_matched_is_kept(body: str, shape: str) -> None:
    document = read_leniently(body)

    assert tags(document) == shape
    assert document.problems or body == "<p title='a>b'>c</p>"


def test_offsets_of_a_malformed_body_lead_to_its_source() -> None:
    body = "é😀<p>a &amp; b<strong>c</p><ac:link a='1'/>d"
    document = read_leniently(body)
    paragraph, link = document.root.children

    assert paragraph.span.of(body) == "<p>a &amp; b<strong>c</p>"
    assert paragraph.inner.of(body) == "a &amp; b<strong>c"
    assert paragraph.children[0].span.of(body) == "<strong>c"
    assert link.span.of(body) == "<ac:link a='1'/>"
    assert [node.span.of(body) for node in document.root.nodes if isinstance(node, Text)] == ["é😀", "d"]


def test_elements_below_the_depth_that_was_asked_for_keep_their_text() -> None:
    document = read_leniently("<a>1<b>2<c>3<![CDATA[4]]><d>5</d></c></b></a>", max_depth=2)

    assert tags(document) == "<a>1<b>2345</b></a>"
    assert [problem.offset for problem in document.problems] == [8]
    texts = [node for node in document.root.walk() if isinstance(node, Text)]
    assert [text.kind for text in texts if text.value == "4"] == [TextKind.CDATA]
    assert {text.parent.name for text in texts if text.parent} == {"a", "b"}


def test_a_body_that_is_shallow_enough_is_not_changed() -> None:
    assert read_leniently("<a>1<b>2</b></a>", max_depth=2).problems == ()


def test_the_unbalanced_bodies_of_the_corpus_are_read() -> None:
    for path in shared_dir("corpus").rglob("*.xhtml"):
        if path.name in NOT_BALANCED:
            document = read_leniently(path.read_text())
            assert document.problems
            assert len(document.root.text) > 100


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bodies_take_calls_in_proportion_to_their_length(piece: str) -> None:
    """Counts calls, because a busy machine changes the seconds, which `benchmarks/hostile_bodies.py` measures."""

    def calls(length: int) -> int:
        body = hostile_body(piece, length)
        with counted_calls() as counted:
            read_leniently(body, max_depth=80)
        return counted.total()

    assert calls(32_000) < 5 * calls(8_000)


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """Counts the calls of functions, by kind, those written in C included."""
    counted: Counter[str] = Counter()
    sys.setprofile(lambda _, event, __: counted.update({event: 1}))
    try:
        yield counted
    finally:
        sys.setprofile(None)


@given(st.text(st.sampled_from("<>/!?-[]CDATA&;'\"= abp\n\x00é😀\ud83d#x1"), max_size=80) | st.text())
def test_any_body_is_read(body: str) -> None:
    document = read_leniently(body, max_depth=3)

    for element in [document.root, *document.elements()]:
        assert 0 <= element.span.start <= element.inner.start <= element.inner.end <= element.span.end <= len(body)
        cursor = element.inner.start
        for node in element.nodes:
            assert node.span.start >= cursor
            cursor = node.span.end
        assert cursor <= element.inner.end
