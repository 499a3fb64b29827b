"""Find entries of the snapshots folder that no list names, as far as a few listings show them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import TAG_FILES, TAG_MANIFEST, Bag
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, STAMP, SUMS, run_of
from bot.snapshot.archive.folder import STAGING, Folder
from bot.snapshot.archive.library import Library

_GIT = ".git"  # a clone of the git repository
_YEAR = re.compile(r"[0-9]{4}(?:-[0-9]+)?")
_DEPTH = 4  # BAG/data/FOLDER/NAME: two more levels would be two listings for each page


def find_strays(library: Library) -> list[str]:
    """Return the paths that no list names: at the top, in `log`, and in each bag down to `data/FOLDER`.

    The folders of single pages are not listed; `verify` does that.
    """
    if library.head is None:
        return []
    folder = Folder(library.root)
    named = _index(_iter_top(library))[""]
    found = [name for name in folder.names() if name not in named and name != _GIT and not STAGING.fullmatch(name)]
    found += _iter_log_strays(folder, library.head.sequence)
    for bag in library.bags.values():
        found += _iter_bag_strays(folder, bag)
    return sorted(found)


def _iter_top(library: Library) -> Iterator[str]:
    yield from (HEAD, SUMS, "log", *library.sums)
    if library.head and library.head.key:
        yield from (SIGNATURE, STAMP)


def _iter_bag_strays(folder: Folder, bag: Bag) -> Iterator[str]:
    named = _index(f"{bag.name}/{name}" for name in (*TAG_FILES, TAG_MANIFEST, *bag.manifest))
    for below in sorted(named.keys() - {""}):
        yield from (f"{below}/{name}" for name in _names(folder, below) if name not in named[below])


def _index(paths: Iterable[str]) -> dict[str, set[str]]:
    """Return the names in each folder down to the depth that is listed."""
    named: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        above = ""
        for name in path.split("/")[:_DEPTH]:
            named[above].add(name)
            above = f"{above}/{name}" if above else name
    return named


def _iter_log_strays(folder: Folder, newest: int) -> Iterator[str]:
    for year in _names(folder, "log"):
        if not _YEAR.fullmatch(year):
            yield f"log/{year}"
            continue
        for name in _names(folder, f"log/{year}"):
            run = run_of(f"log/{year}/{name}")
            if run is None or run > newest:
                yield f"log/{year}/{name}"


def _names(folder: Folder, path: str) -> list[str]:
    try:
        return folder.names(path)
    except (EvidenceError, OSError):
        return []  # a link or an unreadable folder, which the run reports where it needs the folder
