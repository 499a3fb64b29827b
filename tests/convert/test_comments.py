"""Inline comments become footnotes without a loss."""

import pytest
from lxml import html

from benchmarks.fidelity_markdown import READERS
from bot.convert import InlineComment, PageContext, convert_page

_MARKED = '<p>see <ac:inline-comment-marker ac:ref="r">this</ac:inline-comment-marker></p>'


def _footnote(body: str, **known: dict[str, str]) -> str:
    context = PageContext(comments={"r": InlineComment("Li", body)}, **known)  # type: ignore[arg-type]
    text, _, footnote = convert_page(_MARKED, context).markdown.partition("\n\n[^1]: ")
    assert text == "see this[^1]"
    return footnote


@pytest.mark.parametrize(
    ("body", "footnote"),
    [
        ("<p>Ask <ac:link><ri:user ri:account-id='7:a'/></ac:link> now</p>", "**Li**: Ask @Ana Souza now\n"),
        ("<p>see <a href='https://e.example/x'>doc</a></p>", "**Li**: see [doc](https://e.example/x)\n"),
        ("<p>by <time datetime='2026-01-02'/></p>", "**Li**: by 2026-01-02\n"),
        ("<p>in<strong>side</strong>word H<sub>2</sub>O</p>", "**Li**: in**side**word H<sub>2</sub>O\n"),
        ("<p>one</p><p>two</p>", "**Li**: one\n\n    two\n"),
        ("<p>x <code>a[i]</code></p>", "**Li**: x `a[i]`\n"),
        ("", "**Li**:\n"),
        ("<p>x</p><ac:structured-macro ac:name='toc'/><h3>y</h3>", "**Li**: x\n\n    ### y\n"),
        (
            (
                "<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>incomplete</ac:task-status>"
                "<ac:task-body>do</ac:task-body></ac:task></ac:task-list>"
            ),
            "**Li**:\n\n    - [ ] do\n",
        ),
        (
            (
                "<ac:structured-macro ac:name='code'><ac:parameter ac:name='language'>py</ac:parameter>"
                "<ac:plain-text-body><![CDATA[if (a[i[0]] > 5) x();]]></ac:plain-text-body></ac:structured-macro>"
            ),
            "**Li**:\n\n    ```python\n    if (a[i[0]] > 5) x();\n    ```\n",
        ),
        ("<p><ac:image><ri:attachment ri:filename='a.png'/></ac:image></p>", "**Li**: ![a.png](files/a.png)\n"),
    ],
)
def test_a_footnote_says_what_the_comment_says(body: str, footnote: str) -> None:
    assert _footnote(body, users={"7:a": "Ana Souza"}, attachments={"a.png": "files/a.png"}) == footnote


def test_what_a_comment_loses_is_a_loss_of_the_page() -> None:
    reply = InlineComment("Ana", "<p><ac:link><ri:user ri:account-id='unknown'/></ac:link></p>")
    context = PageContext(comments={"r": InlineComment("Li", "<p>x</p>", (reply,))})

    losses = convert_page(_MARKED, context).losses

    assert [(loss.kind, loss.what) for loss in losses] == [("user", "unknown")]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("words", ["(see-below)", "<strong>x</strong>(see-below)", ": see below", "[see](below)"])
@pytest.mark.parametrize("marked", ["marked", ""])
def test_words_behind_a_mark_are_no_address_and_no_footnote(marked: str, words: str, reader: str) -> None:
    body = f'<p><ac:inline-comment-marker ac:ref="c">{marked}</ac:inline-comment-marker>{words}</p>'

    markdown = convert_page(body, PageContext(comments={"c": InlineComment("Ana", "<p>Why?</p>")})).markdown

    paragraph = html.fragment_fromstring(READERS[reader](markdown), create_parent="div").find("p")
    assert paragraph is not None
    assert "see" in paragraph.text_content()
    assert "below" in paragraph.text_content()
    assert paragraph.xpath(".//a[not(ancestor::sup)]") == []


def test_a_link_in_the_words_of_a_link_is_a_loss_and_a_link_without_words_has_the_title() -> None:
    body = '<p><a href="https://a.example/">out <ac:link><ri:page ri:content-title="Inner"/></ac:link></a></p>'
    body += '<p><ac:link><ri:page ri:content-title="Untitled words"/><ac:link-body><br/></ac:link-body></ac:link></p>'

    conversion = convert_page(body, PageContext(space_key="S", base_url="https://w.example"))

    assert [loss.detail for loss in conversion.losses] == ["in the words of another link"]
    assert "Inner" in conversion.losses[0].what
    assert "[Untitled words](" in conversion.markdown


@pytest.mark.parametrize("inner", ["a", "b", "c"])
def test_a_mark_in_the_text_of_a_comment_is_a_loss(inner: str) -> None:
    marker = '<ac:inline-comment-marker ac:ref="{}">{}</ac:inline-comment-marker>'
    reply = InlineComment("Li", f"<p>{marker.format(inner, 'inside')}</p>")
    context = PageContext(
        comments={"a": InlineComment("Ana", reply.body, (reply,)), "b": InlineComment("Omar", "<p/>")}
    )

    conversion = convert_page(f"<p>{marker.format('a', 'one')}</p>", context)

    assert conversion.markdown == "one[^1]\n\n[^1]: **Ana**: inside\n\n    > **Li**: inside\n"
    assert [loss.what for loss in conversion.losses] == [
        "inline comment (marked in the text of another comment, without a footnote)"
    ]
