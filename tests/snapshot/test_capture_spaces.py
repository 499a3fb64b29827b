"""Pages that move between spaces, workspaces that share one, and snapshots that were changed during a run."""

from contextlib import closing
from pathlib import Path

import pytest

from bot.config.policy import ArchivedSettings
from bot.errors import EvidenceError
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.run import capture
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.snapshot.query import search
from bot.snapshot.query.search import build_query, find_hits, open_scratch_index, put_page
from bot.snapshot.verify.verification import verify
from tests.snapshot.breaking_disk import interrupted_capture
from tests.snapshot.capturing import details_of, run_capture
from tests.snapshot.small_tree import CLOCK, SOFTWARE, state_of
from tests.snapshot.small_wiki import ANA, WHEN, SmallWiki


def test_a_page_that_moved_to_another_space_keeps_its_capture(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    other = wiki.store.spaces.create("OTHER", "Other", creator=ANA, now=WHEN)
    target = wiki.store.pages.create(other.id, "Target", "<p>t</p>", author=ANA)
    wiki.store.pages.move(wiki.ids["Minutes"], target.id, "append")

    outcome = run_capture(wiki, tmp_path, day=1)

    assert (outcome.gone, outcome.has_shortfall) == (0, False)
    assert "Minutes: moved to space OTHER; its capture stays" in details_of(tmp_path, 2)
    assert run_capture(wiki, tmp_path, day=2).checkpoint is None


def test_a_page_that_comes_back_without_being_archived_loses_its_tombstone(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    page = wiki.ids["Minutes"]
    wiki.store.pages.trash(page)
    run_capture(wiki, tmp_path, day=1)
    wiki.store.pages.set_status(page, "current")
    wiki.store.labels.remove(page, "archived")

    run_capture(wiki, tmp_path, day=2)

    entry = load_library(tmp_path).get_page("Minutes")[1]
    assert (entry.tombstone, entry.is_selected) == (None, False)
    assert verify(tmp_path).is_clean


def test_two_workspaces_in_one_space_are_one_request(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.add("Folder", under="Home", label="")
    wiki.add("Below", under="Folder", label="")
    requests = [
        SpaceRequest("WS2", ArchivedSettings(status=False, labels=("archived",))),
        SpaceRequest("WS2", ArchivedSettings(status=False, labels=(), under=("Folder",))),
    ]
    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        outcome = capture(wiki.gateway, writer, requests, CaptureOptions(SerialExecutor()))

    assert (outcome.expected, outcome.captured) == (4, 4)


def test_a_committed_run_whose_staged_files_were_changed_is_not_carried_out(tmp_path: Path) -> None:
    root = interrupted_capture(tmp_path)
    staged = max(root.glob("staging-*/0*"))
    staged.write_bytes(b"forged")

    with (
        pytest.raises(EvidenceError, match="is not what was committed"),
        open_writer(state_of(root), origin="https://wiki.example.org", software=SOFTWARE, clock=lambda: CLOCK),
    ):
        pass


def test_of_many_hits_those_with_the_words_in_the_title_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_FEW", 5)
    with closing(open_scratch_index()) as database:
        for number in range(20):
            title = "Annual report" if number == 3 else f"Page {number}"
            put_page(database, (str(number), title, "p", "s", "x"), title, "", "the annual report")

        hits = list(find_hits(database, build_query("annual report"), 4))

    assert [hit.page_id for hit in hits] == ["3", "19", "18", "17"]
