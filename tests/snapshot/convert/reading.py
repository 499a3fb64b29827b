"""Read Markdown back the way GitHub does, to see what a reader sees."""

from lxml import html

from benchmarks.fidelity_markdown import render
from bot.snapshot.convert import PageContext, convert_page


def shown(body: str, context: PageContext | None = None) -> html.HtmlElement:
    """Convert *body* and return the rendered result as HTML elements."""
    markdown = convert_page(body, context or PageContext()).markdown
    return html.fragment_fromstring(render(markdown), create_parent="div")


def shown_words(body: str) -> list[str]:
    """Return the words that a reader of the converted *body* sees."""
    return str(shown(body).text_content()).split()
