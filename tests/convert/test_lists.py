"""Lists are read back as lists: no empty item, no marker that turns into text, no check box without its text."""

import pytest
from lxml import html

from benchmarks.fidelity_markdown import READERS
from bot.convert import PageContext, convert_page
from tests.convert.reading import shown

_DRAWIO = (
    "<ac:structured-macro ac:name='drawio'><ac:parameter ac:name='diagramName'>D</ac:parameter>"
    "<ac:parameter ac:name='width'>300</ac:parameter></ac:structured-macro>"
)
SIZED_PICTURES = [
    '<ac:image ac:width="100"><ri:attachment ri:filename="a.png"/></ac:image>',
    '<p><img src="http://x.example/a.png" width="10"/></p>',
    '<strong><ac:image ac:height="9"><ri:url ri:value="http://x.example/a.png"/></ac:image></strong>',
    _DRAWIO,
]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("inner", ["<ul><li>nested</li></ul>", "<ol><li>nested</li></ol>"])
@pytest.mark.parametrize("picture", SIZED_PICTURES)
def test_a_sized_picture_that_begins_an_item_leaves_the_list_below_it_a_list(
    picture: str, inner: str, reader: str
) -> None:
    context = PageContext(attachments={"a.png": "files/a.png", "D.png": "files/D.png"})
    markdown = convert_page(f"<ul><li>{picture}{inner}</li></ul>", context).markdown

    root = html.fragment_fromstring(READERS[reader](markdown), create_parent="div")

    (item,) = root.xpath("ul/li")
    assert item.xpath(".//img")
    assert ["".join(nested.itertext()).strip() for nested in item.xpath("(ul|ol)/li")] == ["nested"]


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        ("<ul><ul><li>c</li></ul></ul>", "- c\n"),
        ("<ul><ul><ul><li>c</li></ul></ul></ul>", "- c\n"),
        ("<ol><ol><li>c</li></ol></ol>", "1. c\n"),
        ("<ul><ol><ul><li>c</li></ul></ol><li>d</li></ul>", "- c\n- d\n"),
        ("<ul><ul><li>c</li></ul><li>d</li></ul>", "- c\n- d\n"),
        ("<ul><li>a</li></ul><ul><ul><li>b</li></ul></ul>", "- a\n  - b\n"),
        ("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c\n"),
        ("<ul><ol><li>one</li></ol><li>d</li></ul>", "1. one\n\n- d\n"),
    ],
)
def test_a_list_directly_in_a_list_is_an_indent(body: str, markdown: str) -> None:
    assert convert_page(body).markdown == markdown


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("<ul><li>x</li></ul>", "- [ ] …"),
        ("<ol><li>x</li></ol>", "- [ ] …"),
        ("", "- [ ] …"),
        ("<blockquote>x</blockquote>", "- [ ] …"),
        ("<p>x</p><ul><li>y</li></ul>", "- [ ] x"),
    ],
)
def test_a_check_box_has_text_on_its_line(content: str, line: str) -> None:
    task = f"<ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>{content}</ac:task-body></ac:task>"

    markdown = convert_page(f"<ac:task-list>{task}</ac:task-list>").markdown

    assert markdown.splitlines()[0] == line
    (item,) = html.fragment_fromstring(READERS["cmark-gfm"](markdown), create_parent="div").xpath("ul/li")
    assert "x" in item.text_content() or not content


@pytest.mark.parametrize("reader", READERS)
def test_a_number_out_of_order_is_kept(reader: str) -> None:
    root = shown("<ol><li>a</li><li value='7'>b</li><li>c</li></ol>", reader)

    assert [(each.get("start", "1"), [item.text_content().strip() for item in each]) for each in root.iter("ol")] == [
        ("1", ["a"]),
        ("7", ["b", "c"]),
    ]
