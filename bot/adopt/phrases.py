"""Read a line of a page as phrases: words with their marks, icons and line breaks.

Marks are ordered from the outermost to the innermost. White space between two phrases has only the marks that both
phrases share. This gives equal phrases for all equivalent spellings of a line.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.adopt.data_targets import CannotSayError, LinkTarget, Pages, read_target
from bot.adopt.dates import format_day
from bot.config.data_model import Icon
from bot.inline import EMOTICONS
from bot.storage.reader import Element, Text

_ICONS = {name: icon for icon, name in EMOTICONS.items()}
_SPACES = re.compile(r"[ \t\r\n]+")
_HARD_SPACE = "\u00a0"
_STYLED_ONLY = {"span", "u", "small", "big", "font", "ins"}
_TRANSPARENT = {"ac:inline-comment-marker", "ac:link-body", "ac:plain-text-link-body"}


class Style(StrEnum):
    """A text style of inline Markdown."""

    STRONG = "strong"
    EM = "em"
    CODE = "code"


Mark = Style | LinkTarget
_STYLES = {"strong": Style.STRONG, "b": Style.STRONG, "em": Style.EM, "i": Style.EM, "code": Style.CODE}


@dataclass(frozen=True, slots=True)
class Words:
    """A run of words and its marks, outermost first."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Symbol:
    """An icon."""

    icon: Icon


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A line break."""


Phrase = Words | Symbol | LineBreak


@dataclass(slots=True)
class Context:
    """Input for reading phrases, and the notes about formatting that is lost; words are never lost."""

    pages: Pages
    keeps_hard_spaces: bool = True
    notes: dict[str, None] = field(default_factory=dict)

    def note(self, text: str) -> None:
        """Add a note; repeated notes are ignored."""
        self.notes[text] = None


def read_phrases(nodes: Iterable[Element | Text], context: Context) -> list[Phrase]:
    """Read one line; raises `CannotSayError` for content that inline Markdown and icons cannot represent."""
    return settle(list(_read(nodes, context)))


def say(phrases: Iterable[Phrase]) -> str:
    """Return the words without marks."""
    return "".join(each.text if isinstance(each, Words) else " " for each in phrases).strip()


def split_lines(phrases: Iterable[Phrase]) -> list[list[Phrase]]:
    """Split phrases into lines at the line breaks; lines without words and icons are omitted."""
    lines: list[list[Phrase]] = [[]]
    for phrase in phrases:
        if isinstance(phrase, LineBreak):
            lines.append([])
        else:
            lines[-1].append(phrase)
    settled = (settle(line) for line in lines)
    return [line for line in settled if line]


def _read(nodes: Iterable[Element | Text], context: Context) -> Iterator[Phrase]:
    stack: list[tuple[Iterator[Element | Text], tuple[Mark, ...]]] = [(iter(nodes), ())]
    while stack:
        node = next(stack[-1][0], None)
        marks = stack[-1][1]
        if node is None:
            stack.pop()
        elif isinstance(node, Text):
            if node.is_visible:
                yield Words(_read_text(node, context), marks)
        elif node.name in ("a", "ac:link"):
            target = _read_link(node, marks, context)
            stack.append((iter(node.nodes), (*marks, target)))
            if _has_no_words(node):
                yield Words(_title(node, target), (*marks, target))
        elif node.name in _STYLES or node.name in _TRANSPARENT or node.name in _STYLED_ONLY:
            stack.append((iter(node.nodes), _mark(node, marks, context)))
        elif not node.name.startswith("ri:"):
            yield _read_object(node, marks, context)


def _read_text(node: Text, context: Context) -> str:
    if context.keeps_hard_spaces or _HARD_SPACE not in node.value:
        return node.value
    context.note("hard spaces become plain ones")
    return node.value.replace(_HARD_SPACE, " ")


def _mark(element: Element, marks: tuple[Mark, ...], context: Context) -> tuple[Mark, ...]:
    if element.name in _STYLED_ONLY and (element.name != "span" or element.attributes.get("style")):
        context.note("colours, underlining and sizes of words are not kept")
    style = _STYLES.get(element.name)
    return marks if style is None or style in marks else (*marks, style)


def _read_link(link: Element, marks: tuple[Mark, ...], context: Context) -> LinkTarget:
    if any(isinstance(mark, LinkTarget) for mark in marks):
        raise CannotSayError("a link within a link")
    return read_target(link, context.pages)


def _has_no_words(link: Element) -> bool:
    """Whether the link has no text, so that the wiki shows the title of its target."""
    return (
        link.name == "ac:link"
        and not link.text.strip()
        and all(each.name.startswith("ri:") or each.name in _TRANSPARENT for each in link.elements())
    )


def _title(link: Element, target: LinkTarget) -> str:
    resource = next(child for child in link.children if child.name.startswith("ri:"))
    return resource.attributes.get("ri:content-title") or resource.attributes.get("ri:filename") or target.value


def _read_object(element: Element, marks: tuple[Mark, ...], context: Context) -> Phrase:
    match element.name:
        case "br":
            return LineBreak()
        case "ac:emoticon":
            return Symbol(_read_icon(element))
        case "time":
            return Words(_read_time(element, context), marks)
        case "ac:image" | "img":
            raise CannotSayError("an image")
        case "ac:structured-macro" | "ac:macro":
            raise CannotSayError(f"the macro {element.attributes.get('ac:name', '')!r}")
        case name:
            raise CannotSayError(f"<{name}>")


def _read_icon(element: Element) -> Icon:
    name = element.attributes.get("ac:name", "")
    shortname = element.attributes.get("ac:emoji-shortname")
    if name == "blue-star" and shortname not in (None, ":blue_star:"):  # the editor uses this name for all other emoji
        raise CannotSayError(f"the emoji {shortname}")
    if name not in _ICONS:
        raise CannotSayError(f"the icon {name!r}")
    return _ICONS[name]


def _read_time(element: Element, context: Context) -> str:
    stamp = element.attributes.get("datetime", "")
    try:
        day = dt.date.fromisoformat(stamp[:10])
    except ValueError as error:
        raise CannotSayError(f"a date that is none: {stamp!r}") from error
    context.note("a date of the editor's calendar becomes words")
    return format_day(day)


def settle(phrases: list[Phrase]) -> list[Phrase]:
    """Return the canonical form of *phrases*, which is equal for all equivalent spellings of a line."""
    pieces = _mark_spaces(_trim([piece for phrase in phrases for piece in _split_spaces(phrase)]))
    settled: list[Phrase] = []
    for piece in pieces:
        last = settled[-1] if settled else None
        if isinstance(piece, Words) and isinstance(last, Words) and last.marks == piece.marks:
            settled[-1] = replace(last, text=_SPACES.sub(" ", last.text + piece.text))
        else:
            settled.append(piece)
    return settled


def _split_spaces(phrase: Phrase) -> Iterator[Phrase]:
    if not isinstance(phrase, Words) or Style.CODE in phrase.marks:
        yield phrase
        return
    for piece in re.split(r"([ \t\r\n]+)", phrase.text):
        if piece:
            yield Words(_SPACES.sub(" ", piece), phrase.marks)


def _trim(pieces: list[Phrase]) -> list[Phrase]:
    """Remove white space (including no-break spaces) and line breaks at both ends."""
    while pieces and _is_blank(pieces[0]):
        pieces = pieces[1:]
    while pieces and _is_blank(pieces[-1]):
        pieces = pieces[:-1]
    for at, strip in ((0, str.lstrip), (-1, str.rstrip)):
        if pieces and isinstance(pieces[at], Words) and Style.CODE not in marks_of(pieces[at]):
            pieces[at] = Words(strip(text_of(pieces[at])), marks_of(pieces[at]))
    return pieces


def _mark_spaces(pieces: list[Phrase]) -> list[Phrase]:
    """Remove white space at line breaks and repeated white space; keep only marks that both neighbours share."""
    marked: list[Phrase] = []
    for index, piece in enumerate(pieces):
        if not _is_space(piece):
            marked.append(piece)
            continue
        before = marked[-1]
        after = next(each for each in pieces[index:] if not _is_space(each))
        if isinstance(before, LineBreak) or isinstance(after, LineBreak) or _is_space(before):
            continue
        around = shared_marks(marks_of(before), marks_of(after))
        marked.append(Words(" ", shared_marks(marks_of(piece), around)))
    return marked


def _is_space(phrase: Phrase) -> bool:
    return isinstance(phrase, Words) and not phrase.text.strip(" \t\r\n")


def _is_blank(phrase: Phrase) -> bool:
    return isinstance(phrase, LineBreak) or (isinstance(phrase, Words) and not phrase.text.strip())


def marks_of(phrase: Phrase) -> tuple[Mark, ...]:
    """Return the marks around a phrase."""
    return phrase.marks if isinstance(phrase, Words) else ()


def text_of(phrase: Phrase) -> str:
    """Return the text of a phrase; empty for icons and line breaks."""
    return phrase.text if isinstance(phrase, Words) else ""


def shared_marks(a: tuple[Mark, ...], b: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return the common outer marks of two phrases."""
    count = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:count]
