"""How much of a page a Markdown rendition keeps, in ten counts."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, TypeVar
from urllib.parse import unquote

from benchmarks.fidelity_source import Content

T = TypeVar("T")

ASPECTS = (
    "words",
    "links",
    "table cells",
    "list items",
    "code",
    "headings",
    "images",
    "emphasis",
    "tasks",
    "attributes",
)


@dataclass(slots=True)
class Tally:
    """Kept out of expected, an aspect each; *lost* says what was not kept."""

    kept: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ASPECTS, 0))
    expected: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ASPECTS, 0))
    lost: list[tuple[str, str]] = field(default_factory=list)
    pages: int = 0
    exceptions: int = 0

    def share(self, aspect: str) -> float:
        """Return the share kept, from 0 to 1."""
        return self.kept[aspect] / self.expected[aspect] if self.expected[aspect] else 1.0

    def count(self, aspect: str, expected: int, lost: Iterable[object]) -> None:
        missing = [str(item) for item in lost]
        self.expected[aspect] += expected
        self.kept[aspect] += expected - len(missing)
        self.lost += [(aspect, item) for item in missing]

    def add(self, other: "Tally") -> None:
        for aspect in ASPECTS:
            self.kept[aspect] += other.kept[aspect]
            self.expected[aspect] += other.expected[aspect]
        self.lost += other.lost
        self.pages += other.pages
        self.exceptions += other.exceptions


def measure(source: Content, result: Content) -> Tally:
    """Compare what a page says with what its rendition says."""
    tally = Tally(pages=1)
    tally.count("words", len(source.words), _missing_words(source.words, result.words))
    tally.count("links", len(source.links), _missing_links(source.links, result.links))
    tally.count("headings", len(source.headings), _missing(source.headings, result.headings, _is_same_heading))
    tally.count("list items", len(source.items), _missing(source.items, result.items, _is_same_item))
    tally.count("code", len(source.code), _missing(source.code, result.code, _is_same_code))
    tally.count("table cells", len(source.cells), _missing(source.cells, result.cells, _is_same_cell))
    tally.count("images", len(source.images), _missing_images(source.images, result.images))
    tally.count("emphasis", len(source.emphasis), _missing_words(source.emphasis, result.emphasis))
    tally.count("tasks", len(source.tasks), _missing(source.tasks, result.tasks, _is_same_task))
    lost = (Counter(source.attributes) - Counter(result.attributes)).elements()
    tally.count("attributes", len(source.attributes), lost)
    return tally


def measure_nothing(source: Content) -> Tally:
    """Return the tally of a rendition that failed: all is lost."""
    tally = measure(source, Content())
    tally.exceptions = 1
    return tally


def _missing_words(source: Sequence[str], result: Sequence[str]) -> list[str]:
    """Return the words of *source* that *result* has not, or not in this order."""
    if _is_within(source, result):
        return []  # the search below is not exhaustive
    start = 0
    while start < min(len(source), len(result)) and source[start] == result[start]:
        start += 1
    end = 0
    while end < min(len(source), len(result)) - start and source[-1 - end] == result[-1 - end]:
        end += 1
    source, result = source[start : len(source) - end], result[start : len(result) - end]
    missing: list[str] = []
    cursor = 0
    for block in SequenceMatcher(None, source, result, autojunk=False).get_matching_blocks():
        missing += source[cursor : block.a]
        cursor = block.a + block.size
    return missing


def _missing_links(source: Sequence[str], result: Sequence[str]) -> list[str]:
    """A target is kept when an address of the result holds it; each address serves one target."""
    left = [_readings(address) for address in result]
    missing = []
    for target in source:
        wanted = _readings(target)
        found = next((given for given in left if any(w in g for w in wanted for g in given)), None)
        if found is None:
            missing.append(target)
        else:
            left.remove(found)
    return missing


def _missing_images(source: Sequence[str], result: Sequence[str]) -> list[str]:
    """A picture is kept when a picture of the result, or a link in its place, names it; each serves one."""
    left = [unquote(each) for each in result]
    missing = []
    for name in source:
        wanted = unquote(name).rpartition("/")[2].partition("?")[0] or name
        found = next((given for given in left if " ".join(wanted.split()) in " ".join(given.split())), None)
        if found is None:
            missing.append(name)
        else:
            left.remove(found)
    return missing


def _readings(address: str) -> set[str]:
    """Return an address without its encoding; a `+` may be itself or a space."""
    if address.startswith("#"):
        # A place in the page: its name in any spelling, with or without the title of the page before it.
        return {re.sub(r"[\W_]", "", part.lower()) for part in _tails(unquote(address[1:]))}
    readings = {unquote(unquote(address)), unquote(unquote(address.replace("+", " ")))}
    return {"".join(reading.split()).rstrip("/") for reading in readings}


def _tails(name: str) -> list[str]:
    parts = name.split("-")
    return ["-".join(parts[start:]) for start in range(len(parts))]


def _missing(source: Sequence[T], result: Sequence[T], is_same: Callable[[Any, Any], bool]) -> list[T]:
    """Return those of *source* that *result* does not show, in order."""
    missing = []
    cursor = 0
    for wanted in source:
        found = next((i for i in range(cursor, len(result)) if is_same(wanted, result[i])), None)
        if found is None:
            missing.append(wanted)
        else:
            cursor = found + 1
    return missing


def _is_within(wanted: Sequence[str], given: Iterable[str]) -> bool:
    """Tell whether *given* holds *wanted* in order; remarks of the converter may stand between."""
    rest = iter(given)
    return all(word in rest for word in wanted)


def _is_same_heading(wanted: tuple[int, list[str]], given: tuple[int, list[str]]) -> bool:
    return wanted[0] == given[0] and _is_within(wanted[1], given[1])


def _is_same_item(wanted: tuple[int, str, list[str]], given: tuple[int, str, list[str]]) -> bool:
    return wanted[:2] == given[:2] and _is_within(wanted[2], given[2])


def _is_same_cell(wanted: tuple[int, int, int, str, list[str]], given: tuple[int, int, int, str, list[str]]) -> bool:
    return wanted[:4] == given[:4] and _is_within(wanted[4], given[4])


def _is_same_task(wanted: str, given: str) -> bool:
    return wanted[0] == given[0] and _is_within(wanted[2:].split(), given[2:].split())


def _is_same_code(wanted: str, given: str) -> bool:
    return given in (wanted, wanted + "\n")  # a fence ends its last line
