"""The record of the last check: what is left to do, for those who look without asking the wiki."""

import pytest

from bot.config.settings import load_settings
from bot.operations.last_check import LastCheck, find_last_check
from bot.runtime import Runtime
from bot.sync.drift import Verdict
from tests.journeys.conftest import Desk, both_flavours

pytestmark = pytest.mark.parametrize("seed", ["demo"])


def last_check(desk: Desk) -> LastCheck | None:
    return find_last_check(Runtime(load_settings(desk.folder / "bot.yaml")).workspace)


def let_a_person_edit(desk: Desk) -> None:
    """Let a person change a region that the bot then leaves alone."""
    desk.wiki.edit(desk.home_id, desk.home_body.replace("We have moved.", "We have not moved."))
    settings = desk.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("data: ws2.yaml", "data: ws2.yaml\n    merge: ask"))
    desk.ran("sync", code=3)


@both_flavours
def test_a_run_records_what_is_left(adopted: Desk) -> None:
    assert last_check(adopted) is None
    adopted.ran("news", "add", "We have moved.")
    adopted.ran("sync")

    found = last_check(adopted)
    assert found is not None
    assert found.plan.pages == ()
    assert found.verdict("news") is Verdict.IN_SYNC
    assert set(found.written) == {"news", "status", "quick_links"}  # the adoption wrote all three
    assert found.written["news"] > found.written["status"] == found.written["quick_links"]

    let_a_person_edit(adopted)

    found = last_check(adopted)
    assert found is not None
    assert found.verdict("news") is Verdict.DRIFTED
    assert found.verdict("status") is Verdict.IN_SYNC
    (change,) = found.changes("news")
    assert [edit.author for edit in change.edits] != []
    assert set(found.written) == {"news", "status", "quick_links"}


@both_flavours
def test_a_record_that_was_changed_is_not_believed(adopted: Desk) -> None:
    adopted.ran("news", "add", "We have moved.")
    adopted.ran("sync")
    let_a_person_edit(adopted)
    path = adopted.folder / ".wikibot" / "checks" / "ws2.json"
    path.write_text(path.read_text().replace("hmac-sha256:", "hmac-sha256:0"))

    assert last_check(adopted) is None
    adopted.ran("sync", code=3)
    assert last_check(adopted) is not None
