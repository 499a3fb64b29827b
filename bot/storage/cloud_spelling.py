"""Spell a fragment as the editor of Cloud stores it, so that a save of a person changes as little as possible.

The text of a list item becomes a paragraph, an emoticon gets the attributes of its emoji, and a link to a page gets the
key of the own space, without which Cloud may refuse to convert a page for its editor.
"""

from collections.abc import Iterator
from html import escape

from bot.splice import Span, splice
from bot.storage.emoticons import EMOJI
from bot.storage.meaning import is_inline
from bot.storage.reader import Element, Text, read_strictly


def spell_for_cloud(fragment: str, space_key: str) -> str:
    """Return *fragment*, which means the same, in the spelling of Cloud. Raises `MalformedBodyError`."""
    insertions: dict[Span, str] = {}
    for element in read_strictly(fragment).elements():
        match element.name:
            case "li":
                insertions |= _paragraphs(element)
            case "ac:emoticon":
                insertions |= attributes_added(fragment, element, _emoji_attributes(element))
            case "ri:page" | "ri:blog-post" if element.attributes.get("ri:content-title"):
                insertions |= attributes_added(fragment, element, {"ri:space-key": space_key})
    return splice(fragment, insertions)


def _paragraphs(item: Element) -> dict[Span, str]:
    """Return the tags that make a paragraph of each run of text in a list item."""
    insertions: dict[Span, str] = {}
    for run in _runs(item):
        if any(isinstance(node, Element) or node.value.strip() for node in run):
            start, end = run[0].span.start, run[-1].span.end
            insertions |= {Span(start, start): "<p>", Span(end, end): "</p>"}
    return insertions


def _runs(item: Element) -> Iterator[list[Element | Text]]:
    run: list[Element | Text] = []
    for node in item.nodes:
        if isinstance(node, Text) or is_inline(node):
            run.append(node)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _emoji_attributes(emoticon: Element) -> dict[str, str]:
    emoji = EMOJI.get(emoticon.attributes.get("ac:name", ""))
    if emoji is None or emoticon.attributes.get("ac:emoji-id"):
        return {}
    return {"ac:emoji-shortname": emoji.shortname, "ac:emoji-id": emoji.id, "ac:emoji-fallback": emoji.fallback}


def attributes_added(source: str, element: Element, added: dict[str, str]) -> dict[Span, str]:
    """Return the insertion of those of *added* that *element* lacks, at the end of its start tag."""
    tag = source[element.span.start : element.inner.start]
    at = element.span.start + len(tag.rstrip("/> \r\n\t"))
    missing = {name: value for name, value in added.items() if name not in element.attributes}
    return {Span(at, at): "".join(f' {name}="{escape(value)}"' for name, value in missing.items())}
