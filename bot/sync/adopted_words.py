"""Whether the data file has the words that an adoption took from a page, if no history of the file knows (pure)."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from bot.storage.notice import without_notice
from bot.storage.visible_text import lines_of
from bot.sync.drift import LastApplied

_ENTRY = re.compile(r"\s*(?:•|[0-9]+\.)\s")
_WORD = re.compile(r"\w+")
_TARGET = re.compile(r" ?‹[^›]*›")


@dataclass(frozen=True, slots=True)
class AdoptedWords:
    """The words that a data file has. *shown* are the texts of the regions that are made of it.

    *entries* returns the words of each of its entries: items may be on the page of older news, may not be shown, and
    people may have added words to them. *is_lost* says what the history of the file knows about the revision of an
    adoption: whether the file was rolled back since; None if this is not known.
    """

    shown: tuple[str, ...]
    entries: Callable[[], Iterable[str]]
    is_lost: Callable[[str], bool | None] = lambda _revision: None

    def lacks(self, adopted: LastApplied) -> bool:
        """Return whether the file does not have what an adoption took from the page.

        If the history does not know, for example because another host made the adoption, the words decide, without the
        lines that the adoption left out.
        """
        if adopted.adopted is None:
            return False
        is_lost = self.is_lost(adopted.adopted)
        if is_lost is not None:
            return is_lost
        return not set(self.find_missing(adopted.text)) <= set(adopted.left_out)

    def find_missing(self, text: str) -> tuple[int, ...]:
        """Return the numbers of the lines of *text*, the text of a region, whose words the file does not have."""
        stay = set(chain.from_iterable(map(_lines, self.shown)))
        lost = {number: line for number, line in enumerate(_lines(without_notice(text))) if line not in stay}
        kept = [_words(each) for each in (*stay, *self.entries())] if lost else []
        return tuple(number for number, line in lost.items() if not any(_words(line) <= words for words in kept))


def entry_texts(value: object) -> Iterator[str]:
    """Yield the words of each entry of any list of a data file, and each text that is in no list.

    Ids are words of former texts, so they do not count.
    """
    if isinstance(value, dict):
        for key, each in value.items():
            yield from entry_texts(each) if key != "id" else ()
    elif isinstance(value, list):
        for each in value:
            texts = list(entry_texts(each))
            yield from (" ".join(texts), *texts)
    else:
        yield str(value)


def _lines(text: str) -> list[str]:
    """Return the visible lines; outside lists without link targets, because the page of older news can be renamed."""
    return [line if _ENTRY.match(line) else _TARGET.sub("", line) for line in lines_of(text)]


def _words(line: str) -> set[str]:
    """Return the words of an entry, without the number that a list gives it."""
    return set(_WORD.findall(_ENTRY.sub("", line, count=1)))
