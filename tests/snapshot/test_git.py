import shutil
import subprocess
from pathlib import Path

import pytest

from bot.errors import SnapshotError
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.signature import Signer
from bot.snapshot.verify.verification import verify
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import capture_first, capture_second

pytestmark = pytest.mark.needs("git")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_each_run_that_changed_something_is_one_commit(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    capture_first(tmp_path, Disk())
    assert repository.commit("Run 1")
    assert not repository.commit("nothing new")
    capture_second(tmp_path, Disk())
    assert repository.commit("Run 2")

    assert git(tmp_path, "log", "--format=%s").split("\n")[:2] == ["Run 2", "Run 1"]
    assert git(tmp_path, "status", "--porcelain") == ""
    assert verify(tmp_path).is_clean
    assert run_instructions(tmp_path).returncode == 0


def test_a_run_that_was_killed_before_its_commit_is_caught_up_with(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path)
    capture_first(tmp_path, Disk())
    repository.commit("Run 1")
    capture_second(tmp_path, Disk())  # killed here

    assert repository.commit("Catch up")
    assert git(tmp_path, "status", "--porcelain") == ""


def test_commits_are_signed_where_there_is_a_key(tmp_path: Path, signer: Signer) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk(), signer=signer)
    GitRepository(root, signer).commit("Run 1")

    allowed = tmp_path / "allowed"
    allowed.write_text("wikibot@localhost " + " ".join(signer.allowed_signers().split()[2:]) + "\n")
    git(root, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", "HEAD")


def test_a_clone_verifies_even_where_git_translates_line_ends(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    GitRepository(root).commit("Run 1")

    git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(root), "clone")

    assert verify(tmp_path / "clone").is_clean


def test_a_refusing_git_is_named_and_the_capture_stays(tmp_path: Path) -> None:
    capture_first(tmp_path, Disk())
    repository = GitRepository(tmp_path)
    repository.commit("Run 1")
    capture_second(tmp_path, Disk())
    (tmp_path / ".git/index.lock").touch()

    with pytest.raises(SnapshotError, match="capture is written, but git could not"):
        repository.commit("Run 2")

    (tmp_path / ".git/index.lock").unlink()
    assert repository.commit("Run 2")


def test_git_inside_another_repository_changes_only_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    root = tmp_path / "snapshots"
    capture_first(root, Disk())

    GitRepository(root).commit("Run 1")

    assert git(root, "rev-parse", "--show-toplevel").strip() == str(root.resolve())
    shutil.rmtree(root / ".git")
    assert verify(root).is_clean
