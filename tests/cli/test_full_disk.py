"""The disk with the state is full: the wiki gets its update, and the missing record is reported."""

import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import HistoryError
from bot.history import LostRunHistory, RunHistory, RunOutcome, open_history
from tests.cli.scheduled_bot import DATA, ScheduledBot
from wikiserver.testing import Wiki

MOUNT = "mount -t tmpfs -o size=64k tmpfs {state}"
FILL = "cat /dev/zero > {state}/fill"


def run_with_little_space(bot: ScheduledBot, words: str, *, before: str = "true") -> "subprocess.CompletedProcess[str]":
    """Run a command whose state folder is a file system of its own; *before* prepares it."""
    state = bot.folder / ".wikibot"
    state.mkdir(exist_ok=True)
    python, *_ = bot.command()
    command = f"exec {python} -m bot {words} --config {bot.folder / 'bot.yaml'}"
    lines = f"{MOUNT.format(state=state)} || exit 99; ({before}) 2>&-; {command}"
    ran = subprocess.run(
        ["unshare", "-rm", "bash", "-c", lines],
        env=bot.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if ran.returncode == 99 or "unshare failed" in ran.stderr:
        pytest.skip(f"needs leave to mount a file system: {ran.stderr}")
    return ran


@pytest.mark.needs("unshare")
@pytest.mark.parametrize("flavour", ["cloud"])
@pytest.mark.parametrize("has_records", [True, False])
def test_run_updates_the_wiki_and_reports_the_missing_record(tmp_path: Path, wiki: Wiki, has_records: bool) -> None:
    wiki.add_page("Home", "<p>Home of the workspace.</p><h2>Status:</h2><p>All is well.</p>")
    bot = ScheduledBot(tmp_path, wiki)
    (tmp_path / "ws2.yaml").write_text(DATA.replace("All is well.", "Good so far."))
    subprocess.run(
        [*bot.command()[:3], "apply", "--yes", "--take-over", "all", "--config", str(tmp_path / "bot.yaml")],
        env=bot.environment,
        check=True,
        capture_output=True,
    )
    (tmp_path / "ws2.yaml").write_text(DATA.replace("All is well.", "Written on a full disk."))
    RunHistory(tmp_path / "runs.db")
    state = tmp_path / ".wikibot"
    records = f"cp {tmp_path / 'runs.db'} {state}; " if has_records else ""

    ran = run_with_little_space(bot, "run --once", before=records + FILL.format(state=state))

    assert "Written on a full disk." in wiki.body(wiki.find("Home").id), ran.stderr
    assert ran.returncode == 3
    assert "runs without a record" in ran.stderr
    assert "full" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_records_that_could_not_be_opened_are_used_when_they_can_be(tmp_path: Path) -> None:
    now, path = datetime.now(UTC), tmp_path / "blocked" / "runs.db"
    (tmp_path / "blocked").touch()  # a file where the folder should be

    history = open_history(path)

    assert isinstance(history, LostRunHistory)
    assert (history.recent(), history.last_success("sync"), history.count_failures("sync")) == ([], None, 0)
    with pytest.raises(HistoryError, match="blocked"):
        history.begin("sync", at=now)
    (tmp_path / "blocked").unlink()
    history.end(history.begin("sync", at=now), RunOutcome.SUCCESS, at=now)
    assert [run.job for run in RunHistory(path).recent()] == ["sync"]


def test_records_of_a_newer_version_are_still_refused(tmp_path: Path) -> None:
    RunHistory(tmp_path / "runs.db")
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        connection.execute("PRAGMA user_version = 99")

    with pytest.raises(HistoryError, match="newer wikibot"):
        open_history(tmp_path / "runs.db")
