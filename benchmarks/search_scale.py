"""Search over 100,000 captured pages: time to build the index, and of queries from rare words to those on every page.

python -m benchmarks.search_scale [PAGES]
"""

import random
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bot.snapshot.query.search import build_query, find_hits, open_index, put_page

_LATIN = [
    f"{a}{b}{c}"
    for a in ("re", "ac", "co", "de", "im")
    for b in ("por", "coun", "mit", "ple", "lig")
    for c in ("t", "tability", "tee", "ment")
]
_HAN = [chr(0x4E00 + number) for number in range(2_000)]
_QUERIES = {
    "a word on one page": "zanzibar4711",
    "a word on one page in a thousand": "w0042",
    "two common words": "report accountability",
    "a word on every page": "everywhere",
    "a word being typed": "acc",
    "a phrase": '"everywhere report"',
    "two Han characters": "会议",
    "four Han characters": "会议记录",
}
_REPEATS = 20


def main(pages: int) -> None:
    """Print a table, and end with 1 when any query takes 50 ms or more at the median."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "search.sqlite")
        started = time.perf_counter()
        _build(path, pages)
        size_mb = path.stat().st_size / 1e6
        print(f"{pages:,} pages indexed in {time.perf_counter() - started:.1f} s, {size_mb:.0f} MB")
        slowest = max(_measure(path, name, words) for name, words in _QUERIES.items())
    sys.exit(slowest >= 50)


def _build(path: Path, pages: int) -> None:
    chance = random.Random(1)  # noqa: S311 -- the same pages each time, no secrets
    with closing(open_index(path)) as database, database:
        for number in range(pages):
            words = chance.choices(_LATIN, k=150) + [f"w{chance.randrange(1000):04}" for _ in range(2)]
            words += ["".join(chance.choices(_HAN, k=60)), "everywhere", "report", "accountability"]
            if number % 50 == 0:
                words += ["会议记录"]
            if number == 4711:
                words.append("zanzibar4711")
            title = f"Page {number} {' '.join(chance.choices(_LATIN, k=3))}"
            row = (str(number), title, f"WS2/data/2026/page--{number}.md", "archived", "")
            put_page(database, row, title, "", " ".join(words))


def _measure(path: Path, name: str, words: str) -> float:
    times = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        with closing(open_index(path)) as database:
            hits = list(find_hits(database, build_query(words), 20))
        times.append((time.perf_counter() - started) * 1000)
    median = statistics.median(times)
    print(f"{median:7.1f} ms  (worst {max(times):6.1f})  {len(hits):3} hits  {name}: {words}")
    return median


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
