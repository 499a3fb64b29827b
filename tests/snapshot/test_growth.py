"""No step does more than linear work in the number of captured pages, and a small change costs the same in any folder.

Work is counted at three sizes at equal distances: if each further page costs the same, the two increments are equal.
"""

import datetime as dt
import gc
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot.snapshot.archive import journal
from bot.snapshot.archive import library as library_module
from bot.snapshot.archive.bag import PageEntries
from bot.snapshot.archive.folder import Folder
from bot.snapshot.archive.library import Library, load_library
from bot.snapshot.capture.surroundings import Neighbourhood
from bot.snapshot.query.page_diff import diff_page
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import build_report
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from bot.wiki.page_tree import build_tree
from tests.snapshot.capturing import run_capture
from tests.snapshot.small_tree import CLOCK, copy_snapshots, finish, index_of, open_run, put_page, state_of
from tests.snapshot.small_wiki import small_wiki
from tests.snapshot.work_counter import Work, counting
from tests.wiki.refs import make_ref

SIZES = (16, 32, 48)
BAG = 8
"""Pages in a bag, instead of 500: then the number of bags grows too."""
ROOM = 1.03
"""How much more a page may cost in a folder that is larger."""

Step = Callable[[Path], object]


@pytest.fixture(scope="module", params=[BAG, 500], ids=["many bags", "one bag"])
def folders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders with as many pages as `SIZES`, each page captured once."""
    roots = [tmp_path_factory.mktemp("growth") / str(size) for size in SIZES]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library_module, "MAX_PAGES", request.param)
        for root, size in zip(roots, SIZES, strict=True):
            capture_pages(root, range(size), version=1)
    return roots


def capture_pages(root: Path, numbers: range, *, version: int) -> None:
    with open_run(root, CLOCK + dt.timedelta(days=version)) as writer:
        for number in numbers:
            page_id = f"{1000 + number}"
            put_page(writer, page_id, f"Page {page_id}", f"<p>{page_id} in version {version}</p>", version=version)
        finish(writer, *(f"{1000 + number}" for number in numbers))


def find_growth(works: list[Work]) -> list[str]:
    """Return which counts grow by more from the second size to the third than from the first to the second."""
    growing = []
    for name, *(small, middle, large) in zip(Work._fields, *works, strict=True):
        if large - middle > ROOM * (middle - small) + 2:
            growing.append(f"{name}: {small}, {middle}, {large}")
    return growing


def measure(roots: list[Path], step: Step, monkeypatch: pytest.MonkeyPatch) -> list[Work]:
    step(roots[0])  # modules are loaded, and caches filled
    works = []
    for root in roots:
        with counting(monkeypatch) as counter:
            step(root)
        works.append(counter.work())
    return works


def search(root: Path) -> object:
    state = state_of(root)
    state.search.unlink(missing_ok=True)
    return index_of(root).search("version")


def report(root: Path) -> object:
    return build_report(load_library(root), verify(root), Period())


def diff_all(root: Path) -> object:
    library = load_library(root)
    return [diff_page(library, bag, entry, "v1", "v1") for bag, entry in library.iter_entries()]


@pytest.mark.parametrize(
    "step",
    [
        lambda root: list(load_library(root).iter_entries()),
        lambda root: verify(root),
        search,
        report,
        diff_all,
    ],
    ids=["load", "verify", "search", "report", "diff"],
)
def test_reading_costs_the_same_for_each_page(folders: list[Path], step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not find_growth(measure(folders, step, monkeypatch))


def test_writing_costs_the_same_for_each_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_PAGES", BAG)
    monkeypatch.setattr(journal, "_SINGLE_SYNCS", 0)  # few files are synced one by one
    capture_pages(tmp_path / "first", range(BAG), version=1)
    works = []

    for size in SIZES:
        with counting(monkeypatch) as counter:
            capture_pages(tmp_path / str(size), range(size), version=1)
        works.append(counter.work())

    assert not find_growth(works)


def test_each_part_costs_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_PAGES", BAG)
    monkeypatch.setattr(journal, "_SINGLE_SYNCS", 0)
    works = []

    for size in SIZES:
        with open_run(tmp_path / str(size), CLOCK) as writer, counting(monkeypatch) as counter:
            for start in range(0, size, BAG):
                ids = [f"{1000 + number}" for number in range(start, start + BAG)]
                for page_id in ids:
                    put_page(writer, page_id, f"Page {page_id}", f"<p>{page_id}</p>", version=1)
                finish(writer, *ids, goes_on=True)
        works.append(counter.work())

    assert not find_growth(works)


def test_a_run_has_the_entries_of_few_bags_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_PAGES", 2)
    capture_pages(tmp_path, range(40), version=1)

    with open_run(tmp_path, CLOCK + dt.timedelta(days=2)) as writer:
        found = [writer.library.find_entry(f"{1000 + number}") for number in range(40)]
        gc.collect()
        loaded = sum(isinstance(each, PageEntries) for each in gc.get_objects())

    assert all(found)
    assert loaded <= 4


@pytest.mark.parametrize("flavour", list(Flavour), ids=lambda flavour: flavour.value)
def test_a_run_without_changes_reads_no_record_and_no_body(
    flavour: Flavour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = Folder.read_checked

    def read_checked(folder: Folder, path: str, digest: str | None, *, named_by: str) -> bytes:
        read.append(path)
        return real(folder, path, digest, named_by=named_by)

    with small_wiki(flavour) as wiki:
        for day in range(3):
            read.clear()
            if day == 1:
                _forget_fingerprints(state_of(tmp_path).captures)  # so that this run has to look at each page
            with monkeypatch.context() as patch:
                patch.setattr(Folder, "read_checked", read_checked)
                outcome = run_capture(wiki, tmp_path, everything=True, day=day)

    assert outcome.unchanged == outcome.expected
    assert not [path for path in read if "/data/" in path]


def _forget_fingerprints(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    content["spaces"]["WS2"]["fingerprints"] = {}
    path.write_text(json.dumps(content), encoding="utf-8")


def test_placing_costs_the_same_for_each_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_PAGES", BAG)
    works = []

    for size in (10 * BAG, 20 * BAG, 30 * BAG):
        library = Library(tmp_path)
        with counting(monkeypatch) as counter:
            for number in range(size):
                library.place("WS2", str(number))
        works.append(counter.work())

    assert not find_growth(works)


def test_small_change_writes_the_same_in_any_folder(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    works, written = [], []

    for original in folders:
        root = copy_snapshots(original, tmp_path / original.name)
        before = _states(root)
        with counting(monkeypatch) as counter:
            capture_pages(root, range(3), version=2)
        works.append(counter.work())
        written.append({path for path, state in _states(root).items() if before.get(path) != state})

    assert written[0] == written[1] == written[2]
    assert not find_growth(works)


def test_search_after_a_small_change_costs_the_same_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "MAX_PAGES", BAG)
    lines = []

    for size in SIZES:
        root = tmp_path / str(size)
        capture_pages(root, range(size), version=1)
        index = index_of(root)
        index.refresh()
        capture_pages(root, range(2), version=2)
        library = load_library(root)
        with counting(monkeypatch) as counter:
            index_of(root, library).refresh()
        lines.append(counter.lines)

    assert lines[2] - lines[0] <= 5 * (SIZES[2] - SIZES[0]), lines  # the list of known pages is read


def _states(root: Path) -> dict[str, tuple[int, int]]:
    """Return what changes when a file is written, by path."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def test_references_cost_the_same_for_each_page(monkeypatch: pytest.MonkeyPatch) -> None:
    works = []

    with small_wiki(Flavour.CLOUD) as wiki:
        for size in (50, 100, 150):
            listed = {str(number): make_ref(str(number), parent=str(number // 3)) for number in range(1, size)}
            places = {page_id: f"WS2/data/2026/{page_id}.md" for page_id in listed}
            ids = {ref.title: [page_id] for page_id, ref in listed.items()}
            around = Neighbourhood(
                wiki.gateway,
                "WS2",
                listed,
                [],
                places,
                partial(_find_titled, ids),
                lambda _page_id: "WS2",
                lambda _page_id, _reason: None,
            )
            with counting(monkeypatch) as counter:
                for page_id in listed:
                    around.around(_body_of(int(page_id)), page_id)
            works.append(counter.work())

    assert not find_growth(works)


@pytest.mark.slow
@pytest.mark.parametrize("flavour", list(Flavour), ids=lambda flavour: flavour.value)
def test_capture_costs_the_same_for_each_page(
    flavour: Flavour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = []

    for size in (30, 60, 90):
        with small_wiki(flavour) as wiki:
            for number in range(size):
                wiki.add(f"Page {number}", _body_of(number), under="Home")
            with counting(monkeypatch) as counter:
                run_capture(wiki, tmp_path / str(size))
            lines.append(counter.lines)

    assert lines[2] - lines[1] <= ROOM * (lines[1] - lines[0]), lines


def _find_titled(ids: dict[str, list[str]], title: str) -> list[str]:
    return ids.get(title, [])


def _body_of(number: int) -> str:
    """Return a body that links to a page, includes one that is not there, and lists the pages below its own."""
    link = f'<p><ac:link><ri:page ri:content-title="Page {max(number - 1, 0)}" /></ac:link></p>'
    page = '<ac:parameter ac:name=""><ri:page ri:content-title="Nowhere" /></ac:parameter>'
    include = f'<ac:structured-macro ac:name="include">{page}</ac:structured-macro>'
    return f'{link}{include}<ac:structured-macro ac:name="children" />'


def test_page_tree_costs_the_same_for_each_page(monkeypatch: pytest.MonkeyPatch) -> None:
    works = []

    for size in (100, 200, 300):
        below = [make_ref(str(number), parent=str(number // 3)) for number in range(1, size)]
        with counting(monkeypatch) as counter:
            build_tree([make_ref("0"), *below])
        works.append(counter.work())

    assert not find_growth(works)
