"""Inline Markdown → storage format (markdown-it-py).

Bold, italic, code and links are Markdown; all else is text. What the wiki's editor can insert into a line is written as
a link with a scheme of its own:

| Markdown | shows |
|---|---|
| `[words](page:Title or id)`, `[words](attachment:file.pdf)` | a link to a page of the wiki, or to a file of the page |
| `[words](card:https://…)` | a smart link: the wiki shows the title of the target |
| `[@Name](user:id)`, `[@name](username:name)` | a mention of a person; the wiki shows the present name |
| `[2024-05-05](date:2024-05-05)` | a date of the editor's calendar |
| `[ON TRACK](status:green)` | a status lozenge |
| `[words](colour:rgb(0,128,0))`, `[words](highlight:#ffeb3b)` | coloured words, words on a coloured ground |
| `[:name:](emoji:id)` | an emoji that only this wiki has; all others are characters |
| `:tick:` | an icon of the editor, by its name in `Icon` |
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape as escape_xml
from typing import TYPE_CHECKING, Protocol

from bot.config.data_model import Icon, LozengeColour
from bot.storage.addresses import stated_title

if TYPE_CHECKING:
    from markdown_it.token import Token

EMOTICONS: dict[Icon, str] = {icon: icon.value for icon in Icon} | {
    Icon.STAR: "yellow-star",
    Icon.STAR_RED: "red-star",
    Icon.STAR_GREEN: "green-star",
    Icon.STAR_BLUE: "blue-star",
}
"""Name of each icon in storage format."""
PAINTS = {"colour": "color", "highlight": "background-color"}
"""CSS property of each scheme that colours words."""

WIKI = ("page", "attachment")
CARD = "card"
ATOMS = ("user", "username", "date", "status", "emoji")
_USUAL_LINK = re.compile(r"\[[^\\`<\[\]]+\]\((page:[^\s\\`<>()\[\]]+|https?://[^\s\\`<>()\[\]&]+)\)")
_ONLY_USUAL_LINKS = re.compile(rf"(?:[^\\`<\[\]]|{_USUAL_LINK.pattern})*")
"""Texts whose links a pattern finds, fifty times as fast as the parser: a large data file has thousands of them."""
ICON = re.compile(rf":({'|'.join(Icon)}):")
_LITERAL = re.compile(r"[^\\`*_<:\[\]\r\n\0]*")
"""Texts without markup, which need no parser."""
_USER_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class PageTarget:
    """Target page of a link; *space_key* is set only if the page is in another space than the link."""

    title: str
    space_key: str | None = None


class LinkResolver(Protocol):
    """Resolves references to pages of the wiki."""

    def find_target(self, reference: str) -> PageTarget | None:
        """Return the page that *reference* (title or id) names; None if unknown."""
        ...


class TitlesAsWritten:
    """A resolver without access to a wiki; treats every reference as a title."""

    def find_target(self, reference: str) -> PageTarget | None:
        """Return a page with the title *reference*."""
        return PageTarget(stated_title(reference))


def to_storage(markdown: str, links: LinkResolver, *, keep_edges: bool = False) -> str:
    """Render inline Markdown as storage format; *keep_edges*: keep one space at each end that has white space."""
    text = _text_to_storage(markdown, links)
    if not keep_edges:
        return text
    return f"{' ' * markdown[:1].isspace()}{text}{' ' * markdown[-1:].isspace()}"


def _text_to_storage(markdown: str, links: LinkResolver) -> str:
    if _LITERAL.fullmatch(markdown):
        return escape_xml(markdown.strip(), quote=False)
    return "".join(_render(token, links) for token in _parse(markdown))


@lru_cache(maxsize=20_000)
def link_destinations(markdown: str) -> tuple[str, ...]:
    """Return the destinations of all links in *markdown*, in order: `page:…`, `attachment:…` or an address."""
    if _ONLY_USUAL_LINKS.fullmatch(markdown):
        return tuple(_USUAL_LINK.findall(markdown))
    destinations = (str(token.attrGet("href")) for token in _parse(markdown) if token.type == "link_open")
    return tuple(each.removeprefix(f"{CARD}:") for each in destinations)


def page_link(reference: str, body: str, links: LinkResolver) -> str:
    """Return a link to the page with that title or id; *body* is the link text in storage format."""
    target = links.find_target(reference) or PageTarget(stated_title(reference))
    return f"<ac:link>{_page_resource(target)}<ac:link-body>{body}</ac:link-body></ac:link>"


def attachment_link(name: str, body: str) -> str:
    """Return a link to an attachment of the page that contains the link; *body* is the link text in storage format."""
    resource = f'<ri:attachment ri:filename="{escape_xml(name)}" />'
    return f"<ac:link>{resource}<ac:link-body>{body}</ac:link-body></ac:link>"


def emoticon(icon: Icon) -> str:
    """Return the storage format of an icon."""
    return f'<ac:emoticon ac:name="{EMOTICONS[icon]}" />'


def lozenge(text: str, colour: LozengeColour) -> str:
    """Return a status lozenge."""
    return (
        f'<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">{escape_xml(text, quote=False)}'
        f'</ac:parameter><ac:parameter ac:name="colour">{colour.capitalize()}</ac:parameter></ac:structured-macro>'
    )


def escape(text: str) -> str:
    """Return Markdown that `to_storage` renders as the literal *text*."""
    return ICON.sub(r"\:\1:", re.sub(r"([\\`*_\[\]<])", r"\\\1", text))


def _page_resource(target: PageTarget) -> str:
    space = f' ri:space-key="{escape_xml(target.space_key)}"' if target.space_key else ""
    return f'<ri:page{space} ri:content-title="{escape_xml(target.title)}" />'


def _render(token: "Token", links: LinkResolver) -> str:
    match token.type:
        case "text" | "text_special":
            return escape_xml(token.content, quote=False)
        case "code_inline":
            return f"<code>{escape_xml(token.content, quote=False)}</code>"
        case "softbreak":
            return " "
        case "hardbreak":
            return "<br />"
        case "link_open":
            return _open_link(str(token.attrGet("href")), links)
        case "link_close":
            return "</ac:link-body></ac:link>" if _scheme_of(token) in WIKI else "</a>"
        case "paint_open":
            scheme, _, value = str(token.attrGet("href")).partition(":")
            return f'<span style="{PAINTS[scheme]}: {escape_xml(value)};">'
        case "icon":
            return emoticon(Icon(token.content))
        case kind if kind in ATOMS:
            return _render_atom(kind, str(token.attrGet("href")), token.content)
        case kind:
            return _TAGS[kind]


_TAGS = {
    "strong_open": "<strong>",
    "strong_close": "</strong>",
    "em_open": "<em>",
    "em_close": "</em>",
    "paint_close": "</span>",
}


def _render_atom(scheme: str, value: str, label: str) -> str:
    match scheme:
        case "date":
            return f'<time datetime="{value}" />'
        case "status":
            return lozenge(label, LozengeColour(value))
        case "emoji":
            name = escape_xml(f":{label.strip(':')}:")
            return (
                f'<ac:emoticon ac:name="blue-star" ac:emoji-shortname="{name}" ac:emoji-id="{escape_xml(value)}" '
                f'ac:emoji-fallback="{name}" />'
            )
        case "username":
            return f'<ac:link><ri:user ri:username="{escape_xml(value)}" /></ac:link>'
        case _:
            key = "userkey" if _USER_KEY.fullmatch(value) else "account-id"  # Data Center has keys, Cloud account ids
            return f'<ac:link><ri:user ri:{key}="{escape_xml(value)}" /></ac:link>'


def _scheme_of(token: "Token") -> str:
    return str(token.attrGet("href")).partition(":")[0]


def _open_link(destination: str, links: LinkResolver) -> str:
    kind, _, name = destination.partition(":")
    name = name.removeprefix("<").removesuffix(">").strip()
    match kind:
        case "page":
            return page_link(name, "", links).removesuffix("</ac:link-body></ac:link>")
        case "attachment":
            return attachment_link(name, "").removesuffix("</ac:link-body></ac:link>")
        case "card":
            return f'<a href="{escape_xml(name)}" data-card-appearance="inline">'
        case _:
            return f'<a href="{escape_xml(destination)}">'


def _parse(markdown: str) -> "Sequence[Token]":
    from bot.inline_parser import parse_inline  # slow to import

    return parse_inline(markdown)


def plain_text(markdown: str) -> str:
    """Return the text of inline Markdown without markup."""
    return markdown.strip() if _LITERAL.fullmatch(markdown) else "".join(words_of(_parse(markdown)))


def text_outside_code(markdown: str) -> str:
    """Return the visible text of inline Markdown outside `code`, to search for markup that was not recognised."""
    if _LITERAL.fullmatch(markdown):
        return markdown.strip()
    return "".join(words_of(token for token in _parse(markdown) if token.type != "code_inline"))


def words_of(tokens: "Iterable[Token]") -> Iterator[str]:
    """Yield the text of each token."""
    for token in tokens:
        yield " " if token.type in {"softbreak", "hardbreak"} else "" if token.type == "icon" else token.content
