"""Whatever a person changes on the page while a colleague edits the data file: no wording of either is lost."""

import random

import pytest

from bot.adopt.entry_merge import Choice, LastWritten, merge_entries
from bot.adopt.values import Value
from bot.config.data_model import News, NewsItem, QuickLink, QuickLinks, StatusBanner, StatusLine
from tests.adopt.adopting import NOW, PAGES

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
