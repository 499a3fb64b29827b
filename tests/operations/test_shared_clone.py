"""Processes of several wikis edit data files of one git clone, each with a state folder of its own."""

import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.data_remote import DataRemote
from bot.config.policy import DataGitSettings
from bot.config.shared_data_file import SharedDataFile
from bot.errors import LockedError
from bot.files import folder_lock
from bot.operations import edit
from bot.operations.data_exchange import exchange

DATA = "workspace: {space: WS2, home: Home}\nnews:\n  items:\n    - {id: one, text: One}\n"
WRITERS, EDITS = 3, 5


def git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataRemote:
    """A remote with a data file for each writer, one more for a person, and the clone of the bot."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is lost here
    bare, person = tmp_path / "data.git", tmp_path / "person"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(person))
    for number in range(WRITERS + 1):
        (person / f"{number}.yaml").write_text(DATA)
    git(person, "add", ".")
    git(person, "commit", "--quiet", "-m", "Begin")
    git(person, "push", "--quiet", str(bare), "HEAD:main")
    found = DataRemote(
        DataGitSettings(remote=f"file://{bare}", folder=Path("clone")), tmp_path / "clone", tmp_path / "state"
    )
    exchange(found)
    return found


def shared(remote: DataRemote, writer: int) -> SharedDataFile:
    return SharedDataFile(remote.folder / f"{writer}.yaml", remote.state / str(writer), "ws")


def add_items(remote: DataRemote, writer: int) -> None:
    file = shared(remote, writer)
    for number in range(EDITS):
        time.sleep(0.05)  # so that others get the lock in between; no result depends on it
        with file.lock():
            document = DataFile.load(file.path)
            file.save(edit.add_news(document, f"{writer} adds {number}").after, f"{writer} adds {number}")


def at_once(remote: DataRemote, meanwhile: Callable[[], None]) -> None:
    """Let all writers edit, and call *meanwhile* again and again until they have ended."""
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=add_items, args=(remote, writer)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        meanwhile()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * WRITERS


def assert_all_committed(remote: DataRemote, capfd: pytest.CaptureFixture[str]) -> None:
    subjects = git(remote.folder, "log", "--format=%s").splitlines()
    wanted = [f"{writer} adds {number}" for writer in range(WRITERS) for number in range(EDITS)]
    assert sorted(each for each in subjects if "adds" in each) == wanted
    assert git(remote.folder, "status", "--porcelain") == ""
    assert "not committed" not in capfd.readouterr().err
    for writer in range(WRITERS):
        text = shared(remote, writer).path.read_text()
        assert all(f"{writer} adds {number}" in text for number in range(EDITS))


def test_each_edit_is_a_commit(remote: DataRemote, capfd: pytest.CaptureFixture[str]) -> None:
    at_once(remote, lambda: None)

    assert_all_committed(remote, capfd)


def test_no_edit_is_lost_while_commits_of_people_are_taken(
    remote: DataRemote, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    person = tmp_path / "person"

    def take() -> None:
        (person / f"{WRITERS}.yaml").write_text(DATA + f"# {git(person, 'rev-list', '--count', 'HEAD')}")
        git(person, "commit", "--quiet", "-am", "A person changes a file")
        git(person, "push", "--quiet", str(tmp_path / "data.git"), "HEAD:main")
        exchange(remote, pushes=False)

    at_once(remote, take)

    assert_all_committed(remote, capfd)
    assert git(remote.folder, "log", "--format=%s").count("A person changes a file") >= 1


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_folder_is_shared_or_locked_for_one_only(tmp_path: Path, *, is_shared: bool) -> None:
    with (
        folder_lock(tmp_path, is_shared=not is_shared),
        pytest.raises(LockedError),
        folder_lock(tmp_path, is_shared=is_shared, waits=False),
    ):
        pytest.fail("two have the lock")
    with folder_lock(tmp_path, is_shared=True), folder_lock(tmp_path, is_shared=True, waits=False):
        pass
