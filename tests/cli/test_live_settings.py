"""The running bot takes changed settings, secrets and templates; while these are invalid, it uses the old ones."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.history import Run, RunOutcome
from tests.cli.scheduled_bot import DATA, SECONDS_TO_END, ScheduledBot, wait_for
from wikiserver.testing import Wiki

EVERY_SECOND = "[{run: sync, every: second}]"
pytestmark = pytest.mark.parametrize("flavour", ["cloud"])
TEMPLATE = "<p>{words} {{{{ region.lines[0].text }}}}</p>\n"


class WatchedBot(ScheduledBot):
    """A bot that finds its token in the secrets folder next to its settings."""

    def __init__(self, folder: Path, wiki: Wiki) -> None:
        super().__init__(folder, wiki, jobs=EVERY_SECOND)
        (folder / "secrets").mkdir()
        self.set_token("bot-secret")

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "WIKIBOT_SECRETS_DIR": str(self.folder / "secrets")}

    @property
    def settings(self) -> Path:
        return self.folder / "bot.yaml"

    def set_token(self, token: str) -> None:
        (self.folder / "secrets" / "wikibot_wiki__token").write_text(token)

    def change(self, old: str, new: str) -> None:
        text = self.settings.read_text()
        assert old in text
        self.settings.write_text(text.replace(old, new))

    def next_run(self, outcome: RunOutcome, *, words: str = "") -> Run:
        """Wait until a run that begins from now on ends with *outcome*."""
        newest = max((run.id for run in self.history.recent()), default=0)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for run in self.history.recent(limit=5):
                if run.id > newest and run.outcome is outcome and words in run.message:
                    return run
            time.sleep(0.1)
        raise AssertionError(f"no {outcome} with {words!r}: {self.history.recent(limit=5)}")


@pytest.fixture(autouse=True)
def _answering_hangup() -> Iterator[None]:
    """Let the bots answer SIGHUP, also where the tests themselves were started with `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def bot(tmp_path: Path, wiki: Wiki) -> WatchedBot:
    wiki.add_page("Home", "<p>Home of the workspace.</p><h2>Status:</h2><p>All is well.</p>")
    return WatchedBot(tmp_path, wiki)


@contextmanager
def running(bot: WatchedBot) -> Iterator["subprocess.Popen[str]"]:
    """The bot with its log in a file, so that nobody has to read it."""
    with (bot.folder / "log").open("w") as log:
        process = subprocess.Popen(bot.command(), env=bot.environment, stderr=log, text=True)
    try:
        yield process
        assert process.poll() is None, (bot.folder / "log").read_text()
    finally:
        process.kill()
        process.wait()


def log_of(bot: WatchedBot) -> str:
    return (bot.folder / "log").read_text()


def test_token_that_is_put_right_in_the_same_file_works_at_the_next_run(bot: WatchedBot) -> None:
    bot.set_token("wrong-secret")
    with running(bot):
        failed = bot.next_run(RunOutcome.FAILED)

        bot.set_token("bot-secret")

        bot.next_run(RunOutcome.SUCCESS)
    assert "401" in failed.message or "check user and token" in failed.message
    assert "wikibot_wiki__token" in log_of(bot)
    assert "bot-secret" not in log_of(bot)


def test_bot_goes_on_while_its_token_is_missing(bot: WatchedBot) -> None:
    with running(bot):
        bot.next_run(RunOutcome.SUCCESS)
        (bot.folder / "secrets" / "wikibot_wiki__token").unlink()
        missing = bot.next_run(RunOutcome.ATTENTION)

        bot.set_token("bot-secret")

        bot.next_run(RunOutcome.SUCCESS)
    assert "names no token" in missing.message


def test_changed_settings_are_used_and_bad_ones_are_not(bot: WatchedBot, wiki: Wiki) -> None:
    wiki.add_page("Other", "<p>Other.</p><h2>Status:</h2><p>All is well.</p>")
    good = bot.settings.read_text()
    with running(bot):
        bot.next_run(RunOutcome.SUCCESS)

        bot.change("heading: 'Status:'", "heading: 'Status:', also: {pages: [Gone]}")
        bot.next_run(RunOutcome.FAILED, words="Gone")
        bot.settings.write_text(good.replace("every: second", "every: 0 seconds"))
        refused = bot.next_run(RunOutcome.FAILED, words="needs a count")
        bot.settings.write_text(good)
        bot.next_run(RunOutcome.SUCCESS)
        bot.settings.write_text(good.replace("wiki: {", "wiki: {typo: 1, "))
        attention = bot.next_run(RunOutcome.ATTENTION)
        bot.settings.unlink()
        gone = bot.next_run(RunOutcome.ATTENTION, words="does not exist")
        bot.settings.write_text(good)
        bot.next_run(RunOutcome.SUCCESS)

    assert f"{bot.settings}:3: jobs.0: " in refused.message
    assert "Gone" in refused.message
    assert f"{bot.settings}:1: wiki.typo: " in attention.message
    assert "stay in force" in attention.message
    assert "stay in force" in gone.message
    assert f"{bot.settings}:1: wiki.typo: " in log_of(bot)
    assert (
        log_of(bot).count("wiki.typo: ") < 2 * len([run for run in bot.history.recent() if "typo" in run.message]) + 3
    )


def test_settings_that_are_saved_in_steps_are_used_when_they_are_complete(bot: WatchedBot) -> None:
    good = bot.settings.read_text().replace("jobs:", "safety: {max_writes: 7}\njobs:")
    cut = good[: good.index("workspaces: ") + len("workspaces: []")].replace("workspaces: [{", "workspaces: []")
    with running(bot):
        bot.next_run(RunOutcome.SUCCESS)
        with bot.settings.open("w") as file:
            for at in range(0, len(good), 40):
                file.write(good[at : at + 40])
                file.flush()
                time.sleep(0.3)
        bot.next_run(RunOutcome.SUCCESS)
        assert "not used:" not in log_of(bot)

        bot.settings.write_text(cut)
        waiting = bot.next_run(RunOutcome.ATTENTION, words="looks cut off")
        bot.settings.write_text(good)
        bot.next_run(RunOutcome.SUCCESS)
    assert f"{bot.settings}:2: looks cut off" in waiting.message


def test_hangup_reads_the_settings_again(bot: WatchedBot) -> None:
    with running(bot) as process:
        bot.next_run(RunOutcome.SUCCESS)

        process.send_signal(signal.SIGHUP)
        while "the settings were read again" not in log_of(bot):
            assert process.poll() is None

        bot.next_run(RunOutcome.SUCCESS)
    assert "changed: nothing" in log_of(bot)


def test_new_cadence_does_not_run_every_job_at_once(bot: WatchedBot) -> None:
    jobs = "[{run: sync, every: second}, {run: verify, every: day}, {run: snapshot, every: 3 days}]"
    bot.change(EVERY_SECOND, jobs)
    bot.change("jobs:", "snapshots: {path: snapshots, signing_key: none}\njobs:")
    with running(bot):
        bot.next_run(RunOutcome.SUCCESS)
        while not {"verify", "snapshot"} <= {run.job for run in bot.history.recent() if run.finished}:
            time.sleep(0.1)

        bot.change(jobs, "[{run: sync, every: hour}, {run: verify, every: hour}, {run: sync, every: 2 seconds}]")

        while not bot.history.recent(job="sync (2 seconds)"):
            time.sleep(0.1)
        bot.next_run(RunOutcome.SUCCESS)
    assert [run.job for run in bot.history.recent(job="sync (hour)")] == []
    assert len(bot.history.recent(job="verify")) == 1
    assert len(bot.history.recent(job="snapshot")) == 1


def test_template_is_used_when_it_changes_unless_it_is_bad(bot: WatchedBot, wiki: Wiki) -> None:
    template = bot.folder / "templates" / "wiki" / "status.xml.j2"
    template.parent.mkdir(parents=True)
    template.write_text(TEMPLATE.format(words="First:"))
    bot.change("jobs:", "templates: templates\njobs:")
    bot.run("--once")
    subprocess.run(
        [*bot.command()[:3], "apply", "--yes", "--take-over", "all", "--config", str(bot.settings)],
        env=bot.environment,
        check=True,
        capture_output=True,
    )
    with running(bot):
        bot.next_run(RunOutcome.SUCCESS)
        template.write_text("<p></p>\n<p>{% if %}</p>\n")
        unreadable = bot.next_run(RunOutcome.ATTENTION)
        template.write_text("<p></p>\n<p>{{ region.nothing }}</p>\n")
        undefined = bot.next_run(RunOutcome.ATTENTION, words="nothing")
        (bot.folder / "ws2.yaml").write_text(DATA.replace("All is well.", "Still good."))
        while "Still good." not in wiki.body(wiki.find("Home").id):
            time.sleep(0.1)
        with_old = wiki.body(wiki.find("Home").id)
        template.write_text(TEMPLATE.format(words="Second:"))
        while "Second: Still good." not in wiki.body(wiki.find("Home").id):
            time.sleep(0.1)
        bot.next_run(RunOutcome.SUCCESS)
    assert "First: Still good." in with_old
    assert f"{template}:2: " in unreadable.message
    assert f"{template}:2: cannot be rendered" in undefined.message


def test_closed_terminal_ends_the_bot_in_good_order(bot: WatchedBot) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.execve(bot.command()[0], bot.command(), bot.environment)  # noqa: S606 -- no shell is meant
    try:
        bot.next_run(RunOutcome.SUCCESS)
        os.close(terminal)
        deadline = time.monotonic() + SECONDS_TO_END
        while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    assert os.waitstatus_to_exitcode(ended[1]) == 0
    assert all(run.outcome is RunOutcome.SUCCESS for run in bot.history.recent())


def test_hangup_stays_ignored_where_it_was(bot: WatchedBot) -> None:
    process = subprocess.Popen(
        ["nohup", *bot.command("--log-format", "json")], env=bot.environment, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(process, "job sync: success")
        process.send_signal(signal.SIGHUP)
        bot.next_run(RunOutcome.SUCCESS)
        process.send_signal(signal.SIGTERM)
        assert "were read again" not in process.communicate()[1]
    finally:
        process.kill()
        process.wait()
