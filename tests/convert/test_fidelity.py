"""The converter keeps what real pages say, in the measure that `script/fidelity` prints."""

from functools import cache, partial

import pytest

from benchmarks.fidelity import (
    PageBody,
    convert_ours,
    is_good_enough,
    load_corpus,
    measure_corpus,
    measure_surroundings,
    render_table,
)
from benchmarks.fidelity_markdown import READERS, read_markdown
from benchmarks.fidelity_measure import ASPECTS, measure
from benchmarks.fidelity_source import read_source
from bot.convert import convert_page
from bot.storage.reader import read_leniently
from tests.convert.test_golden import PAGES
from tests.shared import shared_dir


@cache
def _pages() -> tuple[PageBody, ...]:
    return tuple(load_corpus(shared_dir("corpus")))


@pytest.mark.parametrize("reader", READERS)
def test_real_pages_are_kept_whole(reader: str) -> None:
    tally, lost = measure_corpus(list(_pages()), partial(convert_ours, reader=reader))

    assert tally.pages > 400
    assert all(tally.expected[aspect] > 70 for aspect in ASPECTS)
    assert is_good_enough(tally), "\n".join([render_table({"wikibot": tally}), *lost])


def test_included_pages_and_comments_are_kept_whole() -> None:
    alone = [page for page in _pages() if len(page.body) < 2_500 and not read_leniently(page.body).problems]

    tally, lost = measure_surroundings(alone)

    assert tally.pages > 150
    assert not lost


def test_the_golden_pages_are_kept_whole() -> None:
    bodies = [PageBody(path.name, path.read_text("utf-8")) for path in sorted(PAGES.glob("*.xml"))]

    tally, lost = measure_corpus(bodies, partial(convert_ours, reader="cmark-gfm"))

    assert tally.pages > 30
    assert not lost


_BODY = """<h2>Title one</h2><p>Some words with <a href="https://example.org/a">a link</a> in order.</p>
<ul><li>first<ul><li>nested</li></ul></li><li>second</li></ul>
<table><tbody><tr><th>head</th><th>other</th></tr><tr><td>cell</td><td colspan="1">more</td></tr></tbody></table>
<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[x =  1]]></ac:plain-text-body></ac:structured-macro>
<p>a <strong>bold</strong> <ac:image><ri:attachment ri:filename="a.png"/></ac:image></p>
<p><ac:image ac:width="30"><ri:attachment ri:filename="b.png"/></ac:image></p>
<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>done</ac:task-body></ac:task></ac:task-list>"""


@pytest.mark.parametrize(
    ("kept", "instead", "aspect"),
    [
        ("words", "", "words"),
        ("in order", "order in", "words"),
        ("https://example.org/a", "https://example.org/b", "links"),
        ("  - nested", "- nested", "list items"),
        ("- second", "- seco", "list items"),
        ("| cell | more |", "| more | cell |", "table cells"),
        ("| cell |", "| cel |", "table cells"),
        ("x =  1", "x = 1", "code"),
        ("## Title", "### Title", "headings"),
        ("## Title", "## Titel", "headings"),
        ("**bold**", "bold", "emphasis"),
        ("**bold**", "*bold*", "emphasis"),
        ("![a.png](a.png)", "a.png", "images"),
        ("[x] done", "[ ] done", "tasks"),
        ('width="30"', 'width="31"', "attributes"),
    ],
)
def test_measure_sees_every_kind_of_loss(kept: str, instead: str, aspect: str) -> None:
    markdown = convert_page(_BODY).markdown
    assert kept in markdown

    damaged = measure(read_source(_BODY), read_markdown(markdown.replace(kept, instead, 1)))

    assert measure(read_source(_BODY), read_markdown(markdown)).lost == []
    assert aspect in {lost_aspect for lost_aspect, _what in damaged.lost}


def test_a_converter_that_fails_has_lost_the_page() -> None:
    def fail(_page: PageBody) -> None:
        raise ValueError("no")

    tally, lost = measure_corpus([PageBody("p", "<p>two words</p>")], fail)  # type: ignore[arg-type] # it never returns

    assert (tally.exceptions, tally.kept["words"], tally.expected["words"]) == (1, 0, 2)
    assert lost[0] == "p: ValueError: no"
