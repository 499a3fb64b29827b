"""Captured pages as HTML: safe whatever they contain, and with the changes marked."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.present.rendered_diff import mark_changes
from bot.present.rendered_page import Resolver, render_markdown
from bot.snapshot.query.plain_text import plain_text

EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "<iframe src='https://evil.example'></iframe>",
    "<form action=https://evil.example><input name=a></form>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<details open ontoggle=alert(1)>x</details>",
    "<base href=https://evil.example><link rel=stylesheet href=https://evil.example/x.css>",
    "<p style='background:url(https://evil.example/x)'>x</p>",
    "![x](https://evil.example/x.png)",
    "<img src='//evil.example/x.png' srcset='https://evil.example/y.png 2x'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "[x]: javascript:alert(1)\n\n[x]",
    "<table background=https://evil.example/x.png><tr><td>x</td></tr></table>",
    "<b id=main name=main class=notice>x</b>",
]
_LIVE = re.compile(
    r"<(?:script|style|iframe|form|svg|math|base|link|meta|object|embed)\b|\son\w+=|javascript:(?=[^<]*\")|\ssrc=|\ssrcset="
    r"|\sstyle=|\sclass=\"notice|\sid=\"main|\sname="
)


@pytest.mark.parametrize("markdown", EVIL)
def test_no_text_runs_or_loads_anything(markdown: str) -> None:
    for html in (render_markdown(markdown), mark_changes(render_markdown("before"), render_markdown(markdown))):
        assert not _LIVE.search(html), html


def test_targets_are_those_that_the_caller_knows() -> None:
    resolver = Resolver({"../2020/a--7.md": "/a/p/7"}.get, {"../_attachments/1/x-v1.png": "/p/x"}.get)
    html = render_markdown(
        "[a](../2020/a--7.md) [b](../2020/gone.md) [c](/sign-out) [d](//evil.example) [e](https://wiki.example)"
        " ![p](../_attachments/1/x-v1.png) ![q](other.png) [f](#findings)\n\n## Findings",
        resolver,
    )

    assert re.findall(r'href="([^"]*)"', html) == ["/a/p/7", "https://wiki.example", "#c-findings"]
    assert re.findall(r'src="([^"]*)"', html) == ["/p/x"]
    assert '<span class="picture">q</span>' in html
    assert 'id="c-findings"' in html


def test_only_a_heading_that_repeats_the_title_is_left_out() -> None:
    assert render_markdown("# A *B*\n\ntext", title="A B") == "<p>text</p>\n"
    assert "<h1" in render_markdown("# Other\n\ntext", title="A B")


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("one two", "one three", '<p class="edited">one <del>two</del><ins>three</ins></p>'),
        ("a **b c** d", "a **b x** d", "<strong>b <del>c</del><ins>x</ins></strong>"),
        ("- a\n- b", "- a\n- b\n- new", '<li class="added"><ins>new</ins></li>'),
        ("- a\n- gone away", "- a", '<li class="removed"><del>gone away</del></li>'),
        ("| a |\n| --- |\n| 1 |", "| a |\n| --- |\n| 2 |", '<td class="edited"><del>1</del><ins>2</ins></td>'),
        ("x < y & z", "x < y & w", "x &lt; y &amp; <del>z</del><ins>w</ins>"),
        ("same words", "same [words](https://e.example)", '<p class="edited">same <a'),
    ],
)
def test_changed_words_are_marked_where_they_are_read(before: str, after: str, marked: str) -> None:
    assert marked in mark_changes(render_markdown(before), render_markdown(after))


_MARKDOWN = st.lists(
    st.sampled_from(
        [
            "alpha beta",
            "- item\n- other",
            "> quote **bold**",
            "| a | b |\n| --- | --- |\n| 1 | 2 |",
            "`c<d>`",
            "&amp; <u>u</u>",
            "# H",
        ]
    ),
    max_size=6,
).map("\n\n".join)


@given(before=_MARKDOWN, after=_MARKDOWN)
def test_without_the_removed_text_the_marked_page_reads_as_the_newer_one(before: str, after: str) -> None:
    new = render_markdown(after)
    marked = mark_changes(render_markdown(before), new)

    kept = re.sub(r'<(\w+) class="removed".*?</\1>|<del>.*?</del>|<summary>.*?</summary>', "", marked, flags=re.DOTALL)

    assert words_in(kept) == words_in(new)
    assert marked.count("<ins>") == marked.count("</ins>")


def words_in(html: str) -> str:
    return "".join(re.sub(r"<[^>]*>", "", html).split())


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("## A *b* **c**", "A b c"),
        ("- [x] see [the page](../2020/x--1.md) ![alt](y.png)", "see the page alt"),
        ("| a | b\\|c |\n| --- | --- |", "a b|c"),
        ("`a*b*` snake_case \\*star\\* &lt;t&gt;", "a*b* snake_case *star* <t>"),
        ("```py\nx = '*[a](b)*'\n```", "x = '*[a](b)*'"),
        ("note[^1]\n\n[^1]: the *note*", "note the note"),
        ("<details>\n<summary>More</summary>\n\n<https://e.example/x>", "More https://e.example/x"),
    ],
)
def test_snippets_are_made_of_text(markdown: str, text: str) -> None:
    assert " ".join(plain_text(markdown).split()) == text
