"""What a reader takes from a piece of a page: words, icons and links in their order, whatever the markup (pure)."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.adopt.data_targets import CannotSayError, Pages, Target, page_of, read_target
from bot.adopt.dates import format_day
from bot.inline import PageTarget
from bot.storage.lines import OBJECT, read_lines
from bot.storage.reader import read_strictly

_OBJECT = re.compile(f"{OBJECT}([^{OBJECT}]*){OBJECT}")
_COLON = re.compile(r"(?<=\b\d{4}):(?= )")
"""After a day at the head of a line: print, where the page may have had a column of its own."""
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}.*")


@dataclass(frozen=True, slots=True)
class Impression:
    """Words, with icons among them, and where each link leads."""

    words: tuple[str, ...]
    links: tuple[PageTarget | Target | str, ...]


def impression_of(fragment: str, pages: Pages) -> Impression:
    """Return what a reader takes from *fragment*. Raises `MalformedBodyError`."""
    text = " ".join(line.text for line in read_lines(fragment))
    words = _COLON.sub("", _OBJECT.sub(_set_apart, text)).split()
    return Impression(tuple(words), tuple(_iter_links(fragment, pages)))


def _set_apart(match: re.Match[str]) -> str:
    name = match[1]
    if name == "anchor":  # prints nothing
        return " "
    if not _STAMP.fullmatch(name):
        return f" ({name}) "
    try:
        return format_day(dt.date.fromisoformat(name[:10]))
    except ValueError:
        return name


def _iter_links(fragment: str, pages: Pages) -> Iterator[PageTarget | Target | str]:
    for element in read_strictly(fragment).elements():
        is_seen = element.name == "ac:link" or (element.name == "a" and element.text.strip())
        if not is_seen:
            continue
        try:
            yield page_of(read_target(element, pages), pages)
        except CannotSayError as error:
            yield str(error)
