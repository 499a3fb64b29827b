"""A branch of a git remote as a witness."""

import os
import subprocess
from pathlib import Path

import pytest

from bot.snapshot.archive.signature import Signer
from bot.snapshot.witness.git_branch import GitBranch
from bot.snapshot.witness.rounds import WitnessState
from tests.machine import need
from tests.snapshot.witness_tree import copy_of, first, put_back, second, tell_one


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "snapshots"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    path = tmp_path / "heads.git"
    git(tmp_path, "init", "--quiet", "--bare", str(path))
    return path


@pytest.fixture
def branch(remote: Path, tmp_path: Path) -> GitBranch:
    return GitBranch(str(remote), "main", tmp_path / "home")


def git(folder: Path, *words: str, data: bytes | None = None) -> bytes:
    account = {f"GIT_{who}_{what}": "ana@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **account}
    command = [need("git"), *words]
    return subprocess.run(command, cwd=folder, env=environment, input=data, check=True, capture_output=True).stdout


def commits(remote: Path) -> int:
    return int(git(remote, "rev-list", "--count", "main"))


def test_each_head_is_one_commit_on_top_of_the_one_before(
    root: Path, remote: Path, branch: GitBranch, signer: Signer
) -> None:
    first(root, signer)
    tell_one(root, branch)
    second(root, signer)

    reports = [tell_one(root, branch) for _ in range(2)]

    assert [(each.state, each.is_new) for each in reports] == [
        (WitnessState.CONFIRMED, True),
        (WitnessState.CONFIRMED, False),
    ]
    assert commits(remote) == 2
    assert git(remote, "show", "main:CHECKPOINT") == (root / "CHECKPOINT").read_bytes()
    assert git(remote, "show", "main:CHECKPOINT.sig") == (root / "CHECKPOINT.sig").read_bytes()


def test_other_files_of_the_branch_stay(root: Path, remote: Path, branch: GitBranch) -> None:
    blob = git(remote, "hash-object", "-w", "--stdin", data=b"by Ana\n").decode().strip()
    tree = git(remote, "mktree", data=f"100644 blob {blob}\tREADME\n".encode()).decode().strip()
    git(remote, "update-ref", "refs/heads/main", git(remote, "commit-tree", tree, "-m", "Ana").decode().strip())
    first(root)

    assert tell_one(root, branch).state is WitnessState.CONFIRMED

    assert git(remote, "show", "main:README") == b"by Ana\n"
    assert commits(remote) == 2


def test_a_folder_that_was_rolled_back_pushes_nothing(root: Path, remote: Path, branch: GitBranch) -> None:
    first(root)
    backup = copy_of(root)
    second(root)
    tell_one(root, branch)
    put_back(root, backup)

    report = tell_one(root, branch)

    assert report.state is WitnessState.REFUSED
    assert commits(remote) == 1


def test_a_push_that_is_no_fast_forward_is_refused(root: Path, remote: Path, branch: GitBranch) -> None:
    first(root)
    tell_one(root, branch)
    hook = remote / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho moved meanwhile >&2\nexit 1\n")
    hook.chmod(0o755)
    second(root)

    report = tell_one(root, branch)

    assert report.state is WitnessState.FAILED
    assert "git push" in report.message
    assert commits(remote) == 1


def test_a_checkpoint_that_cannot_be_read_is_not_replaced(root: Path, remote: Path, branch: GitBranch) -> None:
    first(root)
    tell_one(root, branch)
    blob = git(remote, "hash-object", "-w", "--stdin", data=b"forged\n").decode().strip()
    tree = git(remote, "mktree", data=f"100644 blob {blob}\tCHECKPOINT\n".encode()).decode().strip()
    git(remote, "update-ref", "refs/heads/main", git(remote, "commit-tree", tree, "-m", "x").decode().strip())

    report = tell_one(root, branch)

    assert report.state is WitnessState.REFUSED
    assert git(remote, "show", "main:CHECKPOINT") == b"forged\n"


def test_a_checkpoint_that_is_far_too_large_is_not_read(root: Path, remote: Path, branch: GitBranch) -> None:
    blob = git(remote, "hash-object", "-w", "--stdin", data=bytes(2 << 20)).decode().strip()
    tree = git(remote, "mktree", data=f"100644 blob {blob}\tCHECKPOINT\n".encode()).decode().strip()
    git(remote, "update-ref", "refs/heads/main", git(remote, "commit-tree", tree, "-m", "Eve").decode().strip())
    first(root)

    report = tell_one(root, branch)

    assert report.state is WitnessState.REFUSED
    assert "has 2,097,152 bytes" in report.message
    assert commits(remote) == 1


def test_nothing_of_the_bots_environment_and_no_configured_hook_reaches_git(
    root: Path, remote: Path, branch: GitBranch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, hooks = tmp_path / "seen", tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-push", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {seen}-hook\n")
        (hooks / name).chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\nhooksPath = {hooks}\nfsmonitor = touch {seen}-monitor\n")
    update = remote / "hooks" / "update"
    update.parent.mkdir(exist_ok=True)
    update.write_text(f"#!/bin/sh\nenv > {seen}-environment\n")
    update.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "bot-secret")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    first(root)

    assert tell_one(root, branch).state is WitnessState.CONFIRMED

    environment = (tmp_path / "seen-environment").read_text()
    assert "WIKIBOT" not in environment
    assert "bot-secret" not in environment
    assert not list(tmp_path.glob("seen-hook"))
    assert not list(tmp_path.glob("seen-monitor"))


def test_a_remote_that_does_not_answer_fails_without_its_account(root: Path, tmp_path: Path) -> None:
    first(root)

    report = tell_one(root, GitBranch("https://robot@127.0.0.1:9/heads.git", "main", tmp_path / "home"))

    assert report.state is WitnessState.FAILED
    assert "robot" not in str(report)
