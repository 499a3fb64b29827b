"""A region that is found by comparing two versions is the region that the reader of the whole version finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StorageFormatError
from bot.storage.known_region import KnownRegion
from bot.storage.markers import Marker, render_marked
from bot.storage.regions import find_region
from tests.storage.corpus import real_bodies
from tests.storage.test_outline import MARKERS, pages, pieces

_OTHER = Marker("other")
_PARTS = st.lists(
    st.one_of(pages, st.sampled_from(["<p>words</p>", "<p>w</p><p>v</p>", "<ul><li>x</li></ul>"])), max_size=4
)
_ANCHOR = '<ac:structured-macro ac:name="anchor"><ac:parameter ac:name="">{}</ac:parameter></ac:structured-macro>'


def _find_whole(body: str, marker: Marker) -> str | None:
    try:
        region = find_region(body, marker)
    except StorageFormatError:
        return None
    return None if region is None else region.text(body)


def _is_found(body: str, other: str) -> bool:
    """Compare both readers for each marker; return whether the fast one found a region."""
    found = [(marker, KnownRegion(body, marker).text_in(other)) for marker in MARKERS]
    for marker, text in found:
        assert text is None or text == _find_whole(other, marker)
    return any(text is not None for _, text in found)


def _page(before: str, content: str, after: str, *, marker: Marker = MARKERS[0]) -> str:
    return before + render_marked(marker, content) + after


@given(st.sampled_from(MARKERS[:2]), _PARTS, _PARTS, st.data())
def test_any_two_versions_agree_with_the_reader(
    marker: Marker, before: list[str], after: list[str], data: st.DataObject
) -> None:
    contents = st.one_of(pages, st.just("<p>news</p>"))
    one = _page("".join(before), data.draw(contents), "".join(after), marker=marker)
    for parts in (before, after):
        at = data.draw(st.integers(0, len(parts)))
        parts[at : at + data.draw(st.integers(0, 1))] = data.draw(st.lists(pages, max_size=1))
    other = _page("".join(before), data.draw(contents), "".join(after), marker=marker)
    _is_found(one, other)


@given(pages, st.integers(0, 400), st.integers(0, 30), st.one_of(pieces, st.sampled_from(["", "wikibot-news", "x"])))
def test_any_damage_agrees_with_the_reader(around: str, at: int, length: int, piece: str) -> None:
    body = _page(f"<p>a</p>{around}<p>b</p>", "<p>one</p><p>two</p>", f"<p>c</p>{around}")
    _is_found(body, body[:at] + piece + body[at + length :])


def test_the_regions_of_real_pages_are_found_after_an_edit() -> None:
    for name, body in real_bodies():
        one = _page(body, "<p>one</p>", f"<p>first</p>{body}")
        other = _page(body, "<p>two</p><p>three</p>", f"<p>second</p>{body}")
        is_plain = not any(each in body for each in ("<!--", "<?")) and not body.lstrip().startswith("<!")
        if is_plain and _find_whole(one, MARKERS[0]) is not None:
            assert _is_found(one, other), name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>a</p>", "<p>b</p>"),
        ("<p>a</p>", ""),
        ("", "<p>b</p>"),
        ("<table><tbody><tr><td>a</td></tr></tbody></table>", "<table><tbody><tr><td>b</td></tr></tbody></table>"),
        (
            "<ac:plain-text-body><![CDATA[<p>]]></ac:plain-text-body><p>a</p>",
            "<ac:plain-text-body><![CDATA[<p>]]></ac:plain-text-body><p>b</p>",
        ),
    ],
)
@pytest.mark.parametrize("marker", MARKERS[:2])
def test_an_ordinary_edit_is_found_without_the_reader(marker: Marker, before: str, after: str) -> None:
    assert _is_found(_page(before, "<p>1</p>", "<p>z</p>", marker=marker), _page(after, "<p>2</p>", "", marker=marker))


_BLOCK = render_marked(MARKERS[0], "<p>news</p>")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<p>a</p>", _BLOCK),  # twice on the page
        ("<p>a</p>", f"<![CDATA[{_BLOCK}]]>"),
        ("<p>a</p>", f"<!--{_BLOCK}-->"),
        ("<![CDATA[<p>a</p>]]>", "<![CDATA[<p>]]></p>]]>"),
        ("<![CDATA[<p>x</p><b>a</b><p>]]>", "<![CDATA[<p>x</p><b><![CDATA[]]></b><p>]]>"),
        (_ANCHOR.format("<i/><b>x</b><i/>wikibot-news-begin"), _ANCHOR.format("<i/><i/>wikibot-news-begin")),
        (_ANCHOR.format("wikibot<i/><b>x</b><i/>-news-begin"), _ANCHOR.format("wikibot<i/><i/>-news-begin")),
        (_ANCHOR.format("top"), _ANCHOR.format("wikibot-news-begin")),
        ("<p>a</p>", "<p>a"),
        ("<p>a</p>", "<p>&unknown;</p>"),
        ("<p>a</p>", "<p>\0</p>"),
        ("<p>a</p>", "<p>\ud800</p>"),
    ],
)
def test_what_may_hide_a_marker_or_damage_is_left_to_the_reader(one: str, other: str) -> None:
    _is_found(f"{one}{_BLOCK}", f"{other}{_BLOCK}")
    _is_found(f"<p>x</p>{_BLOCK}{one}<p>x</p>", f"<p>x</p>{_BLOCK}{other}<p>x</p>")
    for marker in (_OTHER, MARKERS[0]):
        _is_found(
            _page(one, "<p>y</p>", "", marker=marker) + _BLOCK, _page(other, "<p>y</p>", "", marker=marker) + _BLOCK
        )
    _is_found(_page("", one, ""), _page("", other, ""))
