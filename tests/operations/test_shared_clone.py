"""Processes of several wikis edit data files of one git clone, each with a state folder of its own."""

import multiprocessing
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.data_remote import DataRemote
from bot.config.policy import DataGitSettings
from bot.config.shared_data_file import SharedDataFile
from bot.errors import LockedError, SettingsError
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


def both_sides_changed(remote: DataRemote, person: Path) -> None:
    """Let the bot have commits that are not pushed, and the remote one that the bot does not have."""
    add_items(remote, 0)
    (person / f"{WRITERS}.yaml").write_text(DATA + "# a remark\n")
    git(person, "commit", "--quiet", "-am", "A person changes a file")
    git(person, "push", "--quiet", str(person.with_name("data.git")), "HEAD:main")


def test_a_rebase_that_is_killed_changes_no_file_and_is_made_again(remote: DataRemote, tmp_path: Path) -> None:
    """The program that signs kills the bot and git at the third commit of the rebase."""
    key, victim, program = tmp_path / "key", tmp_path / "victim", tmp_path / "sign"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    program.write_text(
        f"#!/bin/sh\nvictim={shlex.quote(str(victim))}\n"
        '[ -e "$victim" ] && echo >> "$victim.seen" && [ $(wc -l < "$victim.seen") = 3 ]'
        ' && kill -9 $(cat "$victim") $PPID\nexec ssh-keygen "$@"\n'
    )
    program.chmod(0o755)
    git(remote.folder, "config", "gpg.ssh.program", str(program))
    signing = replace(remote, signing_key=key)
    both_sides_changed(remote, tmp_path / "person")
    before = shared(remote, 0).path.read_text()
    taking = multiprocessing.get_context("fork").Process(target=_taking, args=(signing, victim))
    taking.start()
    taking.join()
    assert taking.exitcode == -signal.SIGKILL
    assert shared(remote, 0).path.read_text() == before
    victim.unlink()

    exchange(signing)

    assert git(tmp_path / "data.git", "show", "main:0.yaml") == before
    assert "# a remark" in (remote.folder / f"{WRITERS}.yaml").read_text()
    assert git(remote.folder, "worktree", "list").count("\n") == 1


def _taking(remote: DataRemote, victim: Path) -> None:
    victim.write_text(str(os.getpid()))
    exchange(remote)


def test_nothing_is_pushed_while_a_person_merges_by_hand(remote: DataRemote, tmp_path: Path) -> None:
    both_sides_changed(remote, tmp_path / "person")
    git(remote.folder, "fetch", "--quiet", str(tmp_path / "data.git"), "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(remote.folder, "rebase", "--quiet", "--exec", "false", "FETCH_HEAD")

    with pytest.raises(SettingsError, match="in the middle of another operation of git"):
        exchange(remote)

    assert "0 adds" not in git(tmp_path / "data.git", "show", "main:0.yaml")
    git(remote.folder, "rebase", "--abort")
    exchange(remote)
    assert git(tmp_path / "data.git", "show", "main:0.yaml") == shared(remote, 0).path.read_text()


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
