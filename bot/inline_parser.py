"""The parser of inline Markdown: the rules of `bot.inline` for markdown-it-py."""

import datetime as dt
import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.config.data_model import LozengeColour, is_colour
from bot.inline import ATOMS, CARD, ICON, PAINTS, WIKI, words_of

_EXTERNAL = ("http:", "https:", "mailto:")
_SCHEMES = tuple(f"({scheme}:" for scheme in (*WIKI, CARD, *ATOMS, *PAINTS))
_PAINT_SCHEMES = tuple(f"({scheme}:" for scheme in PAINTS)


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
    if not _is_valid(scheme, value) or (state.linkLevel > 0 and scheme in (*WIKI, CARD)):
        return False
    if not silent and scheme in ATOMS:
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
    token.content, token.attrs = "".join(words_of(tokens)), {"href": value}


def _icon_rule(state: StateInline, silent: bool) -> bool:
    match = ICON.match(state.src, state.pos)
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


_PARSER = _parser()


def parse_inline(markdown: str) -> Sequence[Token]:
    """Return the tokens of *markdown*."""
    (inline,) = _PARSER.parseInline(markdown.strip())
    return inline.children or ()
