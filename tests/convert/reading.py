"""Read Markdown back the way GitHub does, to see what a reader sees."""

from lxml import html

from benchmarks.fidelity_markdown import READERS
from bot.convert import PageContext, convert_page


def shown(body: str, reader: str = "markdown-it") -> html.HtmlElement:
    """Convert *body* and return the rendered result as HTML elements."""
    markdown = convert_page(body, PageContext()).markdown
    return html.fragment_fromstring(READERS[reader](markdown), create_parent="div")
