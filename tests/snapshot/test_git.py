"""The git repository of the snapshots is a copy in the state; git never reads the snapshots folder."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.signature import Signer
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.verify.verification import verify
from tests.snapshot.public_tools import run_instructions
from tests.snapshot.small_tree import (
    CLOCK,
    capture_first,
    capture_second,
    finish,
    open_run,
    put_page,
    state_of,
    tree_bytes,
)

pytestmark = pytest.mark.needs("git")


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def clone(root: Path, target: Path) -> Path:
    git(target.parent, "clone", "--quiet", str(state_of(root).git), target.name)
    return target


def evidence(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in tree_bytes(root).items() if not path.startswith(".git/")}


def test_each_run_that_changed_something_is_one_commit(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    repository = GitRepository(state_of(root))
    capture_first(root, Disk())
    assert repository.commit("Run 1")
    assert not repository.commit("nothing new")
    capture_second(root, Disk())
    assert repository.commit("Run 2")

    copy = clone(root, tmp_path / "clone")

    assert git(copy, "log", "--format=%s").split("\n")[:2] == ["Run 2", "Run 1"]
    assert evidence(copy) == tree_bytes(root)
    assert verify(copy).is_clean
    assert run_instructions(copy).returncode == 0
    git(state_of(root).git, "fsck", "--strict")


def test_a_run_that_was_killed_before_its_commit_is_caught_up_with(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    repository = GitRepository(state_of(root))
    capture_first(root, Disk())
    repository.commit("Run 1")
    capture_second(root, Disk())  # killed here

    assert repository.commit("Catch up")
    assert evidence(clone(root, tmp_path / "clone")) == tree_bytes(root)


def test_what_a_run_removed_is_removed_from_the_next_commit(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    repository = GitRepository(state_of(root))
    capture_first(root, Disk())
    repository.commit("Run 1")
    with open_run(root, CLOCK) as writer:
        redact(writer, find_traces(writer.library, "103"), reason="a name", by="Ana")
    repository.commit("Run 2")

    assert evidence(clone(root, tmp_path / "clone")) == tree_bytes(root)


def test_commits_are_signed_where_there_is_a_key(tmp_path: Path, signer: Signer) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk(), signer=signer)
    repository = GitRepository(state_of(root), signer)
    repository.commit("Run 1")
    capture_second(root, Disk(), signer=signer)
    repository.commit("Run 2")

    allowed = tmp_path / "allowed"
    allowed.write_text("wikibot@localhost " + " ".join(signer.allowed_signers().split()[2:]) + "\n")
    for commit in ("main", "main~1"):
        git(state_of(root).git, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", commit)
    assert "CHECKPOINT.sig" in evidence(clone(root, tmp_path / "clone"))


def test_a_clone_verifies_even_where_git_translates_line_ends(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    GitRepository(state_of(root)).commit("Run 1")

    git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(state_of(root).git), "clone")

    assert verify(tmp_path / "clone").is_clean


def test_a_refusing_git_is_named_and_the_capture_stays(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    repository = GitRepository(state_of(root))
    repository.commit("Run 1")
    capture_second(root, Disk())
    lock = state_of(root).git / "refs/heads/main.lock"
    lock.touch()

    with pytest.raises(SnapshotError, match="capture is written, but git could not"):
        repository.commit("Run 2")

    lock.unlink()
    assert repository.commit("Run 2")


def test_a_file_that_was_changed_is_not_committed(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    page = next(root.glob("WS2/data/2026/*.md"))
    page.write_bytes(page.read_bytes().replace(b"#", b"-"))

    with pytest.raises(EvidenceError, match=page.name):
        GitRepository(state_of(root)).commit("Run 1")

    assert git(state_of(root).git, "for-each-ref") == ""


PROGRAM = """#!/bin/sh
env > "{witness}"
"""


@pytest.mark.parametrize("place", ["hook", "fsmonitor", "filter", "global configuration", "attributes"])
def test_nothing_in_the_snapshots_folder_or_in_the_account_is_run(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, witness, program = tmp_path / "snapshots", tmp_path / "witness", tmp_path / "program"
    capture_first(root, Disk())
    git(root, "init", "--quiet")
    program.write_text(PROGRAM.format(witness=witness))
    program.chmod(0o755)
    plant(place, root, program, monkeypatch, tmp_path / "home")
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "secret")

    GitRepository(state_of(root)).commit("Run 1")

    assert not witness.exists()


def plant(place: str, root: Path, program: Path, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    match place:
        case "hook":
            for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change"):
                (root / ".git/hooks").mkdir(exist_ok=True)
                (root / ".git/hooks" / name).write_bytes(program.read_bytes())
                (root / ".git/hooks" / name).chmod(0o755)
        case "fsmonitor":
            git(root, "config", "core.fsmonitor", str(program))
        case "filter":
            git(root, "config", "filter.x.clean", str(program))
            (root / ".git/info").mkdir(exist_ok=True)
            (root / ".git/info/attributes").write_text("* filter=x\n")
        case "global configuration":
            home.mkdir()
            text = (
                f'[core]\n\tfsmonitor = {program}\n\thooksPath = {program.parent}\n[filter "x"]\n\tclean = {program}\n'
            )
            (home / ".gitconfig").write_text(text)
            monkeypatch.setenv("HOME", str(home))
            monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
        case "attributes":
            (root / "WS2/.gitattributes").write_text("* filter=x\n")


def test_git_receives_no_secret_and_no_variable_of_another_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, seen = tmp_path / "snapshots", tmp_path / "seen"
    tools = tmp_path / "tools"
    tools.mkdir()
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    (tools / "git").write_text(f'#!/bin/sh\nenv >> "{seen}"\nexec {real} "$@"\n')
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("WIKIBOT_WIKI__TOKEN", "secret-of-the-wiki")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "elsewhere")
    capture_first(root, Disk())

    GitRepository(state_of(root)).commit("Run 1")

    text = seen.read_text()
    assert "GIT_CONFIG_NOSYSTEM=1" in text
    assert "WIKIBOT_" not in text
    assert "secret-of-the-wiki" not in text
    assert "elsewhere" not in text


def test_snapshots_that_are_another_line_are_committed_whole(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    capture_first(first, Disk())
    GitRepository(state_of(first)).commit("Run 1")
    state_of(first).git.rename(tmp_path / "kept.git")
    with open_run(second, CLOCK) as writer:
        put_page(writer, "700", "Other", "<p>other</p>", version=1, space_key="OTHER")
        finish(writer, "700")
    (tmp_path / "kept.git").rename(state_of(second).git)

    assert GitRepository(state_of(second)).commit("Run 1")

    assert evidence(clone(second, tmp_path / "clone")) == tree_bytes(second)


def contents(repository: GitRepository) -> str:
    """Return all objects, also those that no commit has any more."""
    command = ["git", "cat-file", "--batch-all-objects", "--batch"]
    return subprocess.run(command, cwd=repository.state.git, check=True, capture_output=True).stdout.decode(
        "utf-8", "replace"
    )


def redact_page(root: Path, page_id: str) -> None:
    with open_run(root, CLOCK) as writer:
        redact(writer, find_traces(writer.library, page_id), reason="a name", by="Ana")


@pytest.mark.parametrize("lost", ["HEAD", "objects", "refs"])
def test_an_interrupted_deletion_is_completed_and_keeps_the_remotes(lost: str, tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    repository = GitRepository(state_of(root))
    repository.commit("Run 1")
    git(repository.state.git, "remote", "add", "copy", "git@example.org:copy.git")
    path = repository.state.git / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)

    assert repository.remotes() == {"copy": "git@example.org:copy.git"}
    assert repository.commit("Run 1 again")
    assert evidence(clone(root, tmp_path / "clone")) == tree_bytes(root)
    assert repository.remotes() == {"copy": "git@example.org:copy.git"}


def test_a_repository_that_lost_its_objects_is_named_with_what_to_do(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    repository = GitRepository(state_of(root))
    repository.commit("Run 1")
    for path in (repository.state.git / "objects").rglob("*"):
        if path.is_file():
            path.unlink()

    with pytest.raises(SnapshotError, match=r"its last commit cannot be read; restore .* or delete everything in it"):
        repository.commit("Run 1")
    for path in repository.state.git.iterdir():
        if path.name != "config":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert repository.commit("Run 1 again")


def test_the_history_begins_again_after_a_redaction_by_another_bot(tmp_path: Path) -> None:
    root = tmp_path / "snapshots"
    capture_first(root, Disk())
    repository = GitRepository(state_of(root))
    repository.commit("Run 1")
    assert "Board meeting" in contents(repository)
    redact_page(root, "101")
    capture_second(root, Disk())

    repository.commit("Run 3")

    assert "Board meeting" not in contents(repository)
    assert git(repository.state.git, "rev-list", "--count", "main").strip() == "1"
    assert evidence(clone(root, tmp_path / "clone")) == tree_bytes(root)
