"""An insider who can write to the snapshots folder, and a person who decides what the bot refuses to decide."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.snapshot.archive.evidence_state import EvidenceState
from script.reference import ROOT
from tests.journeys.conftest import HOME, Desk
from tests.journeys.test_snapshots import an_archived_page, signing_key
from tests.snapshot.small_tree import open_run as forge_run
from tests.snapshot.small_tree import tree_bytes

pytestmark = [
    pytest.mark.either_flavour,
    pytest.mark.needs("ssh-keygen", "git"),
    pytest.mark.parametrize("flavour", ["cloud", "datacenter"]),
    pytest.mark.parametrize("seed", ["demo"]),
]


@pytest.fixture
def root(desk: Desk) -> Path:
    """The snapshots after two signed runs."""
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    signing_key(desk)
    desk.ran("snapshot")
    comment(desk)
    return desk.folder / "snapshots"


def comment(desk: Desk) -> None:
    """Change something that the next run captures, and capture it."""
    page_id, _ = an_archived_page(desk)
    desk.wiki.store.comments.add(int(page_id), "<p>again</p>", author=desk.wiki.account("li"))
    desk.ran("snapshot")


def head_of(root: Path) -> str:
    return hashlib.sha256((root / "CHECKPOINT").read_bytes()).hexdigest()


def state_of(desk: Desk) -> EvidenceState:
    return EvidenceState(desk.folder / "snapshots", desk.folder / ".wikibot")


def refused(desk: Desk, *words: str) -> str:
    """Run a capture that has to be refused, writes nothing, and names the command to type."""
    root = desk.folder / "snapshots"
    before = tree_bytes(root) if root.exists() else None
    ran = desk.ran("snapshot", code=1)
    assert (tree_bytes(root) if root.exists() else None) == before
    for word in words:
        assert word in ran.err
    found = re.search(r"`wikibot (evidence [^`]+)`", ran.err)
    return found[1] if found else ""


def test_a_forged_history_without_signature_is_not_signed(desk: Desk, root: Path) -> None:
    shutil.rmtree(root)
    with forge_run(root, datetime.now(UTC)) as writer:
        writer.origin = desk.wiki.url
        writer.finish([], agents=("insider",))

    assert refused(desk, "another line").startswith("evidence new-log")
    assert not (root / "CHECKPOINT.sig").exists()


def test_a_rollback_is_refused_and_accepted_by_command(desk: Desk, root: Path) -> None:
    older = shutil.copytree(root, desk.folder / "older")
    comment(desk)
    lost = head_of(root)
    shutil.rmtree(root)
    shutil.copytree(older, root)

    assert refused(desk, "rolled back", lost) == f"evidence accept-rollback --head {head_of(root)} --reason TEXT"
    assert "does not descend" in desk.ran("verify", code=3).out
    assert "does not descend" in desk.ran("search", "the", code=1).err
    desk.ran("evidence", "accept-rollback", "--head", head_of(root), "--reason", "disk failure", "--by", "Ana")

    events = json.loads(max(root.glob("log/*/*.events.jsonl")).read_text().splitlines()[0])
    assert events["type"] == "rollback"
    assert events["facts"]["reason"] == "disk failure"
    assert "Ana" in events["by"]
    assert f"# lost: 3-3 {lost}" in (root / "CHECKPOINT").read_text()
    assert "# sequence: 4" in (root / "CHECKPOINT").read_text()
    desk.ran("snapshot")
    desk.ran("verify")


def test_a_folder_that_was_removed_is_refused(desk: Desk, root: Path) -> None:
    lost = head_of(root)
    shutil.rmtree(root)

    assert refused(desk, lost, "run 2") == "evidence new-log --reason TEXT"
    assert not root.exists()
    desk.ran("evidence", "new-log", "--reason", "the disk is gone")
    desk.ran("snapshot")
    desk.ran("verify")
    (events,) = root.glob("log/*/000001.events.jsonl")
    assert lost in events.read_text()


def test_a_new_machine_trusts_a_head_that_a_person_types(desk: Desk, root: Path) -> None:
    shutil.rmtree(desk.folder / ".wikibot" / "evidence")

    command = refused(desk, "no memory")
    assert command == f"evidence trust --head {head_of(root)}"
    desk.ran(*command.split(), "--by", "Ana")
    desk.ran("snapshot")
    desk.ran("verify")


def test_a_scheduled_run_is_refused_too(desk: Desk, root: Path) -> None:
    settings = desk.folder / "bot.yaml"
    settings.write_text(settings.read_text() + "jobs: [{run: snapshot, every: day, at: '00:00', timezone: UTC}]\n")
    shutil.rmtree(desk.folder / ".wikibot" / "evidence")
    before = tree_bytes(root)

    ran = desk.ran("run", "--once", code=None)

    assert ran.code != 0
    assert tree_bytes(root) == before


def test_a_planted_journal_writes_and_deletes_nothing_outside(desk: Desk, root: Path) -> None:
    victim = desk.folder / "victim"
    victim.write_text("kept")
    staging = root / ".wikibot/staging"
    staging.mkdir(parents=True)
    (staging / "0000001").write_text("forged")
    digest = hashlib.sha256(b"forged").hexdigest()
    steps = [["../authorized_keys", "0000001", digest], ["../victim", None, ""]]
    (staging / "journal.json").write_text(json.dumps(steps))

    assert "journal.json" in desk.ran("verify", code=3).out
    desk.ran("snapshot", code=None)

    assert victim.read_text() == "kept"
    assert not (desk.folder / "authorized_keys").exists()


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_file_name_that_is_no_text_is_a_finding(desk: Desk, root: Path, form: str) -> None:
    (root / os.fsdecode(b"\xff\xfe.md")).write_text("planted")

    ran = desk.ran("verify", "--format", form, code=3)

    assert "\\udcff\\udcfe.md" in ran.out


def test_no_hook_in_the_folder_runs(desk: Desk, root: Path) -> None:
    witness = desk.folder / "witness"
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    for name in ("pre-commit", "post-commit", "reference-transaction"):
        hook = root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f'#!/bin/sh\nenv > "{witness}"\n')
        hook.chmod(0o755)

    comment(desk)

    assert not witness.exists()


@pytest.mark.usefixtures("root")
def test_a_forged_index_shows_nothing_forged(desk: Desk) -> None:
    _, title = an_archived_page(desk)
    desk.ran("search", f'"{title}"')
    with sqlite3.connect(state_of(desk).search) as database:
        database.execute("UPDATE words SET body = 'the committee agreed to everything'")
    database.close()

    assert "nothing found" in desk.ran("search", '"agreed to everything"', code=1).err
    assert title in desk.ran("search", f'"{title}"').out


def test_a_linked_note_about_a_witness_is_not_written_through(desk: Desk, root: Path) -> None:
    target = desk.folder / "elsewhere"
    target.write_text("kept")
    settings = desk.folder / "bot.yaml"
    settings.write_text(
        settings.read_text().replace("path: snapshots,", "path: snapshots, witnesses: [{kind: page, title: Heads}],")
    )
    (root / ".wikibot").mkdir()
    for name in ("page:Heads", "WS2:Heads", "Heads"):
        link = root / ".wikibot" / f"told-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
        link.symlink_to(target)

    desk.ran("snapshot", code=None)

    assert target.read_text() == "kept"


@pytest.mark.usefixtures("root")
def test_a_rewritten_git_history_is_no_evidence_and_changes_no_verdict(desk: Desk) -> None:
    """The documents say that git proves nothing; the snapshots are checked without it."""
    repository = state_of(desk).git
    tree = subprocess.run(
        ["git", "rev-parse", "main^{tree}"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()
    forged = subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x", "commit-tree", tree, "-m", "forged"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    subprocess.run(["git", "update-ref", "refs/heads/main", forged], cwd=repository, check=True)

    desk.ran("verify")
    comment(desk)
    desk.ran("verify")
    text = (ROOT / "docs/auditors.md").read_text(encoding="utf-8")
    assert "is a copy, not evidence" in text


@pytest.mark.usefixtures("root")
def test_the_key_is_rotated_by_command(desk: Desk) -> None:
    new = desk.folder / "new_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(new)], check=True)
    lines = [
        f'wikibot namespaces="wiki-snapshots" {" ".join((desk.folder / f"{name}.pub").read_text().split()[:2])}'
        for name in ("signing_key", "new_key")
    ]
    (desk.folder / "allowed_signers").write_text("\n".join(lines) + "\n")
    settings = desk.folder / "bot.yaml"
    with_signers = settings.read_text().replace(
        "signing_key: signing_key", "signing_key: signing_key, allowed_signers: allowed_signers"
    )
    settings.write_text(with_signers.replace("signing_key: signing_key", "signing_key: new_key"))
    assert refused(desk, "was signed by").startswith("evidence rotate-key --to")
    settings.write_text(with_signers)

    desk.ran("evidence", "rotate-key", "--to", str(new))

    settings.write_text(with_signers.replace("signing_key: signing_key", "signing_key: new_key"))
    comment(desk)
    desk.ran("verify")


def test_an_unsigned_tree_is_never_called_intact(desk: Desk) -> None:
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    desk.ran("snapshot")
    desk.ran("export", "--out", str(desk.folder / "export"))
    readme = (desk.folder / "export/data/README.md").read_text(encoding="utf-8")

    shown = [desk.ran(*words).out for words in (("verify",), ("verify", "--format", "json"), ("report",))]
    shown += [desk.ran("report", "--format", form).out for form in ("html", "json")]

    assert not [text for text in (*shown, readme) if "intact" in text.lower()]
    assert shown[0].splitlines()[-1].startswith("CONSISTENT ONLY; not signed by a key you named")
    assert "nothing proves who wrote these pages" in readme


def test_a_signed_tree_is_intact_only_with_a_witness(desk: Desk, root: Path) -> None:
    assert desk.ran("verify").out.splitlines()[-1].startswith("CONSISTENT, SIGNED")
    assert desk.ran("verify", "--rotate", "--witness", head_of(root)).out.splitlines()[-1].startswith("CONSISTENT,")
    assert desk.ran("verify", "--witness", head_of(root)).out.splitlines()[-1] == "INTACT"


def test_a_rollback_of_snapshots_and_state_is_seen_by_a_witness_and_accepted_by_command(desk: Desk, root: Path) -> None:
    settings = desk.folder / "bot.yaml"
    settings.write_text(
        settings.read_text().replace("path: snapshots,", "path: snapshots, witnesses: [{kind: page, title: Heads}],")
    )
    folders = (root, desk.folder / ".wikibot/evidence")
    for folder in folders:
        shutil.copytree(folder, desk.folder / f"older-{folder.name}")
    comment(desk)
    lost = head_of(root)
    for folder in folders:
        shutil.rmtree(folder)
        shutil.copytree(desk.folder / f"older-{folder.name}", folder)

    refused(desk, "Heads", "run 3")
    desk.ran("evidence", "accept-rollback", "--head", head_of(root), "--reason", "both disks failed")

    assert f"# lost: 3-3 {lost}" in (root / "CHECKPOINT").read_text()
    desk.ran("snapshot")
    desk.ran("verify")
