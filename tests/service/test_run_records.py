"""The record of a run is found from what the run left behind: versions of pages, events of the snapshots, log lines."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.current_run import CurrentRun, RunPage, current_run, working_for
from bot.history import JobRequest
from bot.sync.ledger import parse_tag
from bot.wiki.page_writer import with_run
from tests.cli.scheduled_bot import DATA
from tests.service.conftest import Service

TAG = "wikibot news=1f2e3d4c5b r=9c0ffee123 k=5eaf00d1: "


def _say(service: Service, words: str) -> None:
    (service.folder / "ws2.yaml").write_text(DATA.replace("All is well.", words))


def _run(service: Service, job: str = "sync") -> int:
    service.bot.history.ask_for(JobRequest(job, "ana", datetime.now(UTC)))
    service.wikibot("run", "--once")
    return int(service.json("runs")[0]["id"])


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_version_names_the_run_that_wrote_it_and_the_run_its_pages(service: Service) -> None:
    _say(service, "A command wrote this.")
    service.wikibot("apply", "--yes", "--take-over", "all")
    _say(service, "A run wrote this.")
    written = _run(service)
    quiet = _run(service)
    service.edit("A person wrote this.")
    drifted = _run(service)

    messages = {version.number: version.message for version in service.wiki.versions(service.home)}
    by_hand, by_run = messages[2], messages[3]
    assert "(run" not in by_hand
    assert by_run.endswith(f": updated status (run {written})")
    assert parse_tag(by_run) is not None

    record = service.json("runs", str(written))
    (page,) = record["pages"]
    assert (page["title"], page["result"], page["version"], page["regions"]) == ("Home", "written", 3, ["status"])
    assert record["run"]["counts"]["requests"] > record["run"]["counts"]["requests for pages"] > 0
    assert any("wrote version 3" in line["text"] for line in record["log"])
    assert service.json("runs", str(quiet))["pages"] == []
    (page,) = service.json("runs", str(drifted))["pages"]
    assert (page["result"], page["regions"]) == ("drifted", ["status"])

    shown = service.wikibot("runs", str(written))[1]
    assert re.search(rf"Home \(ws2\) +#{service.home} +written +3 +status", shown)


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_events_of_the_snapshots_name_the_run(service: Service) -> None:
    service.bot.replace_jobs("[{run: snapshot, every: hour}]")
    service.add_settings("snapshots: {path: snapshots, signing_key: none}")
    settings = service.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("data: ws2.yaml", "data: ws2.yaml, archived: {labels: [old]}"))
    service.wiki.add_page("Old", "<p>old</p>", labels=("old",))
    captured = _run(service, "snapshot")
    service.wiki.add_page("Older", "<p>older</p>", labels=("old",))
    service.wikibot("snapshot")

    first, second = sorted((service.folder / "snapshots").glob("log/*/*.events.jsonl"))
    assert _facts(first)["bot_run"] == captured
    assert "bot_run" not in _facts(second)
    record = service.json("runs", str(captured))
    assert [(page["title"], page["result"], page["version"]) for page in record["pages"]] == [("Old", "captured", 1)]
    assert record["run"]["message"] == "checkpoint 1"
    assert service.wikibot("verify")[0] == 0


@pytest.mark.parametrize("flavour", ["cloud"])
def test_lines_of_the_log_name_the_run(service: Service) -> None:
    ran = service.bot.run("--once", "--log-format", "json")

    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    named = {line["extra"]["run"] for line in lines if "extra" in line}
    assert named == {"1"}
    assert any("run 1" in line["message"] for line in lines)


def _facts(events: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(events.read_text().splitlines()[0])["facts"]
    return found


def test_the_run_is_cut_out_of_no_tag() -> None:
    with working_for(CurrentRun(12)):
        long, longest = with_run(TAG + "w" * 400), with_run("w" * 255)
        short = with_run(f"{TAG}updated news")
        wide = with_run(f"wikibot news={'1' * 60},{'n' * 180}=1f2e3d4c5b: x")

    assert short == f"{TAG}updated news (run 12)"
    assert (len(long), long[:60], long[-9:]) == (255, (TAG + "w" * 20)[:60], " (run 12)")
    assert "(run" not in longest
    assert "(run" not in wide
    assert with_run("no run") == "no run"


def test_a_run_without_record_is_not_named() -> None:
    with working_for(CurrentRun(0)):
        assert with_run("words") == "words"


def test_pages_without_room_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.current_run._MOST_PAGES", 1)
    run = CurrentRun(1)
    with working_for(run):
        for number in range(3):
            current_run().add_page(RunPage(str(number), "Home", "written"))

    assert (len(run.pages), run.counts) == (1, {"pages not listed": 2})
