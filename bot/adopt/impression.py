"""What a reader sees of part of a page, character by character, independent of the markup (pure).

Characters, links and colours have to stay. All else that a reader sees (bold, the level of a list, a table, a new
paragraph …) may change if the change is named before a person agrees. Nothing is compared by what `phrases` and
`blocks` understood, so a fault in these cannot hide a loss.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.adopt.data_targets import CannotSayError, LinkTarget, Pages, page_of, read_target, resource_of
from bot.adopt.phrases import paints_of
from bot.inline import PageTarget
from bot.storage.macros import HEADINGS, find_parameter, macro_name
from bot.storage.reader import Element, Text, read_strictly
from bot.storage.unseen_text import is_unseen
from bot.storage.visible_text import BLOCKS, HIDDEN, shown_text

_STYLES = {
    "strong": "bold",
    "b": "bold",
    "em": "italic",
    "i": "italic",
    "code": "the look of code",
    "u": "underlining",
    "ins": "underlining",
    "small": "its size",
    "big": "its size",
    "s": "a line through the words",
    "del": "a line through the words",
    "sub": "its low position",
    "sup": "its high position",
    "blockquote": "the look of a quotation",
    "pre": "the look of code",
}
_STARTS = {
    "li": "an item of a list",
    "td": "a cell of a table",
    "th": "a cell of a table",
    "p": "a paragraph",
    **dict.fromkeys(HEADINGS, "a heading"),
    "div": "a paragraph",
    "br": "a line of a paragraph",
}
"""What begins at the start of an element; the first that applies counts."""
_IMAGE_SETTINGS = {"ac:alt", "ac:original-height", "ac:original-width", "ac:local-id", "ac:layout"}
_START = "the start of "
_AROUND = 24
_MOST_PLACES = 3


@dataclass(frozen=True, slots=True)
class Glyph:
    """A visible character; *looks* may change if the change is named, all else may not."""

    character: str
    is_after_space: bool = False
    link: PageTarget | LinkTarget | str | None = None
    colours: frozenset[tuple[str, str]] = frozenset()
    looks: frozenset[str] = frozenset()


def impression_of(fragment: str, pages: Pages) -> tuple[Glyph, ...]:
    """Return what a reader sees of *fragment*; raises `MalformedBodyError`."""
    return tuple(_Reader(pages).read(read_strictly(fragment).root))


def find_change(before: Sequence[Glyph], after: Sequence[Glyph]) -> str | None:
    """Return the first change that is not allowed: of words, links or colours; None if there is none."""
    for at, (old, new) in enumerate(zip(before, after, strict=False)):
        is_joined = old.is_after_space != new.is_after_space and _parts_words(before, at)
        if old.character != new.character or is_joined:
            return f"“{_around(before, at)}” would become “{_around(after, at)}”"
        if old.link != new.link:
            return f"the link at “{_around(before, at)}” would change"
        if old.colours != new.colours:
            return f"the colour of “{_around(before, at)}” would change"
    if len(before) != len(after):
        at = min(len(before), len(after))
        return f"“{_around(before, at)}” would become “{_around(after, at)}”"
    return None


def name_changes(before: Sequence[Glyph], after: Sequence[Glyph]) -> list[str]:
    """Return the changes of looks between two impressions with the same characters."""
    changes: dict[tuple[str, bool], list[str]] = {}
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        for look in sorted(old.looks ^ new.looks):
            is_lost = look in old.looks
            if is_lost and look.startswith(_START) and any(each.startswith(_START) for each in new.looks):
                continue  # named by the new look
            places = changes.setdefault((look, is_lost), [])
            previous = (before[number - 1].looks, after[number - 1].looks) if number else (frozenset(), frozenset())
            if look not in previous[not is_lost] or look in previous[is_lost]:
                places.append(_run(before, after, number, look, is_lost=is_lost))
    return [_describe(look, places, is_lost=is_lost) for (look, is_lost), places in changes.items()]


def _describe(look: str, places: Sequence[str], *, is_lost: bool) -> str:
    shown = ", ".join(f"“{each}”" for each in places[:_MOST_PLACES])
    more = f" and {len(places) - _MOST_PLACES} more" if len(places) > _MOST_PLACES else ""
    if is_lost:
        return f"{shown}{more}: {look} is not kept"
    return f"{shown}{more}: becomes {look}" if look.startswith(_START) else f"{shown}{more}: gets {look}"


def _run(before: Sequence[Glyph], after: Sequence[Glyph], start: int, look: str, *, is_lost: bool) -> str:
    sides = (before, after) if is_lost else (after, before)
    end = start
    while end < len(before) and look in sides[0][end].looks and look not in sides[1][end].looks:
        end += 1
    if look.startswith(_START):
        end = start + _AROUND
    text = words_of(before[start : min(end, start + _AROUND)])
    return f"{text}…" if end > start + _AROUND or (look.startswith(_START) and end < len(before)) else text


def _parts_words(glyphs: Sequence[Glyph], at: int) -> bool:
    return at > 0 and glyphs[at].character.isalnum() and glyphs[at - 1].character.isalnum()


def _around(glyphs: Sequence[Glyph], at: int) -> str:
    return words_of(glyphs[max(at - _AROUND, 0) : at + _AROUND])


def words_of(glyphs: Sequence[Glyph]) -> str:
    """Return the characters as text."""
    return "".join(f" {each.character}" if each.is_after_space else each.character for each in glyphs).strip()


class _Reader:
    """Walks over a fragment and yields its glyphs."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._has_space = self._is_after_object = self._is_after_word = False
        self._starts: set[str] = set()

    def read(self, root: Element) -> Iterator[Glyph]:
        stack: list[tuple[Element, Glyph, Iterator[Element | Text]]] = [(root, Glyph(""), iter(root.nodes))]
        is_first = True
        while stack:
            owner, look, nodes = stack[-1]
            node = next(nodes, None)
            if node is None:
                stack.pop()
                self._pass_edge(owner, is_start=False)
                continue
            found = self._texts_of(node, look, stack)
            for glyph in found:
                yield replace(glyph, is_after_space=False) if is_first else glyph
                is_first = False

    def _texts_of(
        self, node: Element | Text, look: Glyph, stack: list[tuple[Element, Glyph, Iterator[Element | Text]]]
    ) -> Iterator[Glyph]:
        if isinstance(node, Text):
            yield from self._glyphs(_seen_part(node), look)
        elif node.name not in HIDDEN:
            self._pass_edge(node, is_start=True)
            inside = self._look_inside(node, look)
            stack.append((node, inside, iter(node.nodes)))
            shown = shown_text(node)
            if shown:
                self._has_space |= self._is_after_object or self._is_after_word
                yield from self._glyphs(shown, _without_colour(inside) if _has_own_colour(node) else inside)
                self._is_after_object = True

    def _glyphs(self, text: str, look: Glyph) -> Iterator[Glyph]:
        for character in text:
            if character.isspace():
                self._has_space = True
                continue
            self._has_space |= self._is_after_object and character.isalnum()
            self._is_after_object, self._is_after_word = False, character.isalnum()
            starts = next((name for name in dict.fromkeys(_STARTS.values()) if name in self._starts), None)
            looks = look.looks | {_START + starts} if starts else look.looks
            yield replace(look, character=character, is_after_space=self._has_space, looks=looks)
            self._has_space = False
            self._starts.clear()

    def _pass_edge(self, element: Element, *, is_start: bool) -> None:
        if element.name in BLOCKS or element.name in ("td", "th"):
            self._has_space = True
            if element.name in _STARTS and (is_start or element.name == "br"):
                self._starts.add(_STARTS[element.name])

    def _look_inside(self, element: Element, look: Glyph) -> Glyph:
        colours = dict(look.colours) | {paint.scheme: paint.colour.lower() for paint in paints_of(element)}
        if macro_name(element) == "status":
            colours["lozenge"] = (find_parameter(element, "colour") or "grey").lower()
        highlight = element.attributes.get("data-highlight-colour", "")
        if highlight:
            colours["highlight"] = highlight.lower()
        return replace(
            look,
            link=self._link_of(element) or look.link,
            colours=frozenset(colours.items()),
            looks=look.looks | set(_looks_of(element, look.looks)),
        )

    def _link_of(self, element: Element) -> PageTarget | LinkTarget | str | None:
        if element.name not in ("a", "ac:link"):
            return None
        resource = resource_of(element)
        if resource is not None and resource.name == "ri:user":
            return shown_text(element)
        try:
            target = page_of(read_target(element, self._pages), self._pages)
        except CannotSayError as error:
            return str(error)
        return replace(target, card=None) if isinstance(target, LinkTarget) else target


def _seen_part(node: Text) -> str:
    """Return what a reader sees of *node*: of a text without a shape only its blanks."""
    if not node.is_visible:
        return ""
    return "".join(filter(str.isspace, node.value)) if is_unseen(node.value) else node.value


def _has_own_colour(element: Element) -> bool:
    """Return whether the wiki draws *element* in a colour of its own, independent of the words around it."""
    resource = resource_of(element)
    is_mention = resource is not None and resource.name == "ri:user"
    return element.name in ("time", "ac:emoticon") or macro_name(element) == "status" or is_mention


def _without_colour(look: Glyph) -> Glyph:
    return replace(look, colours=frozenset(each for each in look.colours if each[0] != "colour"))


def _looks_of(element: Element, outer: frozenset[str]) -> Iterator[str]:
    name, attributes = element.name, element.attributes
    if name in _STYLES:
        yield _STYLES[name]
    if name in HEADINGS:
        yield f"the level {HEADINGS[name]} of a heading"
    if name in ("ul", "ol"):
        yield from _looks_of_list(element, 1 + sum(look.startswith("level ") for look in outer))
    if name == "ac:emoticon" and attributes.get("ac:emoji-fallback", ":").isascii():
        yield "the icon of the editor"  # any other emoji is a character of a font
    if name == "a" and attributes.get("data-card-appearance"):
        yield "the title of the target that a smart link shows"
    if name == "ac:link" and attributes.get("ac:card-appearance", "inline") != "inline":
        yield "the card of the link"
    if name == "ac:image":
        yield from (f"the setting {key}={attributes[key]}" for key in attributes.keys() - _IMAGE_SETTINGS)
    if macro_name(element) not in (None, "status", "anchor"):
        yield f"the macro {macro_name(element)!r}"
    if macro_name(element) == "status" and find_parameter(element, "subtle") == "true":
        yield "the outline of the lozenge"
    yield from _styles_of(element)


def _looks_of_list(element: Element, depth: int) -> Iterator[str]:
    yield f"level {depth} of a list"
    if element.name == "ol":
        yield f"numbering at level {depth}"
    if element.attributes.get("start", "1") != "1":
        yield f"numbering from {element.attributes['start']}"


def _styles_of(element: Element) -> Iterator[str]:
    if element.attributes.get("dir", "ltr") != "ltr":
        yield f"its direction ({element.attributes['dir']})"
    alignment = f"text-align:{element.attributes.get('align', '')}" if element.name != "table" else ""
    for declaration in [alignment, *element.attributes.get("style", "").lower().split(";")]:
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "text-align" and value not in ("", "left", "start"):
            yield f"its alignment ({value})"
        elif name == "margin-left" and value.strip("px0.") not in ("", "auto"):
            yield "its indent"
        elif name == "list-style-type" and value not in ("", "disc", "decimal"):
            yield f"its list style ({value})"
        elif name == "font-size" and element.name in ("span", "font"):
            yield "its size"
        elif name == "text-decoration" and "line-through" in value:
            yield "a line through the words"
        elif name == "text-decoration" and "underline" in value:
            yield "underlining"
