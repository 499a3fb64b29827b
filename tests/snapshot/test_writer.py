import datetime as dt
import subprocess
from pathlib import Path

import pytest

from bot.errors import EvidenceError, LockedError, SnapshotError
from bot.snapshot.archive import library as library_module
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.checkpoint import load_head
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import Event, EventOutcome, EventType, parse_events
from bot.snapshot.archive.indexes import render_bag_index
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.record import Ancestor, RecordedStatus
from bot.snapshot.archive.signature import Signer
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.verify.verification import verify
from tests.snapshot.public_tools import bagit_accepts, run_instructions
from tests.snapshot.small_tree import (
    CLOCK,
    ORIGIN,
    SOFTWARE,
    capture_first,
    capture_second,
    finish,
    open_run,
    put_page,
    state_of,
    tree_bytes,
)


def test_what_is_written_satisfies_the_public_tools_and_our_own(
    signed_original: Path, signer: Signer, tmp_path: Path
) -> None:
    allowed = tmp_path / "allowed_signers"
    allowed.write_text(signer.allowed_signers())

    judged = run_instructions(
        signed_original, allowed_signers=allowed, text=(signed_original / "VERIFY.md").read_text(encoding="utf-8")
    )

    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert bagit_accepts(signed_original)
    assert verify(signed_original, allowed_signers=signer.allowed_signers()).findings == ()


def test_unsigned_snapshots_satisfy_the_public_tools_too(tmp_path: Path) -> None:
    capture_first(tmp_path, Disk())
    capture_second(tmp_path, Disk())

    assert run_instructions(tmp_path).returncode == 0
    assert bagit_accepts(tmp_path)
    assert verify(tmp_path).is_clean


def test_each_run_keeps_the_head_before_it_verbatim(tmp_path: Path, signer: Signer) -> None:
    capture_first(tmp_path, Disk(), signer=signer)
    first = tree_bytes(tmp_path)
    capture_second(tmp_path, Disk(), signer=signer)

    second = tree_bytes(tmp_path)
    assert second["log/2026/000001.checkpoint"] == first["CHECKPOINT"]
    assert second["log/2026/000001.checkpoint.sig"] == first["CHECKPOINT.sig"]
    head = load_head(tmp_path)
    assert head is not None
    assert (head.sequence, head.previous_path) == (2, "log/2026/000001.checkpoint")
    logged = parse_events((tmp_path / "log/2026/000002.events.jsonl").read_bytes(), name="events")
    assert logged[1].event.objects == ("102",)


def test_bags_that_did_not_change_are_not_rewritten(tmp_path: Path) -> None:
    capture_first(tmp_path, Disk())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "WS2").rglob("*") if path.is_file()}

    with open_run(tmp_path, CLOCK) as writer:
        put_page(writer, "900", "Elsewhere", "<p/>", version=1, space_key="OTHER")
        finish(writer, "900")

    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "WS2").rglob("*") if path.is_file()} == before


def test_a_source_version_is_never_overwritten(tmp_path: Path) -> None:
    capture_first(tmp_path, Disk())
    before = tree_bytes(tmp_path)

    with (
        pytest.raises(EvidenceError, match="never overwritten"),
        open_run(tmp_path, CLOCK) as writer,
    ):
        put_page(writer, "101", "Board meeting", "<p>forged</p>", version=1)

    assert tree_bytes(tmp_path) == before


def test_two_writers_exclude_each_other(tmp_path: Path) -> None:
    with (
        open_run(tmp_path, CLOCK),
        pytest.raises(LockedError),
        open_run(tmp_path, CLOCK),
    ):
        pass


def test_nothing_is_signed_on_top_of_tampering_that_new_digests_would_hide(tmp_path: Path, signer: Signer) -> None:
    capture_first(tmp_path, Disk(), signer=signer)
    pages = tmp_path / "WS2" / "pages.jsonl"
    pages.write_bytes(pages.read_bytes().replace(b"Board", b"Bored"))

    with pytest.raises(EvidenceError, match=r"pages\.jsonl"):
        capture_second(tmp_path, Disk(), signer=signer)


def test_a_head_signed_by_a_stranger_is_not_built_on(tmp_path: Path, signer: Signer, stranger: Signer) -> None:
    capture_first(tmp_path, Disk(), signer=stranger)

    with pytest.raises(EvidenceError, match="was signed by"):
        capture_second(tmp_path, Disk(), signer=signer)


def test_snapshots_of_another_wiki_are_not_mixed_in(tmp_path: Path) -> None:
    capture_first(tmp_path, Disk())

    with (
        pytest.raises(EvidenceError, match="another folder"),
        open_writer(state_of(tmp_path), origin="https://other.example", software=SOFTWARE, clock=lambda: CLOCK),
    ):
        pass


def test_a_run_is_not_dated_before_the_newest_head(tmp_path: Path) -> None:
    capture_second(tmp_path, Disk())
    before = tree_bytes(tmp_path)

    with pytest.raises(EvidenceError, match=r"it is 2026-11-24T02:30:00Z, but run 1 .* is of 2026-11-25T02:30:00Z"):
        capture_first(tmp_path, Disk())

    assert tree_bytes(tmp_path) == before


def test_a_space_of_more_pages_than_fit_in_a_bag_fills_a_second_bag(tmp_path: Path) -> None:
    with open_run(tmp_path, CLOCK) as writer:
        for number in range(1, 502):
            put_page(writer, str(number), f"Page {number}", "<p/>", version=1)
        finish(writer, *map(str, range(1, 502)))

    bags = load_library(tmp_path).bags
    assert {name: len(bag.entries) for name, bag in bags.items()} == {"WS2": 500, "WS2-2": 1}
    folders = [path for path in tmp_path.rglob("*") if path.is_dir()]
    assert max(sum(1 for _ in folder.iterdir()) for folder in folders) <= 500
    assert verify(tmp_path).is_clean
    assert bagit_accepts(tmp_path)


def test_a_run_that_changes_many_bags_writes_each_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MAX_PAGES", 2)
    root, numbers = tmp_path / "snapshots", range(100, 120)
    with open_run(root, CLOCK) as writer:
        for number in numbers:
            put_page(writer, str(number), f"Page {number}", "<p>one</p>", version=1)
        finish(writer, *map(str, numbers))
    again = [100, 104, 108, 112, 116, 118, 101]  # the first bag is changed again after its lists were staged
    with open_run(root, CLOCK + dt.timedelta(days=1)) as writer:
        for number in again:
            title = "Renamed" if number == 104 else f"Page {number}"
            put_page(writer, str(number), title, "<p>two</p>", version=2)
        finish(writer, *map(str, again))

    readmes = [path.read_text() for path in sorted(root.glob("*/README.md"))]
    assert len(readmes) == 10
    assert sum(readme.count("version 2 of") for readme in readmes) == len(again)
    assert verify(root).is_clean


def test_the_lists_of_a_bag_can_be_read_at_every_moment_of_a_commit(tmp_path: Path) -> None:
    root, seen = tmp_path / "snapshots", list[set[str]]()

    class ReadingDisk(Disk):
        def replace(self, source: Path, target: Path) -> None:
            seen.append(set(writer.library.bags["WS2"].entries))  # as the threads that read ahead do
            super().replace(source, target)
            seen.append(set(writer.library.bags["WS2"].entries))

    with open_run(root, CLOCK, disk=ReadingDisk()) as writer:
        for page_id in ("101", "102"):
            put_page(writer, page_id, f"Page {page_id}", "<p>one</p>", version=1)
            event = Event(EventType.CAPTURE, EventOutcome.SUCCESS, "", (page_id,))
            writer.finish([event], agents=(SOFTWARE,), goes_on=page_id == "101")

    assert {"101"} in seen
    assert all(each in ({"101"}, {"101", "102"}) for each in seen)
    assert verify(root).findings == ()


@pytest.mark.needs("ssh-keygen")
def test_a_key_with_a_passphrase_is_refused_before_anything_is_captured(tmp_path: Path) -> None:
    key = tmp_path / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-C", "", "-f", str(key)], check=True)

    with pytest.raises(SnapshotError, match="cannot sign with"):
        capture_first(tmp_path / "snapshots", Disk(), signer=Signer(key))

    assert tree_bytes(tmp_path / "snapshots") == {}


def test_an_index_shows_a_page_however_deep_the_wiki_says_it_is() -> None:
    above = tuple(Ancestor(id=str(number), title=f"Level {number}") for number in range(1_500))
    bag = Bag("WS2", "WS2", ORIGIN)
    bag.put_entry(
        PageEntry(
            page_id="9999",
            path="data/2026/deep--9999.md",
            space_key="WS2",
            title="Deep",
            url="",
            status=RecordedStatus.CURRENT,
            position=None,
            ancestors=above,
            version_when=CLOCK,
            version=1,
            captured_at=CLOCK,
            record_path="data/_source/9999/record-000001.json",
            source_path="data/_source/9999/v1.xml",
            source_sha256="0" * 64,
        )
    )

    *_, last = render_bag_index(bag).decode().splitlines()

    assert last.startswith("  " * 1_500 + "- [Deep]")
