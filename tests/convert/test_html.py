"""HTML becomes Markdown by markdownify; our own writer follows its conventions wherever both apply."""

import pytest

from bot.convert import convert_page, html_to_markdown

ALIKE = [
    "<h2>Title</h2><p>Some <strong>bold</strong> and <em>italic</em> words.</p>",
    "<p>A <a href='https://e.example/a'>link</a>, <a href='https://e.example'>https://e.example</a>.</p>",
    "<p>one<br/>two</p><p>next</p>",
    "<p>Code <code>a*b</code></p>",
    "<ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul>",
    "<ol><li>one</li><li>two</li></ol>",
    "<ol start='9'><li>nine</li><li>ten</li></ol>",
    "<blockquote><p>said</p></blockquote>",
    "<p><img src='a.png' alt='A'/></p>",
    "<p>before</p><hr/><p>after</p>",
    "<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>",
    "<p>x <del>gone</del></p>",
]


@pytest.mark.parametrize("fragment", ALIKE)
def test_our_writer_and_markdownify_agree(fragment: str) -> None:
    assert convert_page(fragment).markdown == html_to_markdown(fragment) + "\n"


def test_an_html_macro_shows_what_its_html_shows_and_its_source() -> None:
    source = "<p>Moved to <a href='https://e.example'>the new place</a>.</p><script>steal()</script>"
    body = f"<ac:plain-text-body><![CDATA[{source}]]></ac:plain-text-body>"

    conversion = convert_page(f"<ac:structured-macro ac:name='html'>{body}</ac:structured-macro>")

    shown, _, rest = conversion.markdown.partition("\n\n")
    assert shown == "Moved to [the new place](https://e.example)."
    assert rest == f"<details>\n<summary>HTML source</summary>\n\n```html\n{source}\n```\n\n</details>\n"
    assert [loss.what for loss in conversion.losses] == ["html"]


def test_what_is_never_shown_is_not_in_the_markdown() -> None:
    assert html_to_markdown("<style>p {}</style><p>x</p><script>y()</script><template>z</template>") == "x"
