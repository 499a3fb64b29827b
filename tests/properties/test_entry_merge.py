"""Whatever a person changes on the page while a colleague edits the data file: no wording of either is lost."""

import datetime as dt
import itertools
import random
from collections import Counter

import pytest

from bot.adopt.entry_merge import Choice, LastWritten, PartialMerge, find_open, merge_entries
from bot.adopt.values import Value
from bot.config.data_model import News, NewsItem, QuickLink, QuickLinks, StatusBanner, StatusLine
from tests.adopt.adopting import NOW, PAGES
from tests.machine import IS_NIGHTLY

WORDS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
]


def value_of(kind: str, texts: list[str], show: int | None = None) -> Value:
    if kind == "news":
        items = tuple(NewsItem(id=f"item-{text.rpartition(' ')[2].lower()}", text=text) for text in texts)
        return News(items=items, show=show)
    if kind == "links":
        return QuickLinks(links=tuple(QuickLink(text=text, page="Report") for text in texts))
    return StatusBanner(lines=tuple(StatusLine(text=text) for text in texts))


def texts_of(value: Value) -> list[str]:
    match value:
        case News():
            return [item.text for item in value.items]
        case QuickLinks():
            return [link.text for link in value.links]
        case StatusBanner():
            return [line.text for line in value.lines]


def edited(chance: random.Random, texts: list[str], side: str) -> list[str]:
    """Add, reword and remove up to three entries; each text ends with a number of its own."""
    result = list(texts)
    for step in range(chance.randint(0, 3)):
        at = chance.randrange(len(result))
        match chance.choice("arx"):
            case "a":
                result.insert(at, " ".join([*chance.sample(WORDS, 3), f"{side}{step}"]))
            case "r":
                result[at] = f"{side}{step}{chance.choice(WORDS)} {result[at].partition(' ')[2]}"
            case _ if len(result) > 1:
                result.pop(at)
            case _:
                pass
    return result


@pytest.mark.parametrize("kind", ["news", "links", "status"])
@pytest.mark.parametrize("seed", range(300))
def test_no_wording_of_either_side_is_lost(kind: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 -- a test that can be repeated
    everything = [
        " ".join([*chance.sample(WORDS, chance.randint(2, 4)), f"o{at}"]) for at in range(chance.randint(1, 7))
    ]
    show = chance.choice([None, 2, 3]) if kind == "news" else None
    last = everything[:show]
    page, file = edited(chance, last, "p"), edited(chance, everything, "f")

    merged = merge_entries(
        value_of(kind, page),
        value_of(kind, file, show),
        LastWritten(value_of(kind, last)),
        PAGES,
        now=NOW,
    )

    in_file, on_page = texts_of(merged.value), texts_of(merged.page_value)
    left_open = {each.page for each in merged.open}
    if kind == "links":
        left_open = {str(words).partition(" (")[0] for words in left_open}
    lost_of_page = [
        text for text in page if text not in {*last, *in_file} and not (text in left_open and text in on_page)
    ]
    lost_of_file = [text for text in file if text not in {*everything, *in_file}]
    lost_of_both = [
        text for text in everything if text in file and (text in page or text not in last) and text not in in_file
    ]
    assert (lost_of_page, lost_of_file, lost_of_both) == ([], [], [])
    assert len(in_file) == len(set(in_file))


def test_every_decision_is_carried_out_on_both_sides() -> None:
    last = value_of("news", ["Read it a", "Vote now b", "Come in c"])
    page = value_of("news", ["Read this a", "Come in c"])
    file = value_of("news", ["Read that a", "Vote now b", "Come in c"])

    def merge(choice: Choice) -> list[str]:
        merged = merge_entries(page, file, LastWritten(last), PAGES, now=NOW, choose=lambda _: choice)
        assert not merged.open
        assert texts_of(merged.value) == texts_of(merged.page_value)
        return texts_of(merged.value)

    assert merge(Choice.PAGE) == ["Read this a", "Come in c"]
    assert merge(Choice.FILE) == ["Read that a", "Vote now b", "Come in c"]


class Rounds:
    """A page and a data file whose short entries differ in one word, and the merges between rounds of edits.

    Each word that somebody adds has a number of its own, so that each word shows where it came from.
    """

    def __init__(self, seed: int, kind: str) -> None:
        self.kind, self.number = kind, itertools.count(1)
        self.random = random.Random(seed)  # noqa: S311 -- a test that can be repeated
        self.stem = self.random.choice(["Item", "The item", "News of the day"])
        self.words: set[str] = set()
        self.removed: set[str] = set()
        self.page = self.file = [self.new_entry() for _ in range(self.random.randint(1, 5))]
        self.last = LastWritten(value_of(kind, self.page))

    def word(self) -> str:
        word = f"w{next(self.number)}x"
        self.words.add(word)
        return word

    def new_entry(self) -> str:
        return f"{self.stem} {self.word()}"

    def edit(self, entries: list[str]) -> list[str]:
        """Return *entries* after a few edits: most add words, some add, move or remove an entry, or replace a word."""
        result = list(entries)
        for _ in range(self.random.choice([0, 1, 2, 3, 4, 6])):
            chance = self.random.random() if result else 0.8  # to nothing, an entry is added
            at = self.random.randrange(len(result) + 1 if 0.8 <= chance < 0.9 else len(result))
            if chance < 0.7:
                result[at] += f" {self.word()}"
            elif chance < 0.8:
                result[at] = f"{self.word()} {result[at]}"
            elif chance < 0.9:
                result.insert(at, self.new_entry())
            elif chance < 0.93 and len(result) > 1:
                self.removed.update(result.pop(at).split())
            elif chance < 0.96:
                *words, last = result[at].split()
                self.removed.add(last)
                result[at] = " ".join([*words, self.word()])
            else:
                result.insert(0, result.pop(at))
        return result

    def merge(self) -> bool:
        """Merge what both sides say now as an unattended run does; return whether a question is left open."""
        page, file = value_of(self.kind, self.page), value_of(self.kind, self.file)
        merged = merge_entries(page, file, self.last, PAGES, now=NOW)
        self.page, self.file = texts_of(merged.page_value), texts_of(merged.value)
        if merged.open:
            still_open = find_open(merged.page_value, merged.value, merged.open, PAGES, dt.UTC)
            partial = PartialMerge(merged.page_value, still_open)
            self.last = LastWritten(self.last.value, (*self.last.partials, partial))
        else:
            self.last = LastWritten(merged.page_value)
        return bool(merged.open)


@pytest.mark.parametrize("kind", ["news", "status"])
@pytest.mark.parametrize("seed", range(2000 if IS_NIGHTLY else 60))
def test_rounds_of_edits_to_nearly_equal_entries_lose_no_word_and_double_none(kind: str, seed: int) -> None:
    rounds = Rounds(seed, kind)
    for _ in range(4):
        before = set(rounds.words)
        rounds.file = rounds.edit(rounds.file)
        of_file = rounds.words - before
        rounds.page = rounds.edit(rounds.page)
        of_page = rounds.words - before - of_file

        is_open = rounds.merge()

        on_page, in_file = (Counter(" ".join(side).split()) for side in (rounds.page, rounds.file))
        assert of_page - rounds.removed - set(on_page) == set()
        assert of_file - rounds.removed - set(in_file) == set()
        assert rounds.words - rounds.removed - set(on_page) - set(in_file) == set()
        if not is_open:
            assert rounds.page == rounds.file
            assert {word: on_page[word] for word in rounds.words if on_page[word] > 1} == {}
