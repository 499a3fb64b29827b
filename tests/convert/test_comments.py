"""Inline comments become footnotes without a loss."""

import pytest

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
