"""Turn rich text that a person pastes into the inline Markdown of the data file, and say what was dropped.

Google Docs wraps everything in `<b style="font-weight:normal">` and writes bold text as
`<span style="font-weight:700">`. Word writes the bullets of lists as text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import nh3
from bs4 import BeautifulSoup, Comment, Tag
from markdownify import MarkdownConverter

from bot.inline import ICON
from bot.plural import counted

MAX_PASTE = 1_000_000
"""Longest HTML that is read; a paste is cut there."""
_TAGS = {"p", "br", "b", "strong", "i", "em", "a", "code", "ul", "ol", "li"}
_LINE_TAGS = ("div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "tr", "section", "article", "dt", "dd")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_NEVER_SHOWN = ("script", "style", "template", "noscript", "head", "title", "meta", "link", "iframe", "object", "svg")
_PICTURES = ("img", "picture", "video", "audio", "canvas")
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|bolder|[6-9]00)", re.IGNORECASE)
_NOT_BOLD = re.compile(r"font-weight\s*:\s*(?:normal|lighter|[1-5]00)", re.IGNORECASE)
_ITALIC = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.IGNORECASE)
_COLOURED = re.compile(r"(?:^|;|\s)(?:color|background(?:-color)?)\s*:\s*([^;]+)", re.IGNORECASE)
_NO_COLOUR = re.compile(
    r"#0{3,6}|#f{3,6}|black|white|windowtext|inherit|initial|transparent|none|rgba?\(0, ?0, ?0.*", re.IGNORECASE
)
_LIST_MARK = re.compile(r"mso-list\s*:\s*ignore", re.IGNORECASE)
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
_TO_ESCAPE = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)")
_SCHEMES = {"http", "https", "mailto"}


@dataclass(frozen=True, slots=True)
class Pasted:
    """Pasted text as inline Markdown; *dropped* says what it no longer has."""

    markdown: str
    dropped: tuple[str, ...] = ()


def clean_paste(html: str) -> Pasted:
    """Return rich text as inline Markdown: bold, italic, code and links are kept, the rest becomes plain text."""
    soup = BeautifulSoup(html[:MAX_PASTE], "html.parser")
    dropped = [*_drop_invisible(soup), *_drop_objects(soup), *_flatten(soup), *_read_styles(soup)]
    clean = nh3.clean(str(soup), tags=_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None)
    text = _Inline(bullets="-", wrap=False).convert(clean)
    plain = _FORBIDDEN.sub("", text)
    if plain != text:
        dropped.append("invisible characters")
    return Pasted(_one_paragraph(plain), tuple(dropped))


def _drop_invisible(soup: BeautifulSoup) -> Iterator[str]:
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    for tag in soup.find_all(_NEVER_SHOWN):
        if not tag.decomposed:
            tag.decompose()
    for tag in soup.find_all(style=_LIST_MARK):
        tag.decompose()
    yield from ()


def _drop_objects(soup: BeautifulSoup) -> Iterator[str]:
    pictures = [tag for tag in soup.find_all(_PICTURES) if tag.find_parent(_PICTURES) is None]
    for picture in pictures:
        picture.decompose()
    if pictures:
        yield counted(len(pictures), "picture")
    unsafe = [link for link in soup.find_all("a", href=True) if not _is_followed(str(link["href"]))]
    for link in unsafe:
        link.unwrap()
    addresses = [link for link in unsafe if not str(link.get("href", "")).startswith("#")]
    if addresses:
        yield f"{counted(len(addresses), 'link')} to an address that is not on the web"


def _is_followed(href: str) -> bool:
    return href.strip().partition(":")[0].lower() in _SCHEMES


def _flatten(soup: BeautifulSoup) -> Iterator[str]:
    headings = soup.find_all(_HEADINGS)
    if headings:
        yield "the style of headings"
    for tag in soup.find_all("table"):
        yield "a table, of which the text is kept"
        for cell in tag.find_all(("td", "th")):
            cell.append(" ")
    if soup.find(("ul", "ol")) is not None:
        yield "the bullets of a list"
    for tag in soup.find_all(_LINE_TAGS):
        tag.name = "p"


def _read_styles(soup: BeautifulSoup) -> Iterator[str]:
    has_colours = False
    for tag in soup.find_all(style=True):
        style = str(tag["style"])
        has_colours |= tag.find_parent("a") is None and _has_colour(style)
        if tag.name in ("b", "strong") and _NOT_BOLD.search(style):
            tag.unwrap()
        elif tag.name not in ("b", "strong") and tag.name not in _HEADINGS and _BOLD.search(style):
            _wrap_content(soup, tag, "b")
        if _ITALIC.search(style) and tag.name not in ("i", "em"):
            _wrap_content(soup, tag, "i")
    if has_colours or soup.find("font", color=True) is not None:
        yield "colours"


def _has_colour(style: str) -> bool:
    return any(not _NO_COLOUR.fullmatch(value.strip()) for value in _COLOURED.findall(style))


def _wrap_content(soup: BeautifulSoup, tag: Tag, name: str) -> None:
    wrapper = soup.new_tag(name)
    for child in list(tag.contents):
        wrapper.append(child.extract())
    tag.append(wrapper)


class _Inline(MarkdownConverter):
    """Writes inline Markdown as the data file has it; a list becomes one line for each entry."""

    def escape(self, text: str, parent_tags: object) -> str:
        del parent_tags
        return ICON.sub(r"\\:\1:", _TO_ESCAPE.sub(r"\\\g<0>", text))

    def convert_li(self, el: Tag, text: str, parent_tags: object) -> str:
        del el, parent_tags
        return f"{text.strip()}\n"

    def convert_br(self, el: Tag, text: str, parent_tags: object) -> str:
        del el, text, parent_tags
        return "\n"

    def convert_a(self, el: Tag, text: str, parent_tags: object) -> str:
        del parent_tags
        words, href = text.strip(), str(el.get("href") or "")
        if not words or not href:
            return text
        target = href if _is_balanced(href) else re.sub(r"([\\()])", r"\\\1", href)
        edges = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        return f"{edges[0]}[{words}]({target.replace(' ', '%20')}){edges[1]}"


def _is_balanced(address: str) -> bool:
    return "\\" not in address and re.fullmatch(r"[^()]*(?:\([^()]*\)[^()]*)*", address) is not None


def _one_paragraph(text: str) -> str:
    """Return *text* with one line for each paragraph and entry, and without repeated blanks."""
    lines = (" ".join(line.split()) for line in text.replace("\u00a0", " ").splitlines())
    return "\n".join(line for line in lines if line)
