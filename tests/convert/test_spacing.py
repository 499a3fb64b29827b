"""Objects that the wiki shows with space around them are separated from words; emphasis does not split words."""

import pytest

from bot.convert import PageContext, convert_page

_ANA = "<ac:link><ri:user ri:account-id='7'/></ac:link>"
_DONE = "<ac:structured-macro ac:name='status'><ac:parameter ac:name='title'>Done</ac:parameter></ac:structured-macro>"
_ISSUE = "<ac:structured-macro ac:name='jira'><ac:parameter ac:name='key'>A-1</ac:parameter></ac:structured-macro>"
_PICTURE = "<ac:image><ri:attachment ri:filename='a.png'/></ac:image>"


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        (f"<p>{_ANA}<span>z</span></p>", "@Ana z"),
        (f"<p>{_ANA}<strong>z</strong></p>", "@Ana **z**"),
        (f"<p>{_ANA}<code>z</code></p>", "@Ana `z`"),
        (f"<p>{_ANA}<a href='https://e.example'>z</a></p>", "@Ana [z](https://e.example)"),
        (f"<p><em>a</em>{_ANA}</p>", "*a* @Ana"),
        (f"<p><strong>{_ANA}</strong>z</p>", "**@Ana** z"),
        (f"<p>a<strong>{_ANA}</strong></p>", "a **@Ana**"),
        (f"<p>{_ANA}{_ANA}</p>", "@Ana @Ana"),
        (f"<p>a{_DONE}<u>z</u></p>", "a ⚪ **Done** <ins>z</ins>"),
        (f"<p>{_DONE}{_ANA}</p>", "⚪ **Done** @Ana"),
        ("<p>on<time datetime='2026-01-02'/><span>z</span></p>", "on 2026-01-02 z"),
        (f"<p><span>a</span>{_PICTURE}<em>z</em></p>", "a ![a.png](a.png) *z*"),
        (f"<p>{_ANA}, {_ANA}.</p>", "@Ana, @Ana."),
        (f"<p>({_ANA})</p>", "(@Ana)"),
        (f"<p>see{_ISSUE}<em>z</em></p>", "see **A-1** *z*"),
        ("<p>in<strong>side</strong>word</p>", "in**side**word"),
    ],
)
def test_words_and_objects_keep_apart(body: str, markdown: str) -> None:
    assert convert_page(body, PageContext(users={"7": "Ana"})).markdown == f"{markdown}\n"


def test_words_and_objects_keep_apart_in_a_cell_that_is_written_as_html() -> None:
    body = f"<table><tbody><tr><td colspan='2'>{_ANA}<b>z</b></td></tr></tbody></table>"

    assert (
        '<td colspan="2">@Ana<strong> z</strong></td>' in convert_page(body, PageContext(users={"7": "Ana"})).markdown
    )


def test_an_excerpt_with_a_macro_is_a_block_however_deep_the_macro_is() -> None:
    status = (
        '<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">ok</ac:parameter></ac:structured-macro>'
    )
    excerpt = '<ac:structured-macro ac:name="excerpt"><ac:rich-text-body>{}</ac:rich-text-body></ac:structured-macro>'

    direct, deep = (
        convert_page(f"a {excerpt.format(content)} b").markdown for content in (status, f"<strong>{status}</strong>")
    )

    assert (direct, deep) == ("a\n\n⚪ **ok**\n\nb\n", "a\n\n**⚪ ok**\n\nb\n")
