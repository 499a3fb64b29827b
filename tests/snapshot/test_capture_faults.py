from pathlib import Path

import pytest

from bot.config.policy import ArchivedSettings
from bot.errors import WikiError
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.run import capture
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.snapshot.verify.verification import verify
from tests.snapshot.capturing import RULE, events_of, run_capture
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import CLOCK, SOFTWARE, state_of, tree_bytes
from tests.snapshot.small_wiki import SmallWiki

BODIES = r"ids=|pages\?id=|/(pages|content)/\d+\?"


def test_a_page_that_fails_is_a_shortfall_and_the_others_are_captured(wiki: SmallWiki, tmp_path: Path) -> None:
    path = f"/(pages|content)/{wiki.ids['Minutes']}/version"
    with wiki.proxied() as proxy:
        proxy.instead("GET", path, 403, "You may not see the versions.")

        outcome = run_capture(wiki, tmp_path)

    assert (outcome.expected, outcome.captured, len(outcome.restricted)) == (3, 2, 1)
    assert outcome.has_shortfall
    run, *others = events_of(tmp_path, 1)
    assert run["outcome"] == "fail"
    assert run["facts"]["restricted"] == 1
    assert [event["outcome"] for event in others].count("restricted") == 1
    assert verify(tmp_path).is_clean


def test_what_failed_is_made_up_for_by_the_next_run(wiki: SmallWiki, tmp_path: Path) -> None:
    with wiki.proxied() as proxy:
        proxy.instead("GET", BODIES, 200, "This is not a page.")
        assert len(run_capture(wiki, tmp_path).failed) == 3

    outcome = run_capture(wiki, tmp_path, day=1)

    assert (outcome.captured, outcome.has_shortfall) == (3, False)
    assert verify(tmp_path).is_clean


def test_an_attachment_that_cannot_be_had_is_a_shortfall(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.server.faults.add("404@files*always")
    outcome = run_capture(wiki, tmp_path)
    assert (outcome.captured, len(outcome.incomplete), outcome.has_shortfall) == (3, 1, True)
    wiki.server.faults.clear()

    again = run_capture(wiki, tmp_path, day=1)

    assert (again.captured, again.has_shortfall) == (1, False)
    assert [path.read_bytes() for path in (tmp_path / "WS2/data/_attachments").rglob("*.pdf")] == [b"%PDF-1"]
    assert verify(tmp_path).is_clean


@pytest.mark.parametrize("fault", ["500", "503", "reset", "garbage", "truncated", "wrong-type", "login", "401"])
def test_a_listing_that_breaks_leaves_the_old_state(wiki: SmallWiki, tmp_path: Path, fault: str) -> None:
    run_capture(wiki, tmp_path)
    before = tree_bytes(tmp_path)
    wiki.edit("Minutes", "<p>version four</p>")
    wiki.server.faults.add(f"{fault}@list*always")

    with pytest.raises(WikiError):
        run_capture(wiki, tmp_path, day=1)

    assert tree_bytes(tmp_path) == before


def test_a_wiki_that_stops_answering_is_not_asked_for_every_page(wiki: SmallWiki, tmp_path: Path) -> None:
    for number in range(40):
        wiki.add(f"Page {number}")
    with wiki.proxied() as proxy:
        proxy.instead("GET", BODIES, 503, "Not now.")

        outcome = run_capture(wiki, tmp_path)

    assert outcome.captured == 0
    assert len(outcome.failed) == 43
    assert sum("not tried" in trouble.reason for trouble in outcome.failed) > 20


def test_a_hiccup_that_passes_costs_nothing(wiki: SmallWiki, tmp_path: Path) -> None:
    wiki.server.faults.add("503@search*1, reset@get*1, 429=none@list*1")

    outcome = run_capture(wiki, tmp_path)

    assert (outcome.captured, outcome.has_shortfall) == (3, False)


def test_pages_that_vanish_while_the_wiki_fails_get_no_tombstone(wiki: SmallWiki, tmp_path: Path) -> None:
    run_capture(wiki, tmp_path)
    wiki.store.pages.trash(wiki.ids["会议记录"])

    outcome = run_capture(
        wiki, tmp_path, day=1, on_page=lambda _title, _total: wiki.server.faults.add("garbage@any*always")
    )

    assert (outcome.gone, len(outcome.unknown), outcome.has_shortfall) == (0, 1, True)
    assert load_library(tmp_path).get_page("会议记录")[1].tombstone is None


def test_a_space_that_cannot_be_listed_does_not_keep_the_others_from_being_captured(
    wiki: SmallWiki, tmp_path: Path
) -> None:
    with open_writer(state_of(tmp_path), origin="https://wiki.test", software=SOFTWARE, clock=lambda: CLOCK) as writer:
        requests = [SpaceRequest("GONE", RULE), SpaceRequest("WS2", RULE)]

        outcome = capture(wiki.gateway, writer, requests, CaptureOptions(SerialExecutor()))

    assert (outcome.captured, [trouble.page_id for trouble in outcome.unlisted]) == (3, ["GONE"])
    assert outcome.has_shortfall
    assert events_of(tmp_path, 1)[0]["facts"]["unlisted_spaces"] == ["GONE"]
    assert verify(tmp_path).is_clean


def test_a_first_run_that_gets_no_page_still_leaves_evidence_that_verifies(wiki: SmallWiki, tmp_path: Path) -> None:
    rule = ArchivedSettings(status=False, labels=(), under=("Home",))
    with wiki.proxied() as proxy:
        proxy.instead("GET", BODIES, 403, "Not for you.")

        outcome = run_capture(wiki, tmp_path, rule=rule)

    assert (outcome.captured, len(outcome.restricted)) == (0, 3)
    assert verify(tmp_path).is_clean
    judged = run_instructions(tmp_path)
    assert judged.returncode == 0, judged.stdout + judged.stderr
