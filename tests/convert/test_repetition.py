"""Repeated inclusions and lists are limited, with a count; the first one is always shown in full."""

import pytest

from bot.convert import IncludedPage, ListedPage, PageContext, convert_page

_INCLUDE = (
    '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="{}"/>'
    "</ac:link></ac:parameter></ac:structured-macro>"
)


def test_pages_that_include_pages_many_times_come_to_an_end() -> None:
    included = {
        "A": IncludedPage("A", _INCLUDE.format("B") * 20),
        "B": IncludedPage("B", _INCLUDE.format("C") * 20),
        "C": IncludedPage("C", "<p>hello world</p>"),
    }
    conversion = convert_page(_INCLUDE.format("A") * 20, PageContext(included=included))

    assert len(conversion.markdown) < 100_000
    assert "hello world" in conversion.markdown
    details = [loss.detail for loss in conversion.losses if loss.what == "include"]
    assert "repeated included page A: not shown again, 19 times" in details


def test_many_different_pages_are_all_included() -> None:
    included = {f"P{i}": IncludedPage(f"P{i}", f"<p>text of {i}.</p>") for i in range(100)}

    conversion = convert_page("".join(map(_INCLUDE.format, included)), PageContext(included=included))

    assert all(f"text of {i}." in conversion.markdown for i in range(100))
    assert conversion.losses == ()


@pytest.mark.parametrize(
    ("macro", "shown"), [("toc", "[H](#h)"), ("pagetree", "[Page 7](p7.md)"), ("children", "[Page 7](p7.md)")]
)
def test_a_list_that_is_repeated_on_a_page_is_cut(macro: str, shown: str) -> None:
    pages = tuple(ListedPage(f"Page {i}", f"p{i}.md") for i in range(1000))
    body = f'<ac:structured-macro ac:name="{macro}"/>' * 1000 + "<h1>H</h1>" + "<h2>more</h2>" * 1000

    conversion = convert_page(body, PageContext(page_tree=pages, children=pages))

    assert 1 < conversion.markdown.count(shown) <= 21
    assert len(conversion.markdown) < 2_000_000
    assert any("not shown again, 979 times" in loss.detail for loss in conversion.losses)
