"""Output streams that are asleep, closed, broken or full: the bot goes on, and writes the same to the wiki."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bot.history import RunOutcome
from tests.cli.scheduled_bot import DATA, SECONDS_TO_END, ScheduledBot
from wikiserver.testing import Wiki

pytestmark = pytest.mark.parametrize("flavour", ["cloud"])
REDIRECTIONS = {"closed": ">&- 2>&-", "full": ">/dev/full 2>/dev/full", "no input": "<&- >/dev/null 2>&-"}


@pytest.fixture
def bot(tmp_path: Path, wiki: Wiki) -> ScheduledBot:
    """A bot whose region is on the page."""
    wiki.add_page("Home", "<p>Home of the workspace.</p><h2>Status:</h2><p>All is well.</p>")
    bot = ScheduledBot(tmp_path, wiki, jobs="[{run: sync, every: second}]")
    say(bot, "Good so far.")
    ran = wikibot(bot, "apply --yes --take-over all")
    assert ran.returncode == 0, ran.stderr
    return bot


def wikibot(bot: ScheduledBot, words: str, redirection: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command in a shell, with a redirection."""
    python, *_ = bot.command()
    settings = shlex.quote(str(bot.folder / "bot.yaml"))
    line = f"exec {shlex.quote(python)} -m bot {words} --config {settings} {redirection}"
    return subprocess.run(
        ["bash", "-c", line], env=bot.environment, capture_output=True, text=True, timeout=120, check=False
    )


def say(bot: ScheduledBot, words: str) -> None:
    (bot.folder / "ws2.yaml").write_text(DATA.replace("All is well.", words))


def is_published(wiki: Wiki, words: str) -> bool:
    return words in wiki.body(wiki.find("Home").id)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def started(command: list[str], bot: ScheduledBot, **streams: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with the environment of *bot*, killed after the block."""
    process = subprocess.Popen(command, env=bot.environment, **streams)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """A pipe into which nothing fits until it is read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"." * 4_096)
    os.set_blocking(writer, True)
    try:
        yield reader, writer
    finally:
        for end in (reader, writer):
            with suppress(OSError):
                os.close(end)


def test_reader_of_the_log_that_is_asleep_neither_stops_the_runs_nor_the_end(bot: ScheduledBot, wiki: Wiki) -> None:
    with full_pipe() as (_, writer), started(bot.command("-v"), bot, stdout=writer, stderr=writer) as process:
        wait_until(lambda: len(bot.history.recent()) > 2)
        say(bot, "Nobody reads.")
        wait_until(lambda: is_published(wiki, "Nobody reads."))

        process.send_signal(signal.SIGTERM)

        assert process.wait(SECONDS_TO_END) == 0
    assert bot.history.recent()[0].outcome in (RunOutcome.SUCCESS, RunOutcome.STOPPED)


def test_reader_that_wakes_gets_what_it_missed(bot: ScheduledBot) -> None:
    with full_pipe() as (reader, writer), started(bot.command(), bot, stderr=writer):
        os.close(writer)
        wait_until(lambda: len(bot.history.recent()) > 4)

        text = ""
        while text.count("job sync: success") < 6:
            text += os.read(reader, 65_536).decode()
    lines = text.lstrip(".").splitlines()
    assert "1 job scheduled" in lines[0]


@pytest.mark.parametrize("redirection", REDIRECTIONS.values(), ids=REDIRECTIONS)
def test_daemon_runs_without_streams(bot: ScheduledBot, wiki: Wiki, redirection: str) -> None:
    line = f"exec {shlex.join(bot.command())} {redirection}"
    with started(["bash", "-c", line], bot) as process:
        wait_until(lambda: bool(bot.history.recent()))
        say(bot, "Nobody listens.")
        wait_until(lambda: is_published(wiki, "Nobody listens."))

        process.send_signal(signal.SIGTERM)

        assert process.wait(SECONDS_TO_END) == 0
    assert {run.outcome for run in bot.history.recent()} <= {RunOutcome.SUCCESS, RunOutcome.STOPPED}


def test_daemon_goes_on_when_the_reader_of_its_log_ends(bot: ScheduledBot, wiki: Wiki) -> None:
    with started(bot.command(), bot, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        say(bot, "Nobody is there.")
        wait_until(lambda: is_published(wiki, "Nobody is there."))
        process.send_signal(signal.SIGTERM)

        assert process.wait(SECONDS_TO_END) == 0


@pytest.mark.parametrize(
    ("command", "redirection", "code"),
    [
        ("sync", ">&- 2>&-", 1),
        ("sync", ">/dev/full", 1),
        ("sync", "2>/dev/full", 0),
        ("sync", "2>&1 | true", 0),
        ("sync", "<&-", 0),
        ("apply --yes", ">/dev/full", 1),
        ("run --once", ">&- 2>&- <&-", 0),
        ("run --once", "2>/dev/full", 0),
    ],
)
def test_command_that_cannot_print_writes_the_same_to_the_wiki(
    bot: ScheduledBot, wiki: Wiki, command: str, redirection: str, code: int
) -> None:
    say(bot, "Written anyway.")

    ran = wikibot(bot, command, redirection)

    assert is_published(wiki, "Written anyway.")
    assert ran.returncode == code, ran.stderr


def test_output_that_cannot_be_printed_is_an_error(bot: ScheduledBot) -> None:
    say(bot, "Something to do.")
    commands = [
        *(("plan", redirection) for redirection in (">/dev/full", ">&-")),
        *((command, ">/dev/full") for command in ("plan --format json", "run --list", "render", "plan --help")),
    ]

    for command, redirection in commands:
        ran = wikibot(bot, command, redirection)

        assert ran.returncode == 1, command
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert "standard output cannot be written" in ran.stderr


def test_reader_that_has_seen_enough_does_not_change_the_exit_code(bot: ScheduledBot) -> None:
    say(bot, "Something to do.")

    ran = wikibot(bot, "plan", "| true; exit ${PIPESTATUS[0]}")

    assert (ran.returncode, ran.stderr) == (2, "")


def test_adoption_is_carried_out_when_nobody_reads_what_it_prints(bot: ScheduledBot, wiki: Wiki) -> None:
    page = wiki.find("Home")
    wiki.edit(page.id, wiki.body(page.id).replace("Good so far.", "Written by Ana."))

    for redirection in (">/dev/full", "| true"):
        wikibot(bot, "adopt --yes", redirection)

    assert "Written by Ana." in (bot.folder / "ws2.yaml").read_text()
