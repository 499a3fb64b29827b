"""Inline Markdown → storage format: bold, italic, code and links; all else is text (markdown-it-py)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as escape_xml
from typing import Protocol

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_EXTERNAL = ("http:", "https:", "mailto:")
_WIKI = ("page:", "attachment:")


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
        return PageTarget(reference)


def to_storage(markdown: str, links: LinkResolver) -> str:
    """Render inline Markdown as storage format."""
    (inline,) = _PARSER.parseInline(markdown.strip())
    return "".join(_render(token, links) for token in inline.children or ())


def link_destinations(markdown: str) -> list[str]:
    """Return the destinations of all links in *markdown*, in order: `page:…`, `attachment:…` or an address."""
    (inline,) = _PARSER.parseInline(markdown.strip())
    return [str(token.attrGet("href")) for token in inline.children or () if token.type == "link_open"]


def page_link(reference: str, body: str, links: LinkResolver) -> str:
    """Return a link to the page with that title or id; *body* is the link text in storage format."""
    target = links.find_target(reference) or PageTarget(reference)
    return f"<ac:link>{_page_resource(target)}<ac:link-body>{body}</ac:link-body></ac:link>"


def attachment_link(name: str, body: str) -> str:
    """Return a link to an attachment of the page that contains the link; *body* is the link text in storage format."""
    resource = f'<ri:attachment ri:filename="{escape_xml(name)}" />'
    return f"<ac:link>{resource}<ac:link-body>{body}</ac:link-body></ac:link>"


def escape(text: str) -> str:
    """Return Markdown that `to_storage` renders as the literal *text*."""
    return re.sub(r"([\\`*_\[\]<])", r"\\\1", text)


def _page_resource(target: PageTarget) -> str:
    space = f' ri:space-key="{escape_xml(target.space_key)}"' if target.space_key else ""
    return f'<ri:page{space} ri:content-title="{escape_xml(target.title)}" />'


class _Parser(MarkdownIt):
    """Accepts only links with known schemes, and does not change the addresses."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 -- their name
        return url.lower().startswith(_EXTERNAL) or url.startswith(_WIKI)

    def normalizeLink(self, url: str) -> str:  # noqa: N802 -- their name
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 -- their name
        return link


def _wiki_link(state: StateInline, silent: bool) -> bool:
    """Parse `[text](page:A title with spaces (and brackets))`, which CommonMark does not parse as a link."""
    if state.src[state.pos] != "[" or state.linkLevel > 0:
        return False
    label_end = state.md.helpers.parseLinkLabel(state, state.pos, True)
    if label_end < 0 or not state.src.startswith(tuple(f"({kind}" for kind in _WIKI), label_end + 1):
        return False
    end = _closing_bracket(state.src, label_end + 1)
    if end is None:
        return False
    if not silent:
        destination = re.sub(r"\\([()\\])", r"\1", state.src[label_end + 2 : end]).strip()
        _push_link(state, destination, start=state.pos + 1, end=label_end)
    state.pos = end + 1
    return True


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


def _push_link(state: StateInline, destination: str, *, start: int, end: int) -> None:
    position, maximum = state.pos, state.posMax
    state.pos, state.posMax = start, end
    state.push("link_open", "a", 1).attrs = {"href": destination}
    state.linkLevel += 1
    state.md.inline.tokenize(state)
    state.linkLevel -= 1
    state.push("link_close", "a", -1).attrs = {"href": destination}
    state.pos, state.posMax = position, maximum


def _parser() -> MarkdownIt:
    parser = _Parser("zero", {"html": False}).enable(["newline", "escape", "backticks", "emphasis", "link", "autolink"])
    parser.inline.ruler.before("link", "wiki_link", _wiki_link)
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
            return "</ac:link-body></ac:link>" if str(token.attrGet("href")).startswith(_WIKI) else "</a>"
        case kind:
            return _TAGS[kind]


_TAGS = {"strong_open": "<strong>", "strong_close": "</strong>", "em_open": "<em>", "em_close": "</em>"}


def _open_link(destination: str, links: LinkResolver) -> str:
    kind, _, name = destination.partition(":")
    name = name.removeprefix("<").removesuffix(">").strip()
    if kind == "page":
        return page_link(name, "", links).removesuffix("</ac:link-body></ac:link>")
    if kind == "attachment":
        return attachment_link(name, "").removesuffix("</ac:link-body></ac:link>")
    return f'<a href="{escape_xml(destination)}">'


_PARSER = _parser()


def plain_text(markdown: str) -> str:
    """Return the text of inline Markdown without markup."""
    (inline,) = _PARSER.parseInline(markdown.strip())
    return "".join(_words(inline.children or ()))


def _words(tokens: Sequence[Token]) -> list[str]:
    return [" " if token.type in {"softbreak", "hardbreak"} else token.content for token in tokens]


def text_outside_code(markdown: str) -> str:
    """Return the visible text of inline Markdown outside `code`, to search for markup that was not recognised."""
    (inline,) = _PARSER.parseInline(markdown.strip())
    return "".join(_words([token for token in inline.children or () if token.type != "code_inline"]))
