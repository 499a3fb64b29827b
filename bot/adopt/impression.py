"""What a reader sees of part of a page: words, icons and links in order, independent of the markup (pure)."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.adopt.data_targets import CannotSayError, LinkTarget, Pages, page_of, read_target
from bot.adopt.dates import format_day
from bot.inline import PageTarget
from bot.storage.reader import Element, read_strictly
from bot.storage.visible_text import text_of

_COLON = re.compile(r"(?<=\b\d{4}):(?= )")
"""The colon after a year, which the templates add after a day; the page may have a table column instead."""
_STAMP = re.compile(r"\b(\d{4}-\d{2}-\d{2})(?:T[\d:.+Z-]*)?\b")


@dataclass(frozen=True, slots=True)
class Impression:
    """Words with icons, and the target of each link."""

    words: tuple[str, ...]
    links: tuple[PageTarget | LinkTarget | str, ...]


def impression_of(fragment: str, pages: Pages) -> Impression:
    """Return what a reader sees of *fragment*; raises `MalformedBodyError`."""
    root = read_strictly(fragment).root
    words = _COLON.sub("", _STAMP.sub(_say_day, text_of(root))).split()
    return Impression(tuple(words), tuple(_iter_links(root, pages)))


def _say_day(stamp: re.Match[str]) -> str:
    """Format a day as the templates do: the page may have the day as a date element of the editor."""
    try:
        return format_day(dt.date.fromisoformat(stamp[1]))
    except ValueError:
        return stamp[0]


def _iter_links(root: Element, pages: Pages) -> Iterator[PageTarget | LinkTarget | str]:
    for element in root.elements():
        is_seen = element.name == "ac:link" or (element.name == "a" and element.text.strip())
        if not is_seen:
            continue
        try:
            yield page_of(read_target(element, pages), pages)
        except CannotSayError as error:
            yield str(error)
