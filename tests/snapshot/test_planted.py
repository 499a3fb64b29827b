"""What somebody plants in the snapshots folder: nothing outside the folder is read, written, deleted or run."""

import datetime as dt
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive.bag import parse_manifest
from bot.snapshot.archive.continuity import load_remembered
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.file_tree import UnlistedTree
from bot.snapshot.archive.folder import Folder, check_path
from bot.snapshot.archive.git import GitRepository
from bot.snapshot.archive.journal import Journal, JournalStep, recover
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.redaction import remove_page
from bot.snapshot.query.export import export
from bot.snapshot.query.period import Period
from bot.snapshot.query.timeline import read_timeline
from bot.snapshot.verify.verification import verify
from tests.snapshot.breaking_disk import Killed
from tests.snapshot.forger import Forger
from tests.snapshot.small_tree import (
    CLOCK,
    SOFTWARE,
    capture_first,
    capture_second,
    index_of,
    open_run,
    state_of,
    tree_bytes,
)

SECRET = b"secret of another folder"
PAGE = "WS2/data/2026/board-meeting--101.md"
SOURCE = "WS2/data/_source/101/v1.xml"


@dataclass(frozen=True)
class Planted:
    """Snapshots of one run, and a folder outside that nobody may touch."""

    root: Path
    outside: Path

    def outside_files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.outside).as_posix(): path.read_bytes()
            for path in self.outside.rglob("*")
            if path.is_file()
        }

    def link(self, path: str) -> None:
        """Replace a file or folder by a link to its copy outside, so that the content is the same."""
        place, target = self.root / path, self.outside / path.replace("/", "_")
        if place.exists():
            place.rename(target)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            target.mkdir()
        place.symlink_to(target)


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    root, outside = tmp_path / "snapshots", tmp_path / "outside"
    outside.mkdir()
    (outside / "authorized_keys").write_bytes(SECRET)
    capture_first(root, Disk())
    return Planted(root, outside)


def write_again(root: Path) -> None:
    capture_second(root, Disk())


# A journal in the folder


def old_journal(planted: Planted) -> Path:
    """Write the journal of an earlier version of wikibot: it writes and deletes outside."""
    staging = planted.root / ".wikibot/staging"
    staging.mkdir(parents=True)
    (staging / "0000001").write_bytes(b"forged")
    digest = hashlib.sha256(b"forged").hexdigest()
    steps = [
        {"path": "../outside/new", "staged": "0000001", "sha256": digest},
        {"path": "../outside/authorized_keys", "staged": None, "sha256": ""},
        {"path": str(planted.outside / "absolute"), "staged": "0000001", "sha256": digest},
    ]
    journal = staging / "journal.json"
    journal.write_text(json.dumps({"format": "wikibot-journal/1", "steps": steps}))
    return journal


def test_a_journal_in_the_folder_is_not_read(planted: Planted) -> None:
    journal, before = old_journal(planted), planted.outside_files()

    assert not verify(planted.root).is_clean
    write_again(planted.root)

    assert planted.outside_files() == before
    assert journal.exists()


def test_a_journal_of_this_version_in_the_folder_is_not_read(planted: Planted) -> None:
    before = planted.outside_files()
    steps = (JournalStep(path="README.md", staged=None, sha256=""),)
    text = json.dumps(Journal(staging="staging-0123456789abcdef", head=None, steps=steps).content())
    for name in ("LOG.journal", f"{state_of(planted.root).log}.journal", "staging-0123456789abcdef/journal"):
        (planted.root / name).parent.mkdir(exist_ok=True)
        (planted.root / name).write_text(text)

    write_again(planted.root)

    assert (planted.root / "README.md").exists()
    assert planted.outside_files() == before


@pytest.mark.parametrize(
    "path", ["../outside/new", "/etc/wikibot-was-here", "log/../../outside/new", "WS2/./x", "", ".git/config", "a\nb"]
)
def test_a_journal_in_the_state_that_leads_out_is_refused(planted: Planted, path: str) -> None:
    """The state is trusted, and its paths are checked all the same."""
    before = planted.outside_files()
    state = state_of(planted.root)
    steps = (JournalStep(path=path, staged=None, sha256=""),)
    state.journal.write_text(json.dumps(Journal(staging="staging-" + "0" * 16, head=None, steps=steps).content()))

    with pytest.raises(EvidenceError, match="not a path inside the snapshots"):
        recover(state, Disk())

    assert planted.outside_files() == before


@pytest.mark.parametrize("staging", ["..", "staging-../../x", "WS2", "staging-0123"])
def test_a_journal_with_another_staging_folder_is_refused(planted: Planted, staging: str) -> None:
    state = state_of(planted.root)
    content = Journal(staging="staging-" + "0" * 16, head=None, steps=()).content() | {"staging": staging}
    state.journal.write_text(json.dumps(content))

    with pytest.raises(EvidenceError, match="restore the state"):
        recover(state, Disk())


# Staging


def test_staging_that_no_journal_names_is_deleted_unread(planted: Planted) -> None:
    staging = planted.root / "staging-0123456789abcdef"
    staging.mkdir()
    (staging / "to-outside").symlink_to(planted.outside)
    (staging / "to-a-file").symlink_to(planted.outside / "authorized_keys")
    (staging / "deeper").mkdir()
    (staging / "deeper/0000001").write_bytes(b"forged")
    os.mkfifo(staging / "pipe")
    before = planted.outside_files()

    write_again(planted.root)

    assert not staging.exists()
    assert planted.outside_files() == before


def test_a_link_with_the_name_of_staging_is_deleted_and_not_followed(planted: Planted) -> None:
    (planted.root / "staging-0123456789abcdef").symlink_to(planted.outside)
    before = planted.outside_files()

    write_again(planted.root)

    assert planted.outside_files() == before
    assert not (planted.root / "staging-0123456789abcdef").is_symlink()


@pytest.fixture
def interrupted(planted: Planted) -> Planted:
    """A second run was committed, and none of its files are in place."""

    class Stopping(Disk):
        def replace(self, source: Path, target: Path) -> None:
            if source.parent.name.startswith("staging-"):
                raise Killed
            super().replace(source, target)

    with pytest.raises(Killed):
        capture_second(planted.root, Stopping())
    return planted


def staging_of(planted: Planted) -> Path:
    (staging,) = planted.root.glob("staging-*")
    return staging


def test_a_staged_file_that_became_a_link_is_not_carried_out(interrupted: Planted) -> None:
    before = tree_bytes(interrupted.root)
    staged = min(staging_of(interrupted).iterdir())
    target = interrupted.outside / "same"
    staged.rename(target)
    staged.symlink_to(target)

    with pytest.raises(EvidenceError):
        recover(state_of(interrupted.root), Disk())

    assert tree_bytes(interrupted.root) == before


def test_a_staging_folder_that_became_a_link_is_not_carried_out(interrupted: Planted) -> None:
    before = tree_bytes(interrupted.root)
    staging = staging_of(interrupted)
    staging.rename(interrupted.outside / "staging")
    staging.symlink_to(interrupted.outside / "staging")
    outside = interrupted.outside_files()

    with pytest.raises(EvidenceError):
        recover(state_of(interrupted.root), Disk())

    assert interrupted.outside_files() == outside
    assert tree_bytes(interrupted.root) == before


def test_a_staged_file_that_was_changed_is_refused_before_anything_is_written(interrupted: Planted) -> None:
    before = tree_bytes(interrupted.root)
    max(staging_of(interrupted).iterdir()).write_bytes(b"forged")

    with pytest.raises(EvidenceError, match="is not what was committed"):
        recover(state_of(interrupted.root), Disk())

    assert tree_bytes(interrupted.root) == before


@pytest.mark.parametrize("folder", ["OTHER", "WS2/data/_source/102", "log", "log/2026", "WS2"])
def test_an_interrupted_run_is_not_completed_through_a_link(interrupted: Planted, folder: str) -> None:
    interrupted.link(folder)
    outside = interrupted.outside_files()
    state, disk = state_of(interrupted.root), Disk()
    disk.confine(interrupted.root)

    with pytest.raises(EvidenceError, match="link"):
        recover(state, disk)

    assert interrupted.outside_files() == outside


# Links


@pytest.mark.parametrize("folder", ["OTHER", "WS2/data/_source/102", "log", "log/2026", "WS2", "WS2/data/2026"])
def test_a_run_writes_nothing_through_a_linked_folder(planted: Planted, folder: str) -> None:
    planted.link(folder)
    outside = planted.outside_files()

    with pytest.raises(EvidenceError):
        write_again(planted.root)

    assert planted.outside_files() == outside


@pytest.mark.parametrize("path", ["CHECKPOINT", "SHA256SUMS", "README.md", "WS2/pages.jsonl", PAGE, SOURCE])
def test_a_linked_file_is_no_evidence_even_with_the_same_bytes(planted: Planted, path: str) -> None:
    planted.link(path)

    assert not verify(planted.root).is_clean


@pytest.mark.parametrize("path", ["CHECKPOINT", "WS2/pages.jsonl", "WS2/manifest-sha256.txt", "SHA256SUMS", "WS2"])
def test_a_linked_list_is_not_read(planted: Planted, path: str) -> None:
    planted.link(path)

    with pytest.raises(EvidenceError):
        load_library(planted.root)


def test_a_record_behind_a_link_is_not_read(planted: Planted) -> None:
    planted.link("WS2/data/_source/101")
    library = load_library(planted.root)

    with pytest.raises(EvidenceError, match="link"):
        read_timeline(library, *library.get_page("101"))


@pytest.mark.parametrize("change", ["longer", "as long", "absent"])
def test_a_page_that_somebody_changed_is_not_replaced(planted: Planted, change: str) -> None:
    """The run signs the size of the payload, and computes it from the size of what it replaces."""
    (page,) = planted.root.glob("WS2/data/2026/*--102.md")
    if change == "absent":
        page.unlink()
    else:
        page.write_bytes(page.read_bytes() + b"x" if change == "longer" else page.read_bytes().swapcase())
    before = tree_bytes(planted.root)

    with pytest.raises(EvidenceError, match=r"--102\.md.*restore it from a copy"):
        write_again(planted.root)

    assert tree_bytes(planted.root) == before


def test_a_body_that_somebody_changed_is_not_redacted_as_if_it_were_the_captured_one(planted: Planted) -> None:
    body = planted.root / "WS2/data/_source/101/v1.xml"
    body.write_bytes(body.read_bytes() + b"x")
    before = tree_bytes(planted.root)

    with (
        open_run(planted.root, CLOCK + dt.timedelta(days=3)) as writer,
        pytest.raises(EvidenceError, match=r"101/v1\.xml.*not what was captured"),
    ):
        remove_page(writer, *writer.library.get_page("101"), reason="a name", by="Ana")

    assert tree_bytes(planted.root) == before


def test_nothing_behind_a_link_is_exported(planted: Planted, tmp_path: Path) -> None:
    planted.link(SOURCE)

    with pytest.raises(EvidenceError):
        export(load_library(planted.root), tmp_path / "export", Period(), software=SOFTWARE)


@pytest.mark.needs("git")
def test_nothing_behind_a_link_is_committed(planted: Planted) -> None:
    planted.link(PAGE)

    with pytest.raises(EvidenceError):
        GitRepository(state_of(planted.root)).commit("Run 1")


def test_a_note_about_a_witness_in_the_folder_is_not_written(planted: Planted) -> None:
    (planted.root / ".wikibot").mkdir()
    name = "told-" + hashlib.sha256(b"page").hexdigest()[:12]
    (planted.root / ".wikibot" / name).symlink_to(planted.outside / "authorized_keys")
    state = state_of(planted.root)

    state.note_witness("page", told=state.memory.head)

    assert planted.outside_files()["authorized_keys"] == SECRET


def test_a_pipe_in_the_place_of_a_file_does_not_block(planted: Planted) -> None:
    for path in (PAGE, "CHECKPOINT"):
        (planted.root / path).unlink()
        os.mkfifo(planted.root / path)

    with pytest.raises(EvidenceError, match="not a plain file"):
        load_library(planted.root)
    with pytest.raises(EvidenceError, match="not a plain file"):
        Folder(planted.root).read(PAGE)


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/x",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.hidden",
        "-x",
        "a b",
        "a\nb",
        "ä",
        "",
        ".",
        "a/.gitattributes",
    ],
)
def test_a_name_outside_the_rule_is_refused_everywhere(planted: Planted, path: str) -> None:
    with pytest.raises(EvidenceError, match="not a path inside the snapshots"):
        check_path(path, named_by="a list")
    with pytest.raises(EvidenceError, match="not a path inside the snapshots"):
        Folder(planted.root).read(path)
    with pytest.raises(EvidenceError):
        parse_manifest(f"{'0' * 64}  {path}\n".encode(), name="manifest")


@pytest.mark.parametrize("path", ["../outside/authorized_keys", "WS2/../../outside/authorized_keys", ".git/config"])
def test_a_file_that_was_only_looked_for_is_not_read_outside_the_rule(planted: Planted, path: str) -> None:
    tree = UnlistedTree(planted.root)
    tree.has_file(path)
    tree.has_other(path)

    with pytest.raises(EvidenceError, match="not a path inside the snapshots"):
        tree.read(path)
    assert tree.read("WS2/bagit.txt")


# The search index


def forge_index(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("UPDATE words SET body = 'the committee has agreed to the merger' WHERE 1")
    database.close()


def test_a_forged_index_shows_no_forged_words(planted: Planted) -> None:
    state = state_of(planted.root)
    index = index_of(planted.root)
    assert index.search("meeting")
    forge_index(state.search)

    assert index.search("merger") == []
    assert [hit.title for hit in index.search("meeting")] == ["Board meeting"]


def test_an_index_in_the_folder_is_not_used(planted: Planted) -> None:
    index = index_of(planted.root)
    index.search("meeting")
    for name in (".wikibot/search.sqlite", "search.sqlite"):
        (planted.root / name).parent.mkdir(exist_ok=True)
        shutil.copy(state_of(planted.root).search, planted.root / name)
        forge_index(planted.root / name)

    assert index.search("merger") == []


def test_a_page_that_was_changed_in_the_folder_is_not_shown(planted: Planted) -> None:
    index = index_of(planted.root)
    index.search("meeting")
    page = planted.root / PAGE
    page.write_bytes(page.read_bytes().replace(b"Board", b"Bored"))

    assert index.search("meeting") == []


def test_a_page_that_was_away_for_a_while_is_missed_and_found_again(planted: Planted) -> None:
    index, page = index_of(planted.root), planted.root / PAGE
    page.rename(planted.outside / "away")

    assert index.search("meeting") == []
    assert index.unreadable == 1

    (planted.outside / "away").rename(page)

    assert [hit.title for hit in index.search("meeting")] == ["Board meeting"]
    assert index.unreadable == 0


# Reading below the remembered head


@pytest.mark.parametrize("read", [load_remembered, lambda state: index_of(state.root).search("meeting")])
def test_an_older_state_that_was_put_back_is_not_shown(
    planted: Planted, tmp_path: Path, read: Callable[[object], object]
) -> None:
    older = Path(shutil.copytree(planted.root, tmp_path / "older"))
    write_again(planted.root)
    shutil.rmtree(planted.root)
    shutil.copytree(older, planted.root)

    with pytest.raises(SnapshotError, match="does not descend from run 2"):
        read(state_of(planted.root))


@pytest.mark.parametrize("shown", ["[]", "1", "{}", '"x"', '{"space_key": ["OTHER"]}'])
def test_a_list_of_pages_of_another_shape_is_refused(planted: Planted, shown: str) -> None:
    """All digests fit: only the signature, which the state remembers, shows who wrote it."""
    pages = planted.root / "WS2/pages.jsonl"
    pages.write_bytes(re.sub(rb'"shown": .*', b'"shown": ' + shown.encode() + b"}", pages.read_bytes()))
    Forger(planted.root).rewrite_head()

    with pytest.raises(EvidenceError):
        load_library(planted.root)


def test_forged_lists_are_not_shown(planted: Planted) -> None:
    pages = planted.root / "WS2/pages.jsonl"
    pages.write_bytes(pages.read_bytes().replace(b"Board", b"Bored"))

    with pytest.raises(EvidenceError, match=r"pages\.jsonl"):
        load_library(planted.root)
