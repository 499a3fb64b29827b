"""Read Markdown as GitHub renders it: convert it to HTML and read that with lxml."""

import re
from collections.abc import Callable

import cmarkgfm
from cmarkgfm.cmark import Options
from lxml import html
from markdown_it import MarkdownIt

from benchmarks.fidelity_source import EMPHASIS, Content, tokens


class _Reader(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 -- markdown-it's name
        """What a link may say is for the wiki to judge; here it must only be seen."""
        del url
        return True


_READER = _Reader("commonmark", {"html": True}).enable(["table", "strikethrough"])
_BLOCKS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "tr", "td", "th", "div", "pre", "br", "hr"),
    *("blockquote", "details", "summary", "img", "caption", "dt", "dd"),
}


def _render_with_cmark(markdown: str) -> str:
    """GitHub's own reader; its checkboxes become text again, as markdown-it leaves them."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    extensions = ["table", "strikethrough", "autolink", "tasklist"]
    rendered = str(cmarkgfm.markdown_to_html_with_extensions(markdown, options, extensions))
    return re.sub(r'<input type="checkbox"( checked="")? disabled="" />', lambda m: "[x]" if m[1] else "[ ]", rendered)


READERS: dict[str, Callable[[str], str]] = {
    "markdown-it": lambda markdown: str(_READER.render(markdown)),
    "cmark-gfm": _render_with_cmark,
}


def read_markdown(markdown: str, reader: str = "markdown-it") -> Content:
    """Return what *markdown* says to one of the `READERS`."""
    return read_html(READERS[reader](markdown))


def read_html(text: str) -> Content:
    """Return what an HTML fragment says to a reader."""
    root = html.fragment_fromstring(text, create_parent="div")
    _open_footnotes(root)
    content = Content(words=tokens(_text(root)))
    for element in root.iter():
        if isinstance(element.tag, str):
            _collect(element, content)
    tables = list(root.iter("table"))
    content.cells = [cell for number, table in enumerate(tables) for cell in _cells(number, table)]
    return content


def _open_footnotes(root: html.HtmlElement) -> None:
    """Take the numbers of footnotes out, and make the footnotes texts at the end instead of a list."""
    for reference in [*root.iter("sup")]:
        if "footnote-ref" in (reference.get("class") or ""):
            reference.drop_tree()
    for section in root.iter("section"):
        for element in [*section.iterchildren("ol"), *section.iterfind("ol/li")]:
            element.tag = "div"
        for back in [*section.iter("a")]:
            if "footnote-backref" in (back.get("class") or ""):
                back.drop_tree()


def _text(element: html.HtmlElement, *, within_lists: bool = True) -> str:
    pieces = [element.text or ""] if isinstance(element.tag, str) else []
    for child in element:
        name = child.tag if isinstance(child.tag, str) else ""
        if within_lists or name not in ("ul", "ol"):
            text = _text(child, within_lists=within_lists)
            pieces.append(f" {text} " if name in _BLOCKS else text)
        else:
            pieces.append(" ")
        pieces.append(child.tail or "")
    return "".join(pieces)


def _collect(element: html.HtmlElement, content: Content) -> None:
    name = str(element.tag)
    kind = EMPHASIS.get(name)
    if kind and not any(EMPHASIS.get(str(ancestor.tag)) == kind for ancestor in element.iterancestors()):
        content.emphasis += [f"{kind}{sign}" for sign in "".join(tokens(_text(element)))]
    content.attributes += [
        f"{key}={' '.join(value.split())}" for key in ("width", "height", "alt", "title") if (value := element.get(key))
    ]
    if name == "img":
        content.images.append(f"{element.get('src') or ''} {element.get('alt') or ''}")
    elif name == "a":
        content.images.append(f"{element.get('href') or ''} {element.text_content()}")
    if name == "a" and element.get("href"):
        content.links.append(str(element.get("href")))
    elif name == "img":
        content.links.append(str(element.get("src") or ""))
    elif re.fullmatch("h[1-6]", name):
        content.headings.append((int(name[1]), tokens(_text(element))))
    elif name == "li":
        lists = [ancestor.tag for ancestor in element.iterancestors() if ancestor.tag in ("ul", "ol")]
        words = tokens(_text(element, within_lists=False))
        content.items.append((len(lists), str(lists[0]) if lists else "ul", words))
        if state := re.match(r"\[ (x )?\] ", " ".join(words)):
            content.tasks.append(f"{'x' if state[1] else ' '} {' '.join(words)[state.end() :]}")
    elif name == "pre" or (name == "code" and not any(a.tag == "pre" for a in element.iterancestors())):
        content.code.append(element.text_content())


def _cells(number: int, table: html.HtmlElement) -> list[tuple[int, int, int, str, list[str]]]:
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table"), None) is table]
    if rows and not _text(rows[0]).strip() and len(rows) > 1 and rows[0].getparent().tag == "thead":
        rows = rows[1:]  # the head that a table without one must have in Markdown
    cells = []
    for row_number, row in enumerate(rows):
        for column, cell in enumerate(child for child in row if child.tag in ("td", "th")):
            span = f"{cell.get('colspan') or 1}×{cell.get('rowspan') or 1}"
            cells.append((number, row_number, column, span, tokens(_text(cell))))
    return cells
