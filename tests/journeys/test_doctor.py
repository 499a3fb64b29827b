"""`wikibot doctor`: its findings, its write test, and its report without secrets."""

import base64
import json
import re
from typing import Any

import pytest

from tests.journeys.conftest import HOME, Desk
from tests.journeys.test_sync import at_terminal

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.parametrize("seed", ["demo"]),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
]
ALWAYS = {
    "python", "packages", "git", "ssh-keygen", "state folder", "snapshots folder", "signing key", "clock", "flavour",
    "rate limits", "home page", "body", "editor", "draft", "versions", "labels", "restrictions", "attachments",
    "watchers", "rights", "write test",
}  # fmt: skip


def examined(desk: Desk, *words: str, code: int = 0) -> dict[str, Any]:
    """The findings of `doctor`, by what was examined."""
    checks = desk.ran("doctor", "--format", "json", *words, code=code).json["checks"]
    return {each["what"]: each for each in checks}


def test_a_healthy_set_up_is_examined_without_a_write(adopted: Desk) -> None:
    writes = adopted.writes()

    found = examined(adopted, "--out", "report.json")

    assert set(found) >= ALWAYS
    assert {each["outcome"] for each in found.values()} <= {"ok", "not tried", "by hand", "not applicable"}
    assert found["flavour"]["message"].startswith("Cloud" if adopted.wiki.flavour == "cloud" else "Data Center")
    assert adopted.writes() == writes
    report = json.loads((adopted.folder / "report.json").read_text())
    assert report["format"] == "wikibot-doctor/1"
    assert {each["what"] for each in report["checks"]} == set(found)


def test_the_write_test_leaves_no_page(adopted: Desk) -> None:
    body = adopted.home_body

    found = examined(adopted, "--write-test")

    steps = ("create", "write", "conflict", "label", "delete")
    assert [found[f"write test: {step}"]["outcome"] for step in steps] == ["ok"] * 5
    assert (
        "spells the page differently" in found["write test: write"]["message"]
        or "byte by byte" in (found["write test: write"]["message"])
    )
    assert "wikibot doctor" not in adopted.ran("tree").out
    assert adopted.home_body == body


def test_every_step_of_a_live_run_is_done_or_listed(adopted: Desk) -> None:
    found = examined(adopted)

    steps = {int(what.split()[1]): each for what, each in found.items() if what.startswith("step ")}
    by_hand = {number for number, each in steps.items() if each["outcome"] == "by hand"}
    if adopted.wiki.flavour == "cloud":
        assert list(steps) == [*range(1, 12)]
        assert by_hand == {*range(5, 12)}
        assert "page current" in steps[2]["message"]
        assert "labels 200" in steps[3]["message"]
        assert "footer-comments: 200, " in steps[4]["message"]
        assert steps[1]["outcome"] == "not applicable"
    else:
        assert list(steps) == [*range(1, 8)]
        assert by_hand == {*range(3, 8)}
        assert "asked for 500 pages with bodies, " in steps[1]["message"]
        assert steps[2]["outcome"] == "ok"
    assert all(each["message"] for each in steps.values())


def test_a_listing_that_the_wiki_refuses_is_a_finding(adopted: Desk) -> None:
    adopted.wiki.faults.add("403@list")

    found = examined(adopted, code=1)

    assert any(each["outcome"] in ("warning", "error") and "403" in each["message"] for each in found.values())


@pytest.mark.parametrize("fault", ["403@labels"])
def test_the_page_of_the_write_test_is_deleted_after_a_failure_too(adopted: Desk, fault: str) -> None:
    method, path = ("POST", "/label")
    adopted.wiki.faults.add(fault)

    found = examined(adopted, "--write-test", code=1)

    assert any(each[0] == method and path in each[1] for each in adopted.wiki.requests)
    assert found["write test: label"]["outcome"] == "error"
    assert found["write test: delete"]["outcome"] == "ok"
    adopted.wiki.faults.clear()
    assert "wikibot doctor" not in adopted.ran("tree").out


def test_a_draft_and_a_missing_key_are_found(adopted: Desk) -> None:
    path = adopted.folder / "bot.yaml"
    text = path.read_text().replace(
        "{path: snapshots, signing_key: none}", "{path: snapshots, signing_key: nowhere/key}"
    )
    path.write_text(text)
    store = adopted.wiki.store
    store.pages.save_draft(adopted.home_id, title=HOME, body="<p>draft</p>", author=adopted.wiki.account("ana"))

    found = examined(adopted, code=1)

    assert (found["signing key"]["outcome"], found["versions"]["outcome"]) == ("error", "ok")
    assert "nowhere/key does not exist" in found["signing key"]["message"]


def test_the_report_names_what_was_not_tried_and_has_no_secret(adopted: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "a-very-secret-token"
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", secret)
    path = adopted.folder / "bot.yaml"
    path.write_text(path.read_text().replace("ws2.yaml\n", f"{secret}.yaml\n"))
    adopted.data.rename(adopted.folder / f"{secret}.yaml")

    ran = adopted.ran("doctor", "--format", "json", "--out", "report.json", code=1)

    encoded = base64.b64encode(f"bot:{secret}".encode()).decode()
    for text in (ran.out, ran.err, (adopted.folder / "report.json").read_text()):
        assert secret not in text
        assert encoded not in text
    found = {each["what"]: each["outcome"] for each in ran.json["checks"]}
    assert (found["account"], found["versions"], found["clock"]) == ("error", "not tried", "not tried")


def test_the_table_fits_a_terminal(adopted: Desk) -> None:
    code, terminal = at_terminal(adopted, "doctor", COLUMNS="80")

    assert code == 0
    assert re.search(r"^ok +python +3\.", terminal.shown, re.MULTILINE)
    assert max(map(len, terminal.shown.splitlines())) <= 80
