"""Lists, tree and facets of 100,000 captured pages: time to build them, and of one part of each.

python -m benchmarks.archive_scale [PAGES]
"""

import datetime as dt
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bot.config.policy import NO_RULES
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.record import Ancestor, RecordedStatus
from bot.snapshot.query.page_lists import (
    Facet,
    Order,
    PageFilter,
    count_and_grow,
    count_facets,
    list_branch,
    list_pages,
    put_facts,
)
from bot.snapshot.query.search import open_index

_REPEATS = 20
_BELOW = 20
"""Pages below each page of the tree."""
_WHEN = dt.datetime(2010, 1, 1, tzinfo=dt.UTC)


def main(pages: int) -> None:
    """Print a table, and end with 1 when any part takes 5 ms or more at the median."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "index.sqlite")
        started = time.process_time()
        with closing(open_index(path)) as database, database:
            for number in range(pages):
                put_facts(database, _entry(number), f"WS2/data/page--{number}.md", _front(number), NO_RULES)
            count_and_grow(database)
        print(
            f"{pages:,} pages listed in {time.process_time() - started:.1f} CPU s, {path.stat().st_size / 1e6:.0f} MB"
        )
        slowest = max(_measure(path, name, work) for name, work in _PARTS.items())
    sys.exit(slowest >= 5)


_PARTS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "the first part of all": lambda db: list_pages(db, PageFilter()),
    "a part in the middle": lambda db: list_pages(db, PageFilter(after=("page 5", 1))),
    "the newest": lambda db: list_pages(db, PageFilter(order=Order.NEWEST)),
    "one label": lambda db: list_pages(db, PageFilter({Facet.LABEL: "label 7"})),
    "three facets": lambda db: list_pages(
        db, PageFilter({Facet.LABEL: "label 7", Facet.LOSSES: "some", Facet.YEAR: "2012"})
    ),
    "two facets without a common page": lambda db: list_pages(
        db, PageFilter({Facet.LABEL: "label 7", Facet.REASON: "archived in the wiki"})
    ),
    "all facets with counts": count_facets,
    "the top of the tree": lambda db: list_branch(db, "WS2"),
    "a branch of the tree": lambda db: list_branch(db, "WS2", "777"),
}


def _measure(path: Path, name: str, work: Callable[[sqlite3.Connection], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        with closing(open_index(path)) as database:
            started = time.process_time()
            work(database)
            times.append((time.process_time() - started) * 1000)
    median = statistics.median(times)
    print(f"{median:7.2f} ms  (worst {max(times):6.2f})  {name}")
    return median


def _entry(number: int) -> PageEntry:
    above = []
    node = number
    while node:
        node = (node - 1) // _BELOW
        above.append(Ancestor(id=str(node), title=f"Page {node}"))
    when = _WHEN + dt.timedelta(hours=number)
    return PageEntry.model_construct(
        page_id=str(number),
        path=f"data/page--{number}.md",
        space_key="WS2",
        title=f"Page {number}",
        url="",
        status=RecordedStatus.CURRENT,
        position=number % _BELOW,
        ancestors=tuple(reversed(above)),
        version_when=when,
        version=1,
        captured_at=when,
        record_path="",
        source_path="",
        source_sha256="",
        converter="",
        is_selected=True,
        tombstone=None,
        redacted_at=None,
    )


def _front(number: int) -> str:
    labels = f'labels:\n  - "archived"\n  - "label {number % 50}"\n'
    return labels + ('losses:\n  - {kind: "macro", what: "poll"}\n' if number % 3 == 0 else "")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
