"""Lists, tree and facets of captured pages, straight from entries."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from bot.config.policy import NO_RULES, ArchivedSettings
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.record import Ancestor, RecordedStatus
from bot.snapshot.query.page_lists import (
    Facet,
    Order,
    PageFilter,
    count_and_grow,
    count_facets,
    iter_list,
    list_branch,
    list_pages,
    put_facts,
    remove_facts,
)
from bot.snapshot.query.search import open_scratch_index

WHEN = dt.datetime(2020, 5, 1, tzinfo=dt.UTC)
FRONT = 'labels:\n  - "board"\n  - "über"\nlosses:\n  - {kind: "macro", what: "poll"}\n'


def entry(page_id: str, title: str, *above: str, position: int | None = None, days: int = 0) -> PageEntry:
    when = WHEN + dt.timedelta(days=days)
    return PageEntry(
        page_id=page_id,
        path=f"data/2020/{page_id}.md",
        space_key="WS2",
        title=title,
        url="",
        status=RecordedStatus.CURRENT,
        position=position,
        ancestors=tuple(Ancestor(id=each, title=f"Page {each}") for each in above),
        version_when=when,
        version=1,
        captured_at=when,
        record_path="r",
        source_path="s",
        source_sha256="0" * 64,
    )


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(open_scratch_index()) as made:
        yield made


def fill(
    database: sqlite3.Connection, *entries: PageEntry, front: str = "", rules: ArchivedSettings = NO_RULES
) -> None:
    for each in entries:
        put_facts(database, each, f"WS2/{each.path}", front, rules)
    count_and_grow(database)


@pytest.mark.parametrize("order", Order)
def test_the_parts_of_a_list_have_each_page_once(database: sqlite3.Connection, order: Order) -> None:
    fill(database, *(entry(str(n), f"Title {n % 7}", days=n % 5) for n in range(25)))

    seen, after = [], None
    while True:
        part = list_pages(database, PageFilter(order=order, after=after, size=4))
        seen += [row.page_id for row in part.rows]
        after = part.after
        if after is None:
            break

    assert sorted(seen, key=int) == [str(n) for n in range(25)]
    assert seen == [row.page_id for row in iter_list(database, PageFilter(order=order))]


def test_titles_are_sorted_as_people_sort_them(database: sqlite3.Connection) -> None:
    fill(database, entry("1", "Zebra"), entry("2", "Élan"), entry("3", "apple"), entry("4", "Banana"))

    assert [row.title for row in list_pages(database, PageFilter()).rows] == ["apple", "Banana", "Élan", "Zebra"]


def test_facets_count_and_narrow(database: sqlite3.Connection) -> None:
    fill(database, entry("1", "One"), front=FRONT)
    fill(database, entry("2", "Two", days=400), entry("3", "Three"))

    counts = {facet: {each.value: each.number for each in found} for facet, found in count_facets(database).items()}

    assert counts[Facet.LABEL] == {"board": 1, "über": 1}
    assert counts[Facet.LOSSES] == {"some": 1, "none": 2}
    assert counts[Facet.YEAR] == {"2021": 1, "2020": 2}
    both = list_pages(database, PageFilter({Facet.YEAR: "2020", Facet.LABEL: "über"}))
    assert [(row.title, row.losses, row.labels) for row in both.rows] == [("One", 1, ("board", "über"))]
    assert list_pages(database, PageFilter({Facet.YEAR: "2021", Facet.LABEL: "über"})).rows == ()


def test_a_page_that_is_removed_is_in_no_list_and_no_count(database: sqlite3.Connection) -> None:
    fill(database, entry("1", "One"), entry("2", "Two"), front=FRONT)
    remove_facts(database, "1")
    count_and_grow(database)

    assert [row.page_id for row in list_pages(database, PageFilter({Facet.LABEL: "board"})).rows] == ["2"]
    assert {each.number for each in count_facets(database)[Facet.LABEL]} == {1}
    assert [node.node for node in list_branch(database, "WS2").rows] == ["2"]


def test_the_tree_has_pages_that_were_not_captured_above_those_that_were(database: sqlite3.Connection) -> None:
    fill(database, entry("9", "Leaf", "1", "5"), entry("1", "Top"), entry("8", "Second", "1", position=0))

    top = list_branch(database, "WS2")
    below = list_branch(database, "WS2", "1")

    assert [(node.node, node.page_id, node.children) for node in top.rows] == [("1", "1", 2)]
    assert [(node.title, node.page_id, node.children) for node in below.rows] == [
        ("Page 5", None, 1),
        ("Second", "8", 0),
    ]
    assert [node.title for node in list_branch(database, "WS2", "5").above] == ["Top", "Page 5"]


def test_a_tree_with_a_cycle_ends(database: sqlite3.Connection) -> None:
    fill(database, entry("1", "One", "2"), entry("2", "Two", "1"))

    assert len(list_branch(database, "WS2", "1").above) <= 100
    assert list_branch(database, "WS2").rows == ()


def test_reasons_are_those_that_the_settings_have(database: sqlite3.Connection) -> None:
    rules = ArchivedSettings(labels=("board",), under=("Page 5",))
    fill(database, entry("1", "One", "5"), front=FRONT, rules=rules)

    assert list_pages(database, PageFilter()).rows[0].reasons == ("label board", "below Page 5")


@pytest.mark.parametrize("value", ["' OR 1=1 --", "\x00", "%", "x" * 10_000])
def test_values_are_values(database: sqlite3.Connection, value: str) -> None:
    fill(database, entry("1", "One"))

    assert list_pages(database, PageFilter({Facet.LABEL: value, Facet.SPACE: value})).rows == ()
