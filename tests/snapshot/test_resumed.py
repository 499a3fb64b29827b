"""A capture that is interrupted continues after its last part: it does not read again what the parts have."""

import datetime as dt
import itertools
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import StoppedError, WikiError
from bot.snapshot.archive.checkpoint import load_head
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.inspection import FindingKind
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.paths import attachment_path
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import build_report
from bot.snapshot.verify.verification import verify
from bot.wiki.dialect import Flavour
from tests.snapshot.breaking_disk import CountingDisk, Killed, KillingDisk
from tests.snapshot.capturing import details_of, events_of, markdown_of, run_capture
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import CLOCK, PAGES, SOFTWARE, finish, open_run, put_page, state_of, tree_bytes
from tests.snapshot.small_wiki import ANA, LI, SmallWiki, small_wiki
from wikiserver.store.people import account_id_of

_REPOSITORY = Path(__file__).resolve().parents[2]
_PART = 2
_PAGES, _KILLS = 2_000, 20


@pytest.fixture(params=[Flavour.DATA_CENTER, pytest.param(Flavour.CLOUD, marks=pytest.mark.slow)])
def wiki(request: pytest.FixtureRequest) -> Iterator[SmallWiki]:
    with small_wiki(request.param) as wiki:
        yield wiki


@pytest.fixture
def larger(wiki: SmallWiki) -> SmallWiki:
    """Add pages, so that there are eight."""
    for number in range(4):
        wiki.add(f"Page {number}", f"<p>text {number}</p>")
    return wiki


def capture_in_parts(
    wiki: SmallWiki, root: Path, disk: Disk | None = None, *, stop_at: str = "", hours: int = 0, part_pages: int = _PART
) -> int:
    """Capture all pages; return the number of requests. With *stop_at*, the process dies when it reads that page."""

    def on_page(title: str, _total: int) -> None:
        if title == stop_at:
            raise Killed

    wiki.server.received.clear()
    try:
        run_capture(wiki, root, everything=True, disk=disk, part_pages=part_pages, on_page=on_page, hours=hours)
    finally:
        count = len(wiki.server.received)
    return count


def ids_read(wiki: SmallWiki) -> set[str]:
    """Return the pages whose texts were read, in bulk or one by one."""
    paths = [f"{one.path}?{one.query}" for one in wiki.server.received]
    singly = {match[1] for path in paths if (match := re.search(r"/(?:pages|content)/(\d+)\?", path))}
    return singly | {
        page_id for path in paths for ids in re.findall(r"[?&]ids?=([\d,]+)", path) for page_id in ids.split(",")
    }


def test_a_capture_killed_at_any_moment_continues_after_its_last_part(larger: SmallWiki, tmp_path: Path) -> None:
    counting = CountingDisk()
    in_all = capture_in_parts(larger, tmp_path / "whole", counting)
    root = tmp_path / "killed"
    wanted = {str(page_id) for page_id in larger.ids.values()}
    captured: set[str] = set()

    for share in (0.35, 0.3, 0.25):
        with pytest.raises(Killed):
            capture_in_parts(larger, root, KillingDisk(int(counting.count * share)))
        assert not ids_read(larger) & captured
        with open_writer(state_of(root), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
            captured = {entry.page_id for _, entry in writer.library.iter_entries()}
        assert captured < wanted
    last = capture_in_parts(larger, root)

    assert len(captured) >= 2 * _PART
    assert ids_read(larger) <= wanted - captured
    assert last < in_all
    assert tree_bytes(root) == tree_bytes(tmp_path / "whole")
    assert verify(root).is_clean
    assert run_instructions(root).returncode == 0
    assert bagit_accepts(root)


def capture_two_parts(root: Path, disk: Disk) -> None:
    with open_run(root, CLOCK, disk=disk) as writer:
        staged = writer.new_file()
        staged.write(b"a file of the second part, read while the first was written")
        put_page(writer, "101", PAGES["101"], "<p>one</p>", version=1)
        finish(writer, "101", goes_on=True)
        put_page(writer, "102", PAGES["102"], "<p>two</p>", version=1)
        bag = writer.library.place("WS2", "102")
        writer.put_file(bag, attachment_path("102", "att8", "plan.txt", 1), staged)
        finish(writer, "102")


def test_a_crash_at_any_operation_leaves_whole_parts(tmp_path: Path) -> None:
    counting = CountingDisk()
    capture_two_parts(tmp_path / "whole", counting)
    seen = []

    for k in range(1, counting.count + 1):
        root = tmp_path / str(k)
        with pytest.raises(Killed):
            capture_two_parts(root, KillingDisk(k))
        with open_run(root, CLOCK, disk=CountingDisk()) as writer:
            seen.append([entry.page_id for _, entry in writer.library.iter_entries()])

        assert not list(root.glob("staging-*"))
        assert not seen[-1] or verify(root).is_clean, f"operation {k}"

    assert seen == sorted(seen, key=len)
    assert [ids for ids, _ in itertools.groupby(seen)] == [[], ["101"], ["101", "102"]]
    assert tree_bytes(root) == tree_bytes(tmp_path / "whole")


@pytest.fixture
def interrupted(larger: SmallWiki, tmp_path: Path) -> Path:
    with pytest.raises(Killed):
        capture_in_parts(larger, tmp_path / "snapshots", stop_at="Page 3")
    with open_writer(
        state_of(tmp_path / "snapshots"), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK
    ):
        pass  # deletes the rest of the interrupted part
    return tmp_path / "snapshots"


def test_an_interrupted_capture_is_never_called_complete(interrupted: Path) -> None:
    head = load_head(interrupted)
    assert head is not None
    assert head.verdict is RunVerdict.INCOMPLETE
    done = sum(1 for _ in load_library(interrupted).iter_entries())

    checked = verify(interrupted)

    (finding,) = checked.findings
    assert (finding.kind, finding.path) == (FindingKind.INTERRUPTED, "CHECKPOINT")
    assert f"interrupted after {done} of 8 pages; the next `wikibot snapshot` continues it" in finding.message
    judged = run_instructions(interrupted)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert "incomplete: not every page is here" in judged.stdout
    report = build_report(load_library(interrupted), checked, Period())
    assert not report.is_complete
    assert [line.captured for line in report.runs] == [done]


def test_a_capture_in_progress_is_no_finding(interrupted: Path) -> None:
    with open_writer(state_of(interrupted), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK):
        assert verify(interrupted).is_clean


def test_the_report_has_one_line_for_a_capture_in_parts(larger: SmallWiki, interrupted: Path) -> None:
    capture_in_parts(larger, interrupted)

    report = build_report(load_library(interrupted), verify(interrupted), Period())

    assert [(line.expected, line.captured, line.verdict) for line in report.runs] == [(8, 8, RunVerdict.COMPLETE)]
    assert details_of(interrupted, 1)[0] == "part 1 of a capture: 2 of 8 pages so far"


def test_a_page_that_changed_or_moved_since_its_part_is_read_again(larger: SmallWiki, interrupted: Path) -> None:
    larger.edit("Final report", "<p>after the interruption</p>")

    capture_in_parts(larger, interrupted)

    assert str(larger.ids["Final report"]) in ids_read(larger)
    entry = load_library(interrupted).get_page("Final report")[1]
    assert entry.version == 2
    assert verify(interrupted).is_clean


def test_a_page_whose_file_could_not_be_had_is_read_again(larger: SmallWiki, tmp_path: Path) -> None:
    larger.server.faults.add("404@files*always")
    with pytest.raises(Killed):
        capture_in_parts(larger, tmp_path, stop_at="Page 3")
    assert str(larger.ids["Minutes"]) in {page for event in events_of(tmp_path, 2) for page in event["pages"]}

    larger.server.faults.clear()
    capture_in_parts(larger, tmp_path)

    head = load_head(tmp_path)
    assert head is not None
    assert head.verdict is RunVerdict.COMPLETE
    assert [path.read_bytes() for path in tmp_path.rglob("*.pdf")] == [b"%PDF-1"]


def test_after_half_a_day_every_page_is_read_again(larger: SmallWiki, interrupted: Path) -> None:
    capture_in_parts(larger, interrupted, hours=13)

    assert ids_read(larger) >= {str(page_id) for page_id in larger.ids.values()}
    assert verify(interrupted).is_clean


def test_a_stop_names_what_is_kept(larger: SmallWiki, tmp_path: Path) -> None:
    seen: list[str] = []

    with pytest.raises(StoppedError, match="4 pages were committed, and the next run continues after them"):
        run_capture(
            larger,
            tmp_path,
            everything=True,
            part_pages=_PART,
            on_page=lambda title, _total: seen.append(title),
            should_stop=lambda: len(seen) == 6,
        )

    assert sum(1 for _ in load_library(tmp_path).iter_entries()) == 4


def add_mixed_pages(wiki: SmallWiki, count: int) -> None:
    """Add pages until there are *count*; each has a second version, and a quarter of them a file."""
    for number in range(count - len(wiki.ids)):
        page_id = wiki.add(f"Page {number}", f"<p>text {number}</p>")
        wiki.edit(f"Page {number}", f"<p>text {number}, again</p>")
        if number % 4 == 0:
            wiki.store.attachments.add(
                page_id, "plan.txt", b"plan", author=ANA, media_type="text/plain", when=CLOCK - dt.timedelta(days=300)
            )


def test_what_an_interrupted_capture_was_told_is_not_asked_again(wiki: SmallWiki, tmp_path: Path) -> None:
    add_mixed_pages(wiki, 30)
    in_all = capture_in_parts(wiki, tmp_path / "whole", part_pages=12)
    spent = []

    for title in ("Page 5", "Page 15", "Page 22"):
        with pytest.raises(Killed):
            capture_in_parts(wiki, tmp_path / "killed", stop_at=title, part_pages=12)
        spent.append(len(wiki.server.received))
    spent.append(capture_in_parts(wiki, tmp_path / "killed", part_pages=12))

    assert sum(spent) <= in_all + 10 * (len(spent) - 1), (in_all, spent)
    assert tree_bytes(tmp_path / "killed") == tree_bytes(tmp_path / "whole")
    assert not list(state_of(tmp_path / "killed").folder.glob("*.answers.sqlite*"))


def test_a_page_that_is_deleted_or_new_after_the_interruption_is_noticed(wiki: SmallWiki, tmp_path: Path) -> None:
    add_mixed_pages(wiki, 20)
    with pytest.raises(Killed):
        capture_in_parts(wiki, tmp_path, stop_at="Page 9")
    wiki.store.pages.trash(wiki.ids["Page 12"])
    wiki.add("Late page", "<p>new since the interruption</p>")

    capture_in_parts(wiki, tmp_path)

    titles = {entry.title for _, entry in load_library(tmp_path).iter_entries()}
    assert "Late page" in titles
    assert "Page 12" not in titles


def test_another_wiki_with_the_same_pages_is_asked_itself(wiki: SmallWiki, tmp_path: Path) -> None:
    add_mixed_pages(wiki, 20)
    with pytest.raises(Killed):
        capture_in_parts(wiki, tmp_path, stop_at="Page 9", part_pages=100)
    with small_wiki(wiki.flavour) as copy:
        add_mixed_pages(copy, 20)
        copy.store.pages.replace_body_unversioned(copy.ids["Page 5"], "<p>text of the copy</p>")

        capture_in_parts(copy, tmp_path, part_pages=100)

    assert "text of the copy" in markdown_of(tmp_path, "Page 5")


def test_a_wiki_that_was_restored_after_the_interruption_is_asked_again(wiki: SmallWiki, tmp_path: Path) -> None:
    add_mixed_pages(wiki, 40)
    restore = wiki.store.back_up()
    for title in ("Page 3", "Page 5"):
        wiki.store.pages.update(wiki.ids[title], author=LI, body="<p>lost by the restore</p>", when=CLOCK)
    with pytest.raises(Killed):
        capture_in_parts(wiki, tmp_path, stop_at="Page 30", part_pages=100)
    restore()
    later = CLOCK + dt.timedelta(minutes=1)
    wiki.store.pages.update(wiki.ids["Page 5"], author=LI, body="<p>written after the restore</p>", when=later)

    capture_in_parts(wiki, tmp_path, part_pages=100)

    assert "text 3, again" in markdown_of(tmp_path, "Page 3")
    assert "written after the restore" in markdown_of(tmp_path, "Page 5")


@pytest.mark.parametrize("restricted", ["Page 12", "Folder"])
def test_a_page_that_is_restricted_after_the_interruption_is_left_out(
    wiki: SmallWiki, tmp_path: Path, restricted: str
) -> None:
    wiki.add("Folder", label="")
    for number in range(13):
        wiki.add(f"Page {number}", f"<p>text {number}</p>", under="Folder" if number == 12 else None)
    with pytest.raises(Killed):
        capture_in_parts(wiki, tmp_path, stop_at="Page 9", part_pages=4)
    wiki.store.restrictions.add(wiki.ids[restricted], "read", "user", account_id_of("bot"))

    capture_in_parts(wiki, tmp_path, part_pages=4)

    titles = {entry.title for _, entry in load_library(tmp_path).iter_entries()}
    assert "Page 11" in titles
    assert "Page 12" not in titles
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"text 12" in path.read_bytes()]


def test_answers_are_asked_again_after_an_error_that_they_may_have_caused(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.server.faults.add("garbage@list*always")
    with pytest.raises(WikiError):
        capture_in_parts(wiki, tmp_path)

    assert not list(state_of(tmp_path).folder.glob("*.answers.sqlite*"))


def test_damaged_answers_cost_requests_only(larger: SmallWiki, interrupted: Path) -> None:
    (kept,) = state_of(interrupted).folder.glob("*.answers.sqlite")
    kept.write_bytes(b"not a database" * 100)
    for suffix in ("-wal", "-shm"):
        kept.with_name(kept.name + suffix).unlink(missing_ok=True)

    capture_in_parts(larger, interrupted)

    head = load_head(interrupted)
    assert head is not None
    assert head.verdict is RunVerdict.COMPLETE
    assert verify(interrupted).is_clean


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("flavour", list(Flavour))
def test_twenty_kills_of_a_large_capture_cost_little(flavour: Flavour, tmp_path: Path) -> None:
    chance = random.Random(13)  # noqa: S311 -- moments that a test can repeat
    with small_wiki(flavour) as wiki:
        add_mixed_pages(wiki, _PAGES)
        in_all = _run_process(wiki, tmp_path / "whole")
        moments = [chance.randrange(5, 2 * in_all // _KILLS) for _ in range(_KILLS)]
        spent = [_run_process(wiki, tmp_path / "killed", after=moment) for moment in (*moments, 0)]

    assert sum(spent) <= 1.1 * in_all, f"{in_all} requests at once, with kills: {spent}"
    assert tree_bytes(tmp_path / "killed") == tree_bytes(tmp_path / "whole")
    assert verify(tmp_path / "killed").is_clean
    assert not list(state_of(tmp_path / "killed").folder.glob("*.answers.sqlite*"))


def _run_process(wiki: SmallWiki, root: Path, *, after: int = 0) -> int:
    """Capture in a process; with *after*, kill it when it has sent so many requests. Return the number of requests."""
    wiki.server.received.clear()
    command = [sys.executable, "-m", "tests.snapshot.capture_once", str(root), wiki.server.url, wiki.flavour.value]
    with subprocess.Popen(command, cwd=_REPOSITORY) as process:
        while process.poll() is None:
            if after and len(wiki.server.received) >= after:
                process.kill()
            time.sleep(0.002)
    assert process.returncode in ((0, -9) if after else (0,))
    return len(wiki.server.received)
