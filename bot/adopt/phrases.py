"""Read a line of a page as phrases: words with their marks, objects of the editor, and line breaks.

Marks are ordered from the outermost to the innermost. White space between two phrases has only the marks that both
phrases share. This gives equal phrases for all equivalent spellings of a line.

What the phrases do not represent (underlining, sizes) is not lost in silence: `impression` compares what the page shows
before and after, and names each difference.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import BaseModel, ValidationError

from bot.adopt.data_targets import CannotSayError, LinkTarget, Pages, read_target, resource_of
from bot.adopt.dates import calendar_day
from bot.config.data_model import Image, LozengeColour, is_colour
from bot.inline import EMOTICONS, PAINTS
from bot.storage.appearance import DEFAULT_COLOURS, settle_value
from bot.storage.emoticons import find_emoji, name_emoji
from bot.storage.macros import collapse, find_parameter, find_rich_text_body, macro_name
from bot.storage.reader import Element, Text
from bot.storage.unseen_text import is_unseen
from bot.storage.visible_text import text_of as shown

_ICONS = {name: icon for icon, name in EMOTICONS.items()}
_SPACES = re.compile(r"[ \t\r\n]+")
_STYLED_ONLY = {"span", "u", "small", "big", "font", "ins"}
_TRANSPARENT = {"ac:inline-comment-marker", "ac:link-body", "ac:plain-text-link-body"}
_NO_COLOURS = DEFAULT_COLOURS | {"inherit", "initial", "transparent"}


class Style(StrEnum):
    """A text style of inline Markdown."""

    STRONG = "strong"
    EM = "em"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Paint:
    """The colour of words; *scheme* is a key of `PAINTS`."""

    scheme: str
    colour: str


Mark = Style | LinkTarget | Paint
_STYLES = {"strong": Style.STRONG, "b": Style.STRONG, "em": Style.EM, "i": Style.EM, "code": Style.CODE}


@dataclass(frozen=True, slots=True)
class Words:
    """A run of words and its marks, outermost first."""

    text: str
    marks: tuple[Mark, ...] = ()


class Kind(StrEnum):
    """The kinds of objects in a line; all but ICON and PICTURE are schemes of inline Markdown."""

    ICON = "icon"
    DATE = "date"
    LOZENGE = "status"
    USER = "user"
    USERNAME = "username"
    EMOJI = "emoji"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Inserted:
    """An object that the editor inserted into a line; *label* is its text, except for an icon."""

    kind: Kind
    value: str
    label: str = ""
    marks: tuple[Mark, ...] = ()
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class LineBreak:
    """A line break."""


Phrase = Words | Inserted | LineBreak


BULLET = re.compile(r"\s*[•·▪▫►▸→»*–\-◦‣]\s*")
"""A sign that people type before each entry of a line."""
Fields = dict[str, object]
"""What was read from the page for one part of the data file, by the names of its keys."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known when a page is read: the pages of the wiki, and the language of dates.

    *keeps_hard_spaces*: the editors write a non-breaking space where people typed a plain one, so a non-breaking space
    of a page is a plain one, unless the data file uses them in the region. *base* is the present value of the region in
    the data file: where a page can be read in two ways, it decides.
    """

    pages: Pages
    language: str = "en"
    keeps_hard_spaces: bool = True
    base: BaseModel | None = None

    @property
    def layout(self) -> str | None:
        """The layout of the region that the data file has now."""
        return getattr(self.base, "layout", None)


def read_phrases(nodes: Iterable[Element | Text], context: Context) -> list[Phrase]:
    """Read one line; raises `CannotSayError` for content that inline Markdown cannot represent."""
    return settle(list(_read(nodes, context)))


def say(phrases: Iterable[Phrase]) -> str:
    """Return the words without marks."""
    return "".join(text_of(each) or (" " if isinstance(each, LineBreak) else "") for each in phrases).strip()


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
                yield Words(node.value if context.keeps_hard_spaces else node.value.replace("\u00a0", " "), marks)
        elif (mention := _find_mention(node, marks, context)) is not None:
            yield mention
        elif node.name in ("a", "ac:link"):
            target = _read_link(node, marks, context)
            stack.append((iter(node.nodes), (*marks, target)))
            if _has_no_words(node):
                yield Words(_title(node, target), (*marks, target))
        elif node.name in _STYLES or node.name in _TRANSPARENT or node.name in _STYLED_ONLY:
            stack.append((iter(node.nodes), (*marks, *_marks_added(node, marks))))
        elif not node.name.startswith("ri:"):
            yield _read_object(node, marks)


def _marks_added(element: Element, marks: tuple[Mark, ...]) -> Iterator[Mark]:
    style = _STYLES.get(element.name)
    if style is not None and style not in marks:
        yield style
    for paint in paints_of(element):
        if next((mark for mark in reversed(marks) if isinstance(mark, Paint)), None) != paint:
            yield paint


def paints_of(element: Element) -> Iterator[Paint]:
    """Yield the colours that *element* gives its words; the default colour of a page is none."""
    found = {"color": element.attributes.get("color", "")} if element.name == "font" else {}
    for declaration in element.attributes.get("style", "").split(";"):
        name, _, value = declaration.partition(":")
        found[name.strip().lower()] = value
    for scheme, css in PAINTS.items():
        written = re.sub(r"\s+", "", found.get(css, ""))
        settled = settle_value(written)
        colour = written if is_colour(written) else settled
        if settled not in _NO_COLOURS and is_colour(colour):
            yield Paint(scheme, colour)


def _find_mention(element: Element, marks: tuple[Mark, ...], context: Context) -> Inserted | None:
    user = resource_of(element) if element.name == "ac:link" else None
    if user is None or user.name != "ri:user":
        return None
    account = user.attributes.get("ri:account-id") or user.attributes.get("ri:userkey")
    name = user.attributes.get("ri:username")
    if account:
        return Inserted(Kind.USER, account, f"@{context.pages.name_user(account)}", _only_targets(marks))
    if name:
        return Inserted(Kind.USERNAME, name, f"@{name}", _only_targets(marks))
    raise CannotSayError("a mention of a person whom the wiki no longer knows")


def _read_link(link: Element, marks: tuple[Mark, ...], context: Context) -> LinkTarget:
    if any(isinstance(mark, LinkTarget) for mark in marks):
        raise CannotSayError("a link within a link")
    return read_target(link, context.pages)


def _has_no_words(link: Element) -> bool:
    """Return whether the link has no text, so that the wiki shows the title of its target."""
    return (
        link.name == "ac:link"
        and not link.text.strip()
        and all(each.name.startswith("ri:") or each.name in _TRANSPARENT for each in link.elements())
    )


def _title(link: Element, target: LinkTarget) -> str:
    resource = next(child for child in link.children if child.name.startswith("ri:"))
    return resource.attributes.get("ri:content-title") or resource.attributes.get("ri:filename") or target.value


def _read_object(element: Element, marks: tuple[Mark, ...]) -> Phrase:
    match element.name:
        case "br":
            return LineBreak()
        case "ac:emoticon":
            return _read_emoji(element, marks)
        case "time":
            day = calendar_day(element.attributes.get("datetime", ""))
            if day is None:
                raise CannotSayError(f"a date that is none: {element.attributes.get('datetime', '')!r}")
            return Inserted(Kind.DATE, day.isoformat(), day.isoformat(), _only_targets(marks))
        case "ac:structured-macro" | "ac:macro" if macro_name(element) == "status":
            return _read_lozenge(element, marks)
        case "ac:image":
            image = _read_image(element)
            return Inserted(Kind.PICTURE, image.name, image.name, _only_targets(marks), image)
        case "ac:structured-macro" | "ac:macro":
            raise CannotSayError(_describe_macro(element))
        case name:
            raise CannotSayError(f"<{name}> around {shown(element)!r}")


def _describe_macro(macro: Element) -> str:
    name = f"the macro {macro.attributes.get('ac:name', '')!r}"
    if find_rich_text_body(macro) is None:
        return f"{name}, whose content the wiki or another program makes"
    return f"{name} around {shown(macro)!r}"


def _read_emoji(element: Element, marks: tuple[Mark, ...]) -> Phrase:
    """Read an emoji: an icon of the old editor by its name, any other as its character or with its identifier."""
    identifier = element.attributes.get("ac:emoji-id", "")
    name = element.attributes.get("ac:name", "")
    is_placeholder = (
        name == "blue-star" and element.attributes.get("ac:emoji-shortname", ":blue_star:") != ":blue_star:"
    )
    if name in _ICONS and not is_placeholder and (not identifier or identifier.startswith("atlassian-")):
        return Inserted(Kind.ICON, _ICONS[name])
    is_unknown = is_placeholder and not identifier and not element.attributes.get("ac:emoji-fallback")
    characters = None if is_unknown else find_emoji(element)
    if characters is not None:
        return Words(characters, marks)
    if not identifier:
        shown = element.attributes.get("ac:emoji-shortname", name)
        raise CannotSayError(f"the emoji {shown!r}, which has no identifier on the page")
    return Inserted(Kind.EMOJI, identifier, f":{name_emoji(element)}:", _only_targets(marks))


def _read_image(element: Element) -> Image:
    attributes = element.attributes
    source = resource_of(element)
    place = {
        "attachment": source.attributes.get("ri:filename") if source and not source.children else None,
        "url": source.attributes.get("ri:value") if source else None,
        "alt": attributes.get("ac:alt"),
    }
    sizes = {key: attributes.get(f"ac:{key}", "") for key in ("width", "height")}
    try:
        known = {key: value for key, value in (place | sizes).items() if value}
        return Image.model_validate(known)
    except ValidationError as error:
        raise CannotSayError(f"the picture {' '.join(filter(None, place.values())) or 'of another page'!r}") from error


def _read_lozenge(macro: Element, marks: tuple[Mark, ...]) -> Inserted:
    colour = (find_parameter(macro, "colour") or find_parameter(macro, "color") or "grey").lower()
    title = collapse(find_parameter(macro, "title") or colour)
    known = {"gray": "grey"}.get(colour, colour)
    if known not in set(LozengeColour):
        raise CannotSayError(f"the status lozenge {title!r} in the colour {colour!r}")
    return Inserted(Kind.LOZENGE, known, title, _only_targets(marks))


def _only_targets(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return the links around an object: the other marks are not visible on it."""
    return tuple(mark for mark in marks if isinstance(mark, LinkTarget))


def take_colour(phrases: list[Phrase]) -> tuple[str | None, list[Phrase]]:
    """Return the colour of all words, and the phrases without that colour; None if the words differ."""
    words = [each for each in phrases if isinstance(each, Words) and each.text.strip()]
    colours = {next((m for m in each.marks if isinstance(m, Paint) and m.scheme == "colour"), None) for each in words}
    paint = colours.pop() if len(colours) == 1 else None
    if paint is None or not words:
        return None, phrases
    bare = [
        replace(each, marks=tuple(m for m in each.marks if m != paint)) if isinstance(each, Words) else each
        for each in phrases
    ]
    return paint.colour, settle(bare)


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
    return isinstance(phrase, LineBreak) or (isinstance(phrase, Words) and is_unseen(phrase.text))


def is_icon(phrase: Phrase) -> bool:
    """Return whether *phrase* is an icon."""
    return isinstance(phrase, Inserted) and phrase.kind is Kind.ICON


def find_target(phrase: Phrase) -> LinkTarget | None:
    """Return the target of the link around *phrase*, or None."""
    return next((mark for mark in marks_of(phrase) if isinstance(mark, LinkTarget)), None)


def marks_of(phrase: Phrase) -> tuple[Mark, ...]:
    """Return the marks around a phrase."""
    return () if isinstance(phrase, LineBreak) else phrase.marks


def text_of(phrase: Phrase) -> str:
    """Return the text of a phrase; empty for icons and line breaks."""
    match phrase:
        case Words():
            return phrase.text
        case Inserted():
            return phrase.label
        case _:
            return ""


def shared_marks(a: tuple[Mark, ...], b: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Return the common outer marks of two phrases."""
    count = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[:count]
