"""Typing into a page in the rich editor: the typed text is saved, all other bytes are unchanged."""

import contextlib
import re
from collections.abc import Iterator

import pytest
from bs4 import BeautifulSoup
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.shared import shared_dir
from wikiserver.editor.rich_text import BLOCKS, apply_edits, find_runs, render_editable
from wikiserver.editor.typed_html import is_unchanged
from wikiserver.storage_tree import BadBody, Element, parse
from wikiserver.view import ViewContext

MACRO = (
    '<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[ <b>& ]]></ac:plain-text-body>'
    "</ac:structured-macro>"
)
LINK = (
    '<ac:link><ri:page ri:content-title="A &amp; B" />'
    "<ac:plain-text-link-body><![CDATA[a]]></ac:plain-text-link-body></ac:link>"
)
STATUS = (
    '<ac:structured-macro ac:name="status" ac:macro-id="s1"><ac:parameter ac:name="title">ok</ac:parameter>'
    "</ac:structured-macro>"
)


def macro(name: str, content: str) -> str:
    return f'<ac:structured-macro ac:name="{name}">{content}</ac:structured-macro>'


def details(body: str) -> str:
    """Return a page properties block, as the bot's regions are."""
    parameter = '<ac:parameter ac:name="id">x</ac:parameter>'
    return macro("details", f"{parameter}<ac:rich-text-body>{body}</ac:rich-text-body>")


def boxes(body: str) -> dict[int, str]:
    """Return what the browser would show in each box."""
    shown = BeautifulSoup(render_editable(body, ViewContext(title="T")), "html.parser")
    return {int(str(box["data-run"])): box.decode_contents() for box in shown.select(".editable-run")}


def test_only_runs_of_plain_text_can_be_typed_in() -> None:
    body = f"<h1>a</h1><p>b {LINK}</p>{MACRO}<ul><li>c</li></ul><table><tbody><tr><td>d</td><td /></tr></tbody></table>"

    shown = boxes(body)

    assert [BeautifulSoup(box, "html.parser").get_text() for box in shown.values()] == ["ab a", "c", "d", "", ""]


@pytest.mark.parametrize(
    ("body", "run", "change", "expected"),
    [
        ("<p>one</p>", 0, ("one", "two"), "<p>two</p>"),
        (f"<p>x</p>{MACRO}<p>y</p>", 1, ("y", "z &amp; &lt;b&gt;"), f"<p>x</p>{MACRO}<p>z &amp; &lt;b&gt;</p>"),
        ('<p local-id="1">a</p><p local-id="2">b</p>', 0, ("b", "c"), '<p local-id="1">a</p><p local-id="2">c</p>'),
        (f"<p>see {LINK} or {STATUS}</p>", 0, ("see", "read"), f"<p>read {LINK} or {STATUS}</p>"),
        ("<p>a <strong>b</strong></p>", 0, ("b</strong>", "c</strong>"), "<p>a <strong>c</strong></p>"),
        ("<p>a</p>", 0, (">a", ">a <b>b</b> <i>c</i><script>x()</script>"), "<p>a <strong>b</strong> <em>c</em></p>"),
        ("<p>a</p>", 0, ("</p>", "</p><div>new</div>"), "<p>a</p><p>new</p>"),
        ("<p>a</p>", 0, ("</p>", "</p><p data-e='0'><ul><li>b</li></ul></p>"), "<p>a</p><ul><li>b</li></ul>"),
        ("<p>a</p>", 0, (">a", '>a <a href="javascript:x()">b</a>'), "<p>a b</p>"),
        (
            "<p>a</p>",
            0,
            (">a", '>a <a href="https://x.org/?a=1&amp;b">b</a>'),
            '<p>a <a href="https://x.org/?a=1&amp;b">b</a></p>',
        ),
        (
            '<p>a <ac:inline-comment-marker ac:ref="r">b c</ac:inline-comment-marker></p>',
            0,
            ("b c", "b d"),
            '<p>a <ac:inline-comment-marker ac:ref="r">b d</ac:inline-comment-marker></p>',
        ),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", 0, ("b", "c"), "<ul><li>a<ul><li>c</li></ul></li></ul>"),
        (
            "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>",
            1,
            ("b", "c"),
            "<table><tbody><tr><td>a</td><td>c</td></tr></tbody></table>",
        ),
        (
            "<table><tbody><tr><td /></tr></tbody></table>",
            0,
            ("<br/>", "new"),
            "<table><tbody><tr><td><p>new</p></td></tr></tbody></table>",
        ),
        (MACRO, 0, ("<br/>", "new"), f"{MACRO}<p>new</p>"),
        ("", 0, ("<br/>", "new"), "<p>new</p>"),
        (
            details("<p>a</p>"),
            0,
            (">a", ">b"),
            details("<p>b</p>"),
        ),
    ],
)
def test_what_is_typed_arrives_and_nothing_else_changes(
    body: str, run: int, change: tuple[str, str], expected: str
) -> None:
    box = boxes(body)[run]
    assert change[0] in box

    assert apply_edits(body, {run: box.replace(*change, 1)}) == expected


def test_chips_hold_no_blocks_which_a_browser_would_pull_out_of_the_paragraph() -> None:
    image = '<ac:image><ri:url ri:value="https://x.org/a.png" /><ac:caption><p>a</p><p>b</p></ac:caption></ac:image>'
    maths = macro("mathinline", "<ac:rich-text-body><p>x</p></ac:rich-text-body>")

    box = boxes(f"<p>{image}{maths}</p>")[0]

    assert BeautifulSoup(box, "lxml").select_one("p > .chip .image-caption")
    assert len(re.findall(r"<(p|div)\b", box)) == 1


def test_no_form_is_inside_the_editors_own() -> None:
    shown = render_editable(macro("livesearch", "") + "<p>x</p>", ViewContext())

    assert "form" not in {tag.name for tag in BeautifulSoup(shown, "html.parser").find_all(True)}


def test_a_chip_can_be_deleted() -> None:
    body = f"<p>a {STATUS}b</p>"
    typed = re.sub(r'<span class="chip".*</span></span>', "", boxes(body)[0])

    assert apply_edits(body, {0: typed}) == "<p>a b</p>"


def test_a_run_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no part 7"):
        apply_edits("<p>a</p>", {7: "x"})


def real_bodies() -> Iterator[str]:
    for path in sorted(shared_dir("corpus").rglob("*")):
        if not path.is_file() or path.name == "INDEX.tsv":
            continue
        body = path.read_bytes().decode()
        with contextlib.suppress(BadBody):
            parse(body)
            yield body


def test_real_pages_stay_as_they_are_when_every_box_comes_back_untouched() -> None:
    bodies = list(real_bodies())[::3]

    for body in bodies:
        assert apply_edits(body, boxes(body)) == body

    assert len(bodies) > 150


def test_a_new_paragraph_in_a_real_page_is_all_that_changes() -> None:
    added = 0
    for body in list(real_bodies())[1::6]:
        runs = find_runs(parse(body), body.encode())
        of_blocks = {
            number: box + "<p>N&amp;W</p>"
            for number, box in boxes(body).items()
            if all(isinstance(node, Element) and node.name in BLOCKS for node in runs[number].nodes)
            and not runs[number].before
        }

        saved = apply_edits(body, of_blocks)

        assert saved.replace("<p>N&amp;W</p>", "") == body
        assert saved.count("<p>N&amp;W</p>") == len(of_blocks)
        added += len(of_blocks)
    assert added > 150


TAGS = st.sampled_from(
    ("p", "div", "b", "i", "span", "font", "ul", "ol", "li", "blockquote", "h2", "h1", "a", "code", "section", "table")
)
TYPED = st.recursive(
    st.sampled_from(["word", "two words", "a &amp; b", "<br>", "&nbsp;", " ", "é"]),
    lambda inner: st.builds(
        lambda tag, number, children: f'<{tag} data-e="{number}">{"".join(children)}</{tag}>',
        TAGS,
        st.integers(0, 4),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)
BEFORE = "<p>a <strong>b</strong></p><ul><li>c</li></ul><blockquote>d</blockquote>"


@settings(max_examples=100)
@given(typed=st.lists(TYPED, max_size=4).map("".join), body=st.sampled_from([BEFORE, "", "bare text", "<p>a</p>"]))
def test_no_word_that_somebody_typed_is_lost(typed: str, body: str) -> None:
    assume(not is_unchanged(typed, boxes(body)[0]))

    saved = parse(apply_edits(body, {0: typed}))

    words = "".join(BeautifulSoup(typed, "html.parser").get_text().split())
    assert "".join(saved.text.split()) == words
    for paragraph in (node for node in saved.walk() if node.name == "p"):
        assert not [inside.name for inside in paragraph.walk() if inside.name in BLOCKS]
    for listed in (node for node in saved.walk() if node.name in {"ul", "ol"}):
        assert {child.name for child in listed.elements()} <= {"li"}


@settings(max_examples=80)
@given(
    typed=st.text(st.sampled_from("<>/pbuliaBR &;\"'=-e0x\n\u00a0"), max_size=60),
    body=st.sampled_from(["<p>a</p>", f"x{STATUS}", MACRO]),
)
def test_whatever_comes_back_is_well_formed_and_macros_survive(typed: str, body: str) -> None:
    saved = apply_edits(body, {0: typed})

    parse(saved)
    assert MACRO in saved or MACRO not in body
