"""The bot says how it is: `wikibot status`, heartbeats, and what it answers to monitoring, each against a real wiki."""

import re
import signal
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client

from bot.config.settings import load_settings
from bot.history import JobRequest, RunOutcome
from bot.live_schedule import LiveSchedule
from bot.runtime import Runtime
from bot.service_endpoint import ServiceEndpoint
from tests.cli.scheduled_bot import SECONDS_TO_END, ScheduledBot, wait_for
from tests.service.conftest import Service
from tests.service.receiver import Inbox
from wikiserver.testing import Wiki

pytestmark = pytest.mark.parametrize("flavour", ["cloud"])


def test_the_exit_code_says_how_the_bot_is(service: Service) -> None:
    never = service.wikibot("status")
    service.wikibot("run", "--once")
    well = service.wikibot("status")
    service.edit("Somebody else wrote this.")
    service.bot.history.ask_for(_request("sync"))
    service.wikibot("run", "--once")
    drifted = service.wikibot("status")
    (service.folder / "ws2.yaml").write_text("workspace: [")
    service.bot.history.ask_for(_request("sync"))
    service.wikibot("run", "--once")
    failing = service.wikibot("status")

    assert [code for code, _ in (never, well, drifted, failing)] == [3, 0, 1, 2]
    assert "stale: sync: late\n  it never ran; start `wikibot run --config " in never[1]
    assert well[1].startswith("well: 0 things to look at; the bot is not running at the moment")
    assert re.search(r"attention: Home: status: unmanaged\n  .*`wikibot adopt .*` keeps it\n  http://\S+", drifted[1])
    assert re.search(r"failing: sync: failed\n  \S*ws2.yaml:1: .*; `wikibot runs 3 .*` shows the log", failing[1])


def test_a_job_that_does_not_run_is_stale_after_two_intervals(service: Service) -> None:
    service.wikibot("run", "--once")
    history = service.bot.history
    for hours, code in ((1.9, 0), (2.1, 3)):
        run = history.begin("sync", at=datetime.now(UTC) - timedelta(hours=hours))
        history.end(run, RunOutcome.SUCCESS, at=datetime.now(UTC) - timedelta(hours=hours))

        assert service.wikibot("status")[0] == code
        assert service.wikibot("status", "--probe") == (int(code > 1), "stale\n" if code else "well\n")


def test_json_and_metrics_say_the_same(service: Service) -> None:
    service.wikibot("run", "--once")
    service.wikibot("stop", "the site moves")

    found = service.json("status")
    code, metrics = service.wikibot("status", "--format", "metrics")

    assert (found["level"], code) == ("attention", 1)
    assert [(each["kind"], each["level"]) for each in found["concerns"]] == [("stopped", "attention")]
    assert "the site moves" in found["concerns"][0]["message"]
    assert found["workspaces"][0]["regions"] == {"in_sync": 1}
    assert 'wikibot_stopped{workspace="ws2"} 1.0' in metrics
    assert 'wikibot_regions{verdict="in_sync",workspace="ws2"} 1.0' in metrics
    assert 'wikibot_job_last_outcome{job="sync",outcome="success"} 1.0' in metrics
    assert "wikibot_health 1.0" in metrics
    names = [family.name for family in text_string_to_metric_families(metrics)]
    assert len(names) == len(set(names))
    assert not any(name.endswith(("_count", "_sum", "_bucket")) for name in names), "endings of histograms"


def test_monitoring_is_answered_and_gets_heartbeats(
    service: Service, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.add_settings("service: {listen: '127.0.0.1:0'}")
    monkeypatch.setenv("WIKIBOT_SERVICE__HEARTBEATS__SYNC", f"{inbox.url}/ping/T0PSECRET")

    with service.bot.running() as process:
        log = wait_for(process, "job sync: success")
        base = next(found[1] for line in log if (found := re.search(r"metrics are at (\S+)", line["message"])))
        answers = {path: _get(f"{base}{path}") for path in ("/healthz", "/readyz", "/metrics", "/other")}
        running = service.wikibot("status")[1]
        process.send_signal(signal.SIGTERM)
        code = process.wait(SECONDS_TO_END)

    assert code == 0
    assert [status for status, _ in answers.values()] == [200, 200, 200, 404]
    assert (answers["/healthz"][1], answers["/readyz"][1]) == ("ok\n", "well\n")
    assert re.search(r'wikibot_wiki_requests_total\{code="200",method="GET"\} [1-9]', answers["/metrics"][1])
    assert "the bot is running" in running
    assert inbox.paths == ["/ping/T0PSECRET/start", "/ping/T0PSECRET"]
    assert re.fullmatch(r"sync, run 1: success, \d+\.\d s\n", inbox.received[1].text)


def test_a_failed_job_sends_a_failure_and_a_silent_monitor_stops_nothing(
    service: Service, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKIBOT_SERVICE__HEARTBEATS__SYNC", f"{inbox.url}/ping")
    (service.folder / "ws2.yaml").write_text("workspace: [")
    failed = service.wikibot("run", "--once")[0]
    inbox.status = 404
    service.bot.history.ask_for(_request("sync"))

    refused = service.wikibot("run", "--once")[0]

    assert (failed, refused) == (1, 1)
    assert inbox.paths == ["/ping/start", "/ping/fail"] * 2
    assert "the heartbeat of job sync was refused: 127.0.0.1 answers 404" in service.err


def test_readiness_ends_when_a_job_fails(tmp_path: Path, wiki: Wiki) -> None:
    bot = ScheduledBot(tmp_path, wiki)
    settings = tmp_path / "bot.yaml"
    settings.write_text(f"{settings.read_text()}service: {{listen: '127.0.0.1:0'}}\n")

    with bot.running() as process:
        log = wait_for(process, "job sync: failed")
        base = next(found[1] for line in log if (found := re.search(r"metrics are at (\S+)", line["message"])))

        assert _get(f"{base}/healthz") == (200, "ok\n")
        assert _get(f"{base}/readyz") == (503, "failing\n")


def _request(job: str) -> JobRequest:
    return JobRequest(job, "ana", datetime.now(UTC))


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 -- an address of this test
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_loop_that_stands_still_is_a_503(service: Service) -> None:
    runtime = Runtime(load_settings(service.folder / "bot.yaml"))
    live = LiveSchedule(runtime, service.bot.history, lambda: runtime.settings)
    client = Client(ServiceEndpoint(live, service.bot.history))

    alive = client.get("/healthz")
    live.scheduler.last_sign_of_life -= 61
    silent = client.get("/healthz")

    assert (alive.status_code, silent.status_code) == (200, 503)
    assert re.fullmatch(r"no sign of life for 61 s\n", silent.text)


def test_alert_rules_name_metrics_that_exist(service: Service) -> None:
    service.wikibot("run", "--once")
    service.wikibot("stop", "the site moves")
    rules = (Path(__file__).parents[2] / "deploy" / "alerts.yaml").read_text()

    known = set(re.findall(r"^# TYPE (\w+)", service.wikibot("status", "--format", "metrics")[1], re.MULTILINE))

    not_here = {"wikibot_wiki_requests_total", "wikibot_capture_completeness"}  # of a process; after a capture
    assert set(re.findall(r"\bwikibot_\w+", rules)) - known == not_here
    assert "wikibot_running" not in "".join(line for line in rules.splitlines() if "expr:" in line)
