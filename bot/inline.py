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

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape as escape_xml
from typing import Protocol

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.config.data_model import Icon, LozengeColour, is_colour
from bot.storage.addresses import stated_title

EMOTICONS: dict[Icon, str] = {icon: icon.value for icon in Icon} | {
    Icon.STAR: "yellow-star",
    Icon.STAR_RED: "red-star",
    Icon.STAR_GREEN: "green-star",
    Icon.STAR_BLUE: "blue-star",
}
"""Name of each icon in storage format."""
PAINTS = {"colour": "color", "highlight": "background-color"}
"""CSS property of each scheme that colours words."""

_EXTERNAL = ("http:", "https:", "mailto:")
_WIKI = ("page", "attachment")
_CARD = "card"
_ATOMS = ("user", "username", "date", "status", "emoji")
_USUAL_LINK = re.compile(r"\[[^\\`<\[\]]+\]\((page:[^\s\\`<>()\[\]]+|https?://[^\s\\`<>()\[\]&]+)\)")
_ONLY_USUAL_LINKS = re.compile(rf"(?:[^\\`<\[\]]|{_USUAL_LINK.pattern})*")
"""Texts whose links a pattern finds, fifty times as fast as the parser: a large data file has thousands of them."""
_SCHEMES = tuple(f"({scheme}:" for scheme in (*_WIKI, _CARD, *_ATOMS, *PAINTS))
_PAINT_SCHEMES = tuple(f"({scheme}:" for scheme in PAINTS)
_ICON = re.compile(rf":({'|'.join(Icon)}):")
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
    text = "".join(_render(token, links) for token in _parse(markdown))
    if not keep_edges:
        return text
    return f"{' ' * markdown[:1].isspace()}{text}{' ' * markdown[-1:].isspace()}"


@lru_cache(maxsize=20_000)
def link_destinations(markdown: str) -> tuple[str, ...]:
    """Return the destinations of all links in *markdown*, in order: `page:…`, `attachment:…` or an address."""
    if _ONLY_USUAL_LINKS.fullmatch(markdown):
        return tuple(_USUAL_LINK.findall(markdown))
    destinations = (str(token.attrGet("href")) for token in _parse(markdown) if token.type == "link_open")
    return tuple(each.removeprefix(f"{_CARD}:") for each in destinations)


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
    return _ICON.sub(r"\:\1:", re.sub(r"([\\`*_\[\]<])", r"\\\1", text))


def _page_resource(target: PageTarget) -> str:
    space = f' ri:space-key="{escape_xml(target.space_key)}"' if target.space_key else ""
    return f'<ri:page{space} ri:content-title="{escape_xml(target.title)}" />'


class _Parser(MarkdownIt):
    """Accepts only links with known schemes, and does not change the addresses."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 -- their name
        return url.lower().startswith(_EXTERNAL) or url.startswith(("page:", "attachment:"))

    def normalizeLink(self, url: str) -> str:  # noqa: N802 -- their name
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 -- their name
        return link


def _scheme_rule(state: StateInline, silent: bool) -> bool:
    """Parse `[text](page:A title (with brackets))` and the other schemes, which CommonMark does not parse."""
    if state.src[state.pos] != "[":
        return False
    label_end = state.md.helpers.parseLinkLabel(state, state.pos, True)
    schemes = _SCHEMES
    if label_end < 0:  # the label contains a link, which only coloured words may do
        label_end, schemes = state.md.helpers.parseLinkLabel(state, state.pos, False), _PAINT_SCHEMES
    if label_end < 0 or not state.src.startswith(schemes, label_end + 1):
        return False
    end = _closing_bracket(state.src, label_end + 1)
    if end is None:
        return False
    destination = re.sub(r"\\([()\\])", r"\1", state.src[label_end + 2 : end]).strip()
    scheme, _, value = destination.partition(":")
    if not _is_valid(scheme, value) or (state.linkLevel > 0 and scheme in (*_WIKI, _CARD)):
        return False
    if not silent and scheme in _ATOMS:
        _push_atom(state, scheme, value, state.src[state.pos + 1 : label_end])
    elif not silent:
        _push_pair(state, destination, start=state.pos + 1, end=label_end, is_paint=scheme in PAINTS)
    state.pos = end + 1
    return True


def _is_valid(scheme: str, value: str) -> bool:
    match scheme:
        case "date":
            return _is_day(value)
        case "status":
            return value in set(LozengeColour)
        case "card":
            return value.lower().startswith(("http:", "https:"))
        case _ if scheme in PAINTS:
            return is_colour(value)
        case _:
            return bool(value.strip())


def _is_day(value: str) -> bool:
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == len("2024-05-05")


def _closing_bracket(source: str, opening: int) -> int | None:
    depth = 0
    position = opening
    while position < len(source):
        match source[position]:
            case "\\":
                position += 1
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth == 0:
                    return position
        position += 1
    return None


def _push_pair(state: StateInline, destination: str, *, start: int, end: int, is_paint: bool) -> None:
    """Push the tokens of a link or of coloured words, with the tokens of the label between them."""
    position, maximum = state.pos, state.posMax
    state.pos, state.posMax = start, end
    kind, level = ("paint", 0) if is_paint else ("link", 1)
    state.push(f"{kind}_open", "a", 1).attrs = {"href": destination}
    state.linkLevel += level
    state.md.inline.tokenize(state)
    state.linkLevel -= level
    state.push(f"{kind}_close", "a", -1).attrs = {"href": destination}
    state.pos, state.posMax = position, maximum


def _push_atom(state: StateInline, scheme: str, value: str, label: str) -> None:
    """Push one token for an object of the editor; the label is plain text."""
    tokens: list[Token] = []
    state.md.inline.parse(label, state.md, {}, tokens)
    token = state.push(scheme, "", 0)
    token.content, token.attrs = "".join(_words(tokens)), {"href": value}


def _icon_rule(state: StateInline, silent: bool) -> bool:
    match = _ICON.match(state.src, state.pos)
    if match is None or match.end() > state.posMax:
        return False
    if not silent:
        state.push("icon", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _parser() -> MarkdownIt:
    parser = _Parser("zero", {"html": False}).enable(["newline", "escape", "backticks", "emphasis", "link", "autolink"])
    parser.inline.ruler.before("link", "scheme", _scheme_rule)
    parser.inline.ruler.before("link", "icon", _icon_rule)
    parser.core.ruler.push("closing_href", _repeat_href)
    return parser


def _repeat_href(state: object) -> None:
    """Copy the destination of each link to its `link_close`: page links have another end tag in storage format."""
    for token in getattr(state, "tokens", ()):
        open_links: list[str] = []
        for child in token.children or ():
            if child.type == "link_open":
                open_links.append(str(child.attrGet("href")))
            elif child.type == "link_close":
                child.attrs = {"href": open_links.pop()}


def _render(token: Token, links: LinkResolver) -> str:
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
            return "</ac:link-body></ac:link>" if _scheme_of(token) in _WIKI else "</a>"
        case "paint_open":
            scheme, _, value = str(token.attrGet("href")).partition(":")
            return f'<span style="{PAINTS[scheme]}: {escape_xml(value)};">'
        case "icon":
            return emoticon(Icon(token.content))
        case kind if kind in _ATOMS:
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


def _scheme_of(token: Token) -> str:
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


_PARSER = _parser()


def _parse(markdown: str) -> Sequence[Token]:
    (inline,) = _PARSER.parseInline(markdown.strip())
    return inline.children or ()


def plain_text(markdown: str) -> str:
    """Return the text of inline Markdown without markup."""
    return "".join(_words(_parse(markdown)))


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        yield " " if token.type in {"softbreak", "hardbreak"} else "" if token.type == "icon" else token.content


def text_outside_code(markdown: str) -> str:
    """Return the visible text of inline Markdown outside `code`, to search for markup that was not recognised."""
    return "".join(_words(token for token in _parse(markdown) if token.type != "code_inline"))
