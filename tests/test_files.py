import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import LockedError, SettingsError
from bot.files import InstanceLock, replace_file

HOLD = """
import sys
from pathlib import Path
from bot.files import InstanceLock
with InstanceLock(Path(sys.argv[1]), purpose="the bot"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_instance_is_refused_and_learns_who_has_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "state" / "bot.lock"
    since = datetime(2026, 1, 2, 12, tzinfo=UTC)

    with InstanceLock(path, purpose="the bot", now=lambda: since), pytest.raises(LockedError) as caught:
        InstanceLock(path, purpose="the bot").__enter__()

    assert f"process {os.getpid()}" in caught.value.holder
    assert "2026-01-02T12:00:00" in str(caught.value)


def test_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "bot.lock"
    with InstanceLock(path, purpose="the bot"):
        pass

    with InstanceLock(path, purpose="the bot"):
        pass


def test_lock_of_another_process_remains_until_that_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "bot.lock"
    process = hold(path)
    try:
        with pytest.raises(LockedError, match=f"process {process.pid}"):
            InstanceLock(path, purpose="the bot").__enter__()
    finally:
        process.kill()
        process.communicate()

    with InstanceLock(path, purpose="the bot"):
        pass


def test_place_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match=r"bot\.lock: the lock cannot be created: .*; let the bot write to"):
        InstanceLock(tmp_path / "file" / "bot.lock", purpose="the bot").__enter__()


def test_replaced_file_keeps_its_mode_and_leaves_nothing_next_to_it(tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    path.write_bytes(b"before")
    path.chmod(0o600)

    replace_file(path, b"after")

    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_replacing_a_linked_file_changes_the_file_and_keeps_the_link(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "data.yaml"
    path.parent.mkdir()
    path.write_bytes(b"before")
    link = tmp_path / "data.yaml"
    link.symlink_to(path)

    replace_file(link, b"after")

    assert link.is_symlink()
    assert path.read_bytes() == b"after"


def test_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    (path / "inside").write_text("kept")

    with pytest.raises(OSError, match="folder"):
        replace_file(path, b"after")

    assert (path / "inside").read_text() == "kept"
    assert list(tmp_path.iterdir()) == [path]
