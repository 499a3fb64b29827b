"""A conversion needs memory in proportion to the body, and frees its tree at once; `tracemalloc` counts every byte."""

import gc
import tracemalloc

import pytest

from benchmarks.page_world import make_body
from bot.convert import IncludedPage, InlineComment, PageContext, convert_page
from bot.storage.reader import Element
from tests.shared import shared_dir

MOST = 15
"""The most memory of a page of a real wiki, as a multiple of its body in UTF-8."""
_MOST_DENSE = 36
"""The same for a body that has a tag for every few characters."""
_LEAST_BYTES = 4_000
"""For a smaller page, what any conversion needs (about 20 kB) is more than what its body needs."""
_LARGEST = 4
"""How many pages of each site are measured."""

_WITH_OTHERS = (
    '<p><ac:inline-comment-marker ac:ref="c">marked</ac:inline-comment-marker></p><ac:structured-macro ac:name='
    '"include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Other" /></ac:link></ac:parameter>'
    "</ac:structured-macro>"
)


def measure_peak(body: str) -> float:
    """Return the peak of a conversion as a multiple of the body."""
    convert_page(body)  # fills caches
    gc.collect()
    tracemalloc.start()
    try:
        convert_page(body)
        return tracemalloc.get_traced_memory()[1] / len(body.encode())
    finally:
        tracemalloc.stop()


def count_elements() -> int:
    """Return the number of elements in memory."""
    return sum(isinstance(each, Element) for each in gc.get_objects())


def make_table(rows: int) -> str:
    """Return a table whose markup is twice as long as its text."""
    row = "".join(f"<td><p>cell {number}</p></td>" for number in range(5))
    return f"<table><tbody>{f'<tr>{row}</tr>' * rows}</tbody></table>"


def test_a_page_needs_at_most_15_times_its_body() -> None:
    assert measure_peak("".join(map(make_body, range(20)))) < MOST


def test_pages_of_real_wikis_need_at_most_15_times_their_body() -> None:
    sites = [folder for folder in shared_dir("corpus").iterdir() if folder.is_dir()]
    chosen: list[str] = []
    for site in sites:
        bodies = sorted((path.read_text("utf-8") for path in site.rglob("*.xhtml")), key=len)[-_LARGEST:]
        chosen += [body for body in bodies if len(body) >= _LEAST_BYTES]

    assert len(chosen) > 12
    assert max(map(measure_peak, chosen)) < MOST


def test_no_tree_waits_for_the_garbage_collector() -> None:
    comment, included = InlineComment("Ana", make_body(1)), IncludedPage("Other", make_body(2))
    context = PageContext(comments={"c": comment}, included={"Other": included})
    gc.collect()
    gc.disable()
    try:
        before = count_elements()
        markdown = convert_page(_WITH_OTHERS, context).markdown
        assert count_elements() == before
    finally:
        gc.enable()
    assert "**Ana**" in markdown
    assert "included page" in markdown


@pytest.mark.parametrize(
    ("small", "large"),
    [
        (make_table(50), make_table(200)),
        ("<p>A few <b>bold</b> words.</p>" * 125, "<p>A few <b>bold</b> words.</p>" * 500),
        ("<p>A few <b>bold</p>" * 125, "<p>A few <b>bold</p>" * 500),
        (f"<ul>{'<li>x</li>' * 250}</ul>", f"<ul>{'<li>x</li>' * 1000}</ul>"),
        ("a<br/>" * 250, "a<br/>" * 1000),
    ],
    ids=["cells", "paragraphs", "malformed", "items", "line breaks"],
)
def test_memory_of_dense_markup_is_linear(small: str, large: str) -> None:
    peak = measure_peak(large)
    assert peak < 1.25 * measure_peak(small)
    assert peak < _MOST_DENSE
