"""The scheduled bot as a process of its own: real signals, a real wiki."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from bot.history import RunOutcome
from tests.cli.scheduled_bot import DATA, HOME, SECONDS_TO_END, ScheduledBot, wait_for, wait_for_request
from wikiserver.testing import Wiki


@pytest.fixture
def bot(tmp_path: Path, wiki: Wiki) -> ScheduledBot:
    wiki.add_page("Home", HOME)
    return ScheduledBot(tmp_path, wiki)


def test_terminate_ends_the_idle_bot_in_good_order(bot: ScheduledBot) -> None:
    with bot.running() as process:
        wait_for(process, "job sync: success")

        process.send_signal(signal.SIGTERM)

        assert process.wait(SECONDS_TO_END) == 0
    assert [run.outcome for run in bot.history.recent()] == [RunOutcome.SUCCESS]


def test_a_desk_whose_port_is_taken_ends_the_bot_before_any_job_runs(bot: ScheduledBot) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = bot.folder / "bot.yaml"
        port = taken.getsockname()[1]
        settings.write_text(f"{settings.read_text()}desk: {{listen: '127.0.0.1:{port}'}}\n")

        ran = bot.run()

    assert ran.returncode == 1
    assert f"the desk cannot listen on 127.0.0.1, port {port}" in ran.stderr
    assert "`desk.listen`" in ran.stderr
    assert bot.history.recent() == []


def test_interrupt_ends_it_too(bot: ScheduledBot) -> None:
    with bot.running() as process:
        wait_for(process, "job sync: success")

        process.send_signal(signal.SIGINT)

        assert process.wait(SECONDS_TO_END) == 0


def test_terminate_breaks_off_a_long_wait_for_the_wiki(bot: ScheduledBot, wiki: Wiki) -> None:
    wiki.faults.add("429=250@any")
    with bot.running() as process:
        wait_for(process, "trying again in 250 s")

        process.send_signal(signal.SIGTERM)

        assert process.wait(SECONDS_TO_END) == 0
    assert [run.outcome for run in bot.history.recent()] == [RunOutcome.STOPPED]
    assert wiki.body(wiki.find("Home").id) == HOME


def test_terminate_leaves_behind_a_job_that_hears_nothing(bot: ScheduledBot, wiki: Wiki) -> None:
    wiki.faults.add("timeout@any")
    with bot.running() as process:
        wait_for(process, "scheduled")
        wait_for_request(process, wiki)

        process.send_signal(signal.SIGTERM)

        assert process.wait(SECONDS_TO_END) == 1
    assert [run.outcome for run in bot.history.recent()] == [RunOutcome.INTERRUPTED]


def test_wiki_that_is_away_does_not_end_the_bot(bot: ScheduledBot, wiki: Wiki) -> None:
    wiki.faults.add("401@any")
    with bot.running() as process:
        log = wait_for(process, "job sync: failed")
        assert process.poll() is None

    assert any("check user and token" in line["message"] for line in log)
    (run,) = bot.history.recent()
    assert (run.outcome, "check user and token" in run.message) == (RunOutcome.FAILED, True)


def test_second_bot_on_the_same_settings_is_refused_and_told_of_the_first(bot: ScheduledBot) -> None:
    with bot.running() as process:
        wait_for(process, "scheduled")

        second = bot.run("--once")

        assert second.returncode == 5
        assert f"process {process.pid}" in second.stderr


def test_killed_bot_leaves_no_lock_and_its_run_is_on_record(bot: ScheduledBot, wiki: Wiki) -> None:
    wiki.faults.add("timeout@any")
    with bot.running() as process:
        wait_for(process, "scheduled")
        wait_for_request(process, wiki)
        process.kill()
        process.wait()
    wiki.faults.clear()

    result = bot.run("--once")

    assert result.returncode == 0, result.stderr
    assert "did not end properly" in result.stderr
    assert RunOutcome.INTERRUPTED in [run.outcome for run in bot.history.recent()]


def test_once_runs_what_is_due_and_ends(bot: ScheduledBot) -> None:
    first, second = bot.run("--once"), bot.run("--once")

    assert (first.returncode, second.returncode) == (0, 0)
    assert [run.job for run in bot.history.recent()] == ["sync"]


def test_list_shows_what_ran_and_what_is_due(bot: ScheduledBot) -> None:
    before = json.loads(bot.run("--list", "--format", "json").stdout)
    bot.run("--once")

    (after,) = json.loads(bot.run("--list", "--format", "json").stdout)
    table = bot.run("--list").stdout

    assert [(one["job"], one["last_run"]) for one in before] == [("sync", None)]
    assert after["last_run"]["outcome"] == "success"
    assert after["last_success"] == after["last_run"]["started"]
    assert after["next_due"] > after["last_success"]
    assert "success" in table


def test_second_signal_ends_it_at_once(bot: ScheduledBot, wiki: Wiki) -> None:
    wiki.faults.add("timeout@any")
    with bot.running() as process:
        wait_for(process, "scheduled")
        wait_for_request(process, wiki)

        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            time.sleep(0.05)

        assert process.returncode in (128 + signal.SIGTERM, -signal.SIGTERM)


def test_once_ends_with_1_when_a_job_failed(bot: ScheduledBot) -> None:
    (bot.folder / "ws2.yaml").write_text("workspace: {space: WS2, home: Gone}\n")

    result = bot.run("--once")

    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert [run.outcome for run in bot.history.recent()] == [RunOutcome.FAILED]


@pytest.mark.parametrize(
    ("jobs", "message"),
    [
        ("[]", "no job is configured"),
        ("[{run: sync, every: 0 minutes}]", "bot.yaml:3"),
        ("[{run: sync, every: 0 minutes}]", "needs a count"),
        ("[{run: sync, every: day, at: noon}]", "time of the day"),
        ("[{run: dance, every: hour}]", "bot.yaml:3"),
    ],
)
def test_senseless_job_table_is_an_error_and_no_traceback(tmp_path: Path, wiki: Wiki, jobs: str, message: str) -> None:
    result = ScheduledBot(tmp_path, wiki, jobs=jobs).run("--once")

    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_the_log_never_contains_a_secret(bot: ScheduledBot, wiki: Wiki) -> None:
    wiki.faults.add("500@list*once")

    result = bot.run("--once", "-v", "--log-format", "json")

    assert "bot-secret" not in result.stderr
    assert "Ym90OmJvdC1zZWNyZXQ" not in result.stderr


def test_changed_region_is_named_with_page_and_person_in_log_list_and_record(bot: ScheduledBot, wiki: Wiki) -> None:
    (bot.folder / "ws2.yaml").write_text(DATA.replace("All is well.", "Good so far."))
    applied = subprocess.run(
        [*bot.command()[:3], "apply", "--yes", "--take-over", "all", "--config", str(bot.folder / "bot.yaml")],
        env=bot.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    home = wiki.find("Home").id
    wiki.edit(home, wiki.body(home).replace("Good so far.", "Changed by hand."), by="ana")

    ran = bot.run("--once")
    (listed,) = json.loads(bot.run("--list", "--format", "json").stdout)

    assert applied.returncode == 0, applied.stderr
    assert ran.returncode == 3
    assert "job sync: attention" in ran.stderr
    assert listed["last_run"]["outcome"] == "attention"
    assert listed["last_success"] is None
    for text in (ran.stderr, listed["last_run"]["message"], bot.run("--list").stdout):
        assert "Home: region 'status': drifted by Ana" in text
    assert "Changed by hand." in wiki.body(home)
