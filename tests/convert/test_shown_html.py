import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.convert.shown_html import EntryMark, make_safe

WORDS = {EntryMark.NEW: "new", EntryMark.MOVED: "moved", EntryMark.LEAVING: "leaves"}
WIKI = "https://wiki.example.org/wiki"


def shown(html: str, *marks: EntryMark | None) -> str:
    return make_safe(html, WIKI, marks=marks, words=WORDS).html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="/wiki/x/AbC">x</a>', 'href="https://wiki.example.org/wiki/x/AbC"'),
        ('<a href="javascript:alert(1)">x</a>', "<span>x</span>"),
        ('<a class="createlink" href="/pages/createpage.action">x</a>', '<span class="wiki-dead">x</span>'),
        ('<img class="emoticon emoticon-tick" src="/t.png">', '<span class="wiki-icon wiki-icon-tick">✅</span>'),
        (
            '<img data-emoticon-name="yellow-star" src="/t.png">',
            '<span class="wiki-icon wiki-icon-yellow-star">⭐</span>',
        ),
        ('<img src="https://spy.example/pixel.png" alt="chart">', '<span class="wiki-picture">[chart]</span>'),
        ('<span style="color: rgb(0,128,0);">x</span>', '<font color="#008000">x</font>'),
        (
            '<span class="status-macro aui-lozenge aui-lozenge-success">OK</span>',
            '<span class="wiki-lozenge wiki-lozenge-green">OK</span>',
        ),
    ],
)
def test_what_the_wiki_draws_is_shown_without_loading_anything(html: str, expected: str) -> None:
    assert expected in shown(html)


@given(st.text(alphabet="<>/=\"' abcdeimgsrponlhtfy:;&#x0", max_size=60))
def test_nothing_that_runs_or_loads_is_left(html: str) -> None:
    result = shown(f"<p>{html}<img src=x onerror=alert(1)><svg onload=y></svg><style>@import 'z'</style></p>").lower()

    for word in ("<script", "<img", "<svg", "<style", "<iframe", " onerror", " onload", " style=", " src="):
        assert not any(word in tag for tag in result.split(">") if "<" in tag and word in tag[tag.rindex("<") :])


def test_entries_are_marked_by_position() -> None:
    html = "<p><b>News:</b></p><ul><li>a<ul><li>inner</li></ul></li><li>b</li><li><p>c</p></li></ul>"

    result = make_safe(html, WIKI, marks=(EntryMark.NEW, None, EntryMark.LEAVING), words=WORDS)

    assert result.is_marked
    assert '<li class="wiki-new">a' in result.html
    assert '<li class="wiki-leaving"><p>c<span class="wiki-tag">leaves</span></p></li>' in result.html
    assert "<li>b</li>" in result.html


def test_entries_that_cannot_be_counted_are_not_marked() -> None:
    result = make_safe("<ul><li>a</li></ul>", WIKI, marks=(EntryMark.NEW, None), words=WORDS)

    assert not result.is_marked
    assert "wiki-new" not in result.html
