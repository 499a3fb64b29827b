"""A rotating check that continues a remembered check finds what a check that replays everything finds on that day."""

import datetime as dt
import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.snapshot.archive.checkpoint import HEAD
from bot.snapshot.archive.signature import Signer
from bot.snapshot.verify.replay_memory import ReplayMemory
from bot.snapshot.verify.verification import PORTIONS, Verification, verify
from tests.machine import IS_NIGHTLY
from tests.snapshot.forger import Forger
from tests.snapshot.test_forgery import BAG, PAGE, WITH_THE_KEY, empty_run, lawful_view, new_version
from tests.snapshot.test_growth import capture_pages
from tests.snapshot.test_tampering import TAMPERINGS
from tests.snapshot.work_counter import counting

NOW = dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
EACH, DAYS = (1, range(PORTIONS)) if IS_NIGHTLY else (30, range(2))
"""By day, few classes on few days."""


@dataclass
class Copy:
    """A copy of the evidence, and what a full check of it left in the state."""

    root: Path
    signer: Signer
    memory: ReplayMemory
    database: Path
    witness: str

    def check(self, day: int | None, *, resumes: bool = True) -> Verification:
        return verify(
            self.root,
            allowed_signers=self.signer.allowed_signers(),
            witnesses=[self.witness],
            portion=day,
            now=NOW,
            memory=self.memory if resumes else None,
        )

    def agrees(self, day: int) -> bool:
        """Return whether there are findings; a check without memory has the same."""
        checked, plain = self.check(day), self.check(day, resumes=False)
        assert (checked.findings, checked.removals, checked.runs) == (plain.findings, plain.removals, plain.runs)
        return not checked.is_clean


@pytest.fixture
def copy(evidence: Path, tmp_path: Path, signer: Signer) -> Copy:
    root = Path(shutil.copytree(evidence, tmp_path / "snapshots", symlinks=True))
    witness = hashlib.sha256((root / HEAD).read_bytes()).hexdigest()
    database = tmp_path / "state" / "log.replayed.sqlite"
    made = Copy(root, signer, ReplayMemory(database, "wikibot 1"), database, witness)
    assert made.check(None).is_clean
    return made


@pytest.mark.parametrize("forge", WITH_THE_KEY[::EACH], ids=lambda forge: forge.__name__)
def test_what_the_holder_of_the_key_changed_is_found_on_the_same_days(
    copy: Copy, forge: Callable[[Forger], None]
) -> None:
    forge(Forger(copy.root, copy.signer))

    found = [copy.agrees(day) for day in DAYS]

    assert any(found) or not IS_NIGHTLY


@pytest.mark.parametrize("what", list(TAMPERINGS)[::EACH])
def test_tampering_is_found_on_the_same_days(copy: Copy, what: str) -> None:
    TAMPERINGS[what][0](copy.root)

    found = [copy.agrees(day) for day in DAYS]

    assert any(found) or not IS_NIGHTLY


@pytest.mark.parametrize("act", [empty_run, new_version, lawful_view], ids=lambda act: act.__name__)
def test_later_runs_are_replayed_on_top(copy: Copy, act: Callable[[Forger], None]) -> None:
    for _ in range(2):
        if act is not new_version or not (copy.root / BAG / "data/_source/101/v2.xml").exists():
            act(Forger(copy.root, copy.signer))
        for day in DAYS:
            assert not copy.agrees(day)

    (copy.root / PAGE).write_text("# Forged\n")
    Forger(copy.root, copy.signer).append()
    assert copy.agrees(0)


def test_a_week_without_a_full_check_compares_every_record(copy: Copy) -> None:
    """Each day notes only the seventh that it compared."""
    copy.database.unlink()
    path = copy.root / BAG / "pages.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Board meeting", b"Bored meeting", 1))
    Forger(copy.root, copy.signer).append()

    found = [day for day in range(PORTIONS) if copy.agrees(day)]

    assert len(found) == 1


@pytest.mark.parametrize("damage", ["garbage", "another wikibot", "state of a bag", "unknown head", "no tables"])
def test_a_memory_that_is_no_help_is_not_used(copy: Copy, damage: str) -> None:
    with sqlite3.connect(copy.database) as database:
        match damage:
            case "another wikibot":
                database.execute("UPDATE replayed SET software = 'wikibot 0'")
            case "state of a bag":
                database.execute("UPDATE bags SET state = x'00', tags = ''")
            case "unknown head":
                database.execute("UPDATE replayed SET head = ''")
            case "no tables":
                database.executescript("DROP TABLE replayed; DROP TABLE bags")
    database.close()
    if damage == "garbage":
        copy.database.write_bytes(b"garbage" * 1000)

    assert copy.check(1).is_clean
    lawful_view(Forger(copy.root, copy.signer))
    assert copy.check(2).is_clean
    (copy.root / PAGE).unlink()
    assert not copy.check(3).is_clean


def test_a_state_folder_that_cannot_be_written_is_no_finding(copy: Copy) -> None:
    copy.database.unlink()
    copy.database.parent.rmdir()
    copy.database.parent.write_text("not a folder")

    assert copy.check(None).is_clean
    assert copy.check(0).is_clean


def test_the_memory_is_for_its_owner_only(copy: Copy) -> None:
    assert copy.database.stat().st_mode & 0o777 == 0o600
    assert copy.database.parent.stat().st_mode & 0o777 == 0o700


def test_a_rotating_check_does_a_fraction_of_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, memory = tmp_path / "snapshots", ReplayMemory(tmp_path / "state/log.sqlite", "wikibot 1")
    capture_pages(root, range(100), version=1)
    assert verify(root, memory=memory).is_clean
    capture_pages(root, range(100, 102), version=1)
    works = []
    for known in (memory, memory, None):
        with counting(monkeypatch) as counter:
            assert verify(root, portion=0, memory=known).is_clean
        works.append(counter.work())

    assert works[1].lines < works[2].lines / 2
