"""An adoption changes the page and the data file together, wherever it is interrupted."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.config.data_history import DataHistoryFile
from bot.config.revision_journal import RevisionJournal
from tests.journeys.conftest import Desk, both_flavours

pytestmark = [pytest.mark.parametrize("seed", ["demo"])]

ANA = "Ana wrote this herself"
_FILE_EVENTS = {"os.rename": 1, "os.remove": 0, "os.chmod": 0}
_KILLED = 137
_STEPS = 50
"""At least the number of times that `adopt` changes a file; a test checks it."""

Act = Callable[[int, str], None]


def ana_adds_an_item(desk: Desk) -> None:
    body = desk.home_body
    at = body.index("<li>", body.index("wikibot-news" if "wikibot-news" in body else "News"))
    desk.wiki.edit(desk.home_id, f"{body[:at]}<li>{ANA}</li>{body[at:]}", by="ana")


def on_file_event(folder: Path, act: Act) -> None:
    """Call *act* with a running number before each change of a file in *folder*; lasts as long as the process."""
    count = 0

    def hook(event: str, values: tuple[object, ...]) -> None:
        nonlocal count
        if event == "open":
            path, _mode, flags = values
            is_change = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))
        elif event in _FILE_EVENTS:
            path, is_change = values[_FILE_EVENTS[event]], True
        else:
            return
        if is_change and str(path).startswith(str(folder)):
            count += 1
            act(count, event)

    sys.addaudithook(hook)


def run_in_child(folder: Path, act: Act, *words: str) -> int:
    """Run a command in a child process that calls *act* at each change of a file; return the exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            on_file_event(folder, act)
            main(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(step: int) -> Act:
    def act(number: int, _event: str) -> None:
        if number == step:
            os._exit(_KILLED)

    return act


def fill_disk_at(step: int) -> Act:
    def act(number: int, event: str) -> None:
        if number >= step and event != "os.remove":
            raise OSError(errno.ENOSPC, "No space left on device")

    return act


def history_of(desk: Desk) -> DataHistoryFile:
    (path,) = (desk.folder / ".wikibot").glob("data-*.json")
    return DataHistoryFile.parse(path.read_bytes())


def assert_nothing_is_lost(desk: Desk) -> bool:
    """Two runs of the bot later her words are on the page; return whether the data file has them too."""
    for _ in range(2):
        ran = desk.run("sync")
        assert ANA in desk.home_body, ran.err
        assert ran.code in (0, 3), ran.err
    has_words = ANA in desk.data.read_text()
    assert ran.code == (0 if has_words else 3), ran.err
    assert [path.name for path in desk.folder.glob(".*.adoption")] == []
    assert history_of(desk).adoption is None
    journal = RevisionJournal(desk.folder / ".wikibot" / "revisions" / "ws2")
    assert journal.is_newest(desk.data.read_text())
    assert list(journal.folder.glob("*.pending")) == []
    return has_words


def _steps() -> list[object]:
    """Every fourth step by day, all of them by night."""
    return [step if step % 4 == 1 else pytest.param(step, marks=pytest.mark.slow) for step in range(1, _STEPS + 1)]


@pytest.mark.parametrize("flavour", ["datacenter"])
@pytest.mark.parametrize("fail", [kill_at, fill_disk_at])
@pytest.mark.parametrize("step", _steps())
def test_an_adoption_that_fails_at_any_step_loses_no_word(adopted: Desk, step: int, fail: Callable[[int], Act]) -> None:
    ana_adds_an_item(adopted)

    code = run_in_child(adopted.folder, fail(step), "adopt", "--yes")

    if code == 0:
        assert ANA in adopted.data.read_text()
    assert_nothing_is_lost(adopted)
    adopted.ran("adopt", "--yes")
    assert ANA in adopted.data.read_text()
    adopted.ran("sync")
    assert ANA in adopted.home_body


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_the_steps_above_are_all_steps(adopted: Desk) -> None:
    ana_adds_an_item(adopted)

    assert run_in_child(adopted.folder, kill_at(_STEPS + 1), "adopt", "--yes") == 0


@both_flavours
def test_a_data_file_that_changes_while_the_person_decides_leaves_page_and_file_alone(
    adopted: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana_adds_an_item(adopted)
    writes = adopted.writes()

    def answer(*_: object, **__: object) -> None:
        adopted.data.write_text(
            adopted.data.read_text().replace("items:\n", "items:\n    - {id: x, text: Colleague}\n")
        )

    monkeypatch.setattr("bot.cli.adopt_commands.confirm", answer)
    ran = adopted.run("adopt")

    assert ran.code == 1
    assert "nothing was written" in ran.err
    assert adopted.writes() == writes
    assert "Colleague" in adopted.data.read_text()
    assert adopted.run("sync").code == 3
    assert ANA in adopted.home_body
    monkeypatch.undo()


@both_flavours
def test_a_lost_answer_to_the_write_does_not_separate_page_and_file(adopted: Desk) -> None:
    ana_adds_an_item(adopted)
    adopted.wiki.faults.add("commit-reset@put*once")

    adopted.run("adopt", "--yes")
    adopted.wiki.faults.clear()

    adopted.run("plan")
    assert ANA in adopted.home_body
    assert adopted.run("sync").code == 0
    assert ANA in adopted.data.read_text()


@both_flavours
def test_a_file_rolled_back_to_before_an_adoption_does_not_remove_the_adopted_words(adopted: Desk) -> None:
    before = adopted.data.read_bytes()
    ana_adds_an_item(adopted)
    adopted.ran("adopt", "--yes")
    adopted.data.write_bytes(before)

    ran = adopted.run("sync")

    assert ran.code == 3
    assert "rolled back" in ran.out + ran.err
    assert ANA in adopted.home_body
    adopted.ran("adopt", "--yes")
    assert ANA in adopted.data.read_text()
    adopted.ran("sync")


@both_flavours
def test_an_adopted_item_can_be_removed_by_command(adopted: Desk) -> None:
    ana_adds_an_item(adopted)
    adopted.ran("adopt", "--yes")
    (item,) = (each["id"] for each in adopted.ran("news", "list", "--format", "json").json if each["text"] == ANA)

    adopted.ran("news", "remove", item)
    adopted.ran("sync")

    assert ANA not in adopted.home_body


@both_flavours
def test_an_adoption_that_another_machine_never_saved_is_not_taken_for_ours(adopted: Desk) -> None:
    before = adopted.data.read_bytes()
    ana_adds_an_item(adopted)
    adopted.ran("adopt", "--yes")
    for path in (adopted.folder / ".wikibot").glob("data-*"):
        path.unlink()
    adopted.data.write_bytes(before)

    assert adopted.run("sync").code == 3
    assert ANA in adopted.home_body


@both_flavours
def test_an_edit_waits_until_an_interrupted_adoption_is_settled(adopted: Desk) -> None:
    ana_adds_an_item(adopted)

    versions = len(adopted.wiki.versions(adopted.home_id))

    def kill_after_the_page_is_written(_number: int, _event: str) -> None:
        page = adopted.wiki.session("ana").get(f"{adopted.wiki.url}/rest/api/content/{adopted.home_id}").json()
        if page["version"]["number"] > versions:
            os._exit(_KILLED)

    assert run_in_child(adopted.folder, kill_after_the_page_is_written, "adopt", "--yes") == _KILLED
    before = adopted.data.read_bytes()

    ran = adopted.run("news", "add", "Colleague")

    assert ran.code == 1
    assert "adoption was interrupted" in ran.err
    assert adopted.data.read_bytes() == before
    adopted.run("plan")
    adopted.ran("news", "add", "Colleague")


@both_flavours
def test_a_plan_of_an_older_data_file_is_refused(adopted: Desk) -> None:
    adopted.ran("news", "add", "First")
    adopted.ran("plan", "--out", "plan.json", code=2)
    adopted.ran("news", "add", "Second")
    writes = adopted.writes()

    ran = adopted.run("apply", "--plan", "plan.json")

    assert ran.code == 1
    assert "has changed since" in ran.err
    assert adopted.writes() == writes


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_schemas_that_do_not_fit_on_the_disk_do_not_fail_an_adoption(adopted: Desk) -> None:
    ana_adds_an_item(adopted)
    for schema in adopted.folder.glob("*.schema.json"):
        schema.unlink()
    adopted.folder.joinpath("workspace.schema.json").symlink_to("/proc/no-space-here/workspace.schema.json")

    adopted.ran("adopt", "--yes")

    assert ANA in adopted.data.read_text()
    assert ANA in adopted.home_body
