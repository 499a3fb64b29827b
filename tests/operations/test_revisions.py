"""Every content of a data file is a revision, each one can be undone, and journal and file never disagree silently."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import data_file, revision_journal
from bot.config.data_file import DataFile
from bot.config.data_model import QuickLink, StatusLine
from bot.config.link_choice import LinkChoice, LinkDestination
from bot.config.policy import WorkspaceSettings
from bot.config.shared_data_file import SharedDataFile
from bot.errors import ContentError, EditConflictError, SettingsError
from bot.log import logger
from bot.operations import edit, revisions
from bot.operations.workspace import Folders, Workspace

DATA = """\
# Ours.
workspace: {space: WS2, home: Home}
status:
  lines:
    - {icon: tick, text: Adopted.}
    - text: Ongoing.   # until May
quick_links:
  links:
    - {text: Report, page: Report}
    - text: Plan
      page: Plan
      links:
        - {text: Annex, page: Annex}
news:
  items:
    - {id: one, text: One}
    - id: two   # for Ana
      text: Two
    - {id: three, text: Three}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is lost here
    path = tmp_path / "ws2.yaml"
    path.write_text(DATA)
    folders = Folders(tmp_path / "snapshots", tmp_path / "state")

    def no_renderer() -> object:
        raise NotImplementedError

    return Workspace(WorkspaceSettings(name="ws2", data=path), path, folders, no_renderer)  # type: ignore[arg-type]


def save(workspace: Workspace, make: Callable[[DataFile], edit.Edit]) -> edit.Edit:
    return make(workspace.load_data_file()).save(workspace.shared_data)


def undo(workspace: Workspace, number: int | None = None) -> edit.Edit:
    return revisions.undo(workspace, number).save(workspace.shared_data)


def test_each_change_is_a_revision_with_its_author_its_words_and_the_bytes_of_the_file(workspace: Workspace) -> None:
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    edit.remove_news(workspace.load_data_file(), "two").save(workspace.shared_data, who="ana")

    newest, older, first = revisions.list_revisions(workspace)
    assert (newest.number, newest.who, newest.origin, newest.what) == (3, "ana", "edited", "news item 'two' removed")
    assert (older.origin, older.what, older.who) == (
        "edited",
        "news item 'one': text changed",
        revision_journal.account_name(),
    )
    assert (first.origin, first.before, first.after) == ("first", None, older.before)
    assert workspace.shared_data.journal.content(1) == DATA
    assert workspace.shared_data.journal.content(3) == workspace.data_path.read_text()
    assert "+    - {id: one, text: Uno}" in revisions.diff_of(workspace, 2)
    files = list(workspace.shared_data.journal.folder.iterdir())
    assert {path.name for path in files} == {f"00000{n}.{end}" for n in (1, 2, 3) for end in ("json", "yaml.gz")}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_change_by_an_editor_is_a_revision_of_its_own_before_the_next_change(workspace: Workspace) -> None:
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    workspace.data_path.write_text(workspace.data_path.read_text().replace("Ongoing.", "Done."))
    save(workspace, lambda file: edit.remove_news(file, "three"))

    assert [each.what for each in revisions.list_revisions(workspace)][:2] == [
        "news item 'three' removed",
        "changed outside wikibot: line 2 of the banner: text changed",
    ]
    undo(workspace, 3)
    assert "Ongoing." in workspace.data_path.read_text()
    assert "three" not in workspace.data_path.read_text()


CHANGES: list[Callable[[DataFile], edit.Edit]] = [
    lambda file: edit.add_news(file, "Four"),
    lambda file: edit.edit_news(file, "two", {"text": "Zwei", "pinned": True}),
    lambda file: edit.move_news(file, "three", index=0),
    lambda file: edit.remove_news(file, "two"),
    lambda file: edit.set_heading(file, "news", "News:"),
    lambda file: edit.set_banner(file, [StatusLine(text="New")], heading="State:"),
    lambda file: edit.edit_banner_line(file, 2, {"text": "Done.", "icon": "cross"}),
    lambda file: edit.remove_banner_line(file, 1),
    lambda file: edit.move_banner_line(file, 1, 2),
    lambda file: edit.add_link(file, QuickLink(text="Site", url="https://example.org/"), under="Report"),
    lambda file: edit.edit_link(file, LinkChoice("Annex"), {"url": "https://example.org/"}),
    lambda file: edit.move_link(file, LinkChoice("Annex"), LinkDestination(is_top_level=True, is_first=True)),
    lambda file: edit.remove_link(file, LinkChoice("Plan")),
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_the_newest_change_is_undone_byte_for_byte(workspace: Workspace, number: int) -> None:
    save(workspace, CHANGES[number])
    changed = workspace.data_path.read_text()

    undone = undo(workspace)

    assert workspace.data_path.read_text() == DATA
    assert undone.revision is not None
    assert undone.revision.undoes == 2
    assert undone.revision.what.startswith("revision 2 undone: ")
    undo(workspace, 3)
    assert workspace.data_path.read_text() == changed


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_what_other_people_changed_since_stays(workspace: Workspace, number: int) -> None:
    save(workspace, CHANGES[number])
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    save(workspace, lambda file: edit.set_heading(file, "quick_links", "Links:"))

    undo(workspace, 2)

    wanted = DATA.replace("text: One", "text: Uno").replace("quick_links:\n", 'quick_links:\n  heading: "Links:"\n')
    assert workspace.load_data_file().data == DataFile.parse(wanted, workspace.data_path).data


def test_a_removed_item_comes_back_with_its_comment_at_its_place(workspace: Workspace) -> None:
    save(workspace, lambda file: edit.remove_news(file, "two"))
    save(workspace, lambda file: edit.edit_news(file, "three", {"text": "Drei"}))

    undo(workspace, 2)

    assert workspace.data_path.read_text() == DATA.replace("text: Three", "text: Drei")


def test_an_undo_of_the_first_entry_of_a_section_leaves_the_entries_of_others(workspace: Workspace) -> None:
    workspace.data_path.write_text("workspace: {space: WS2, home: Home}\n")
    save(workspace, lambda file: edit.add_news(file, "Mine"))
    save(workspace, lambda file: edit.add_news(file, "Theirs"))
    save(workspace, lambda file: edit.set_banner(file, [StatusLine(text="Mine")]))
    save(workspace, lambda file: edit.add_banner_line(file, StatusLine(text="Theirs"), before=1))

    undo(workspace, 2)
    undo(workspace, 4)

    data = workspace.load_data_file().data
    assert [item.text for item in data.news.items] == ["Theirs"]  # type: ignore[union-attr]
    assert [line.text for line in data.status.lines] == ["Theirs"]  # type: ignore[union-attr]


def test_an_entry_that_was_changed_again_is_not_undone_and_both_texts_are_shown(workspace: Workspace) -> None:
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Eins"}))
    before = workspace.data_path.read_bytes()

    with pytest.raises(EditConflictError) as raised:
        revisions.undo(workspace, 2)

    [conflict] = raised.value.conflicts
    assert (conflict.base, conflict.theirs, conflict.yours) == ("Uno", "Eins", "One")
    assert workspace.data_path.read_bytes() == before


def test_undo_without_a_number_goes_back_one_change_each_time(workspace: Workspace) -> None:
    for text in ("Uno", "Eins"):
        save(workspace, lambda file, text=text: edit.edit_news(file, "one", {"text": text}))  # type: ignore[misc]

    undo(workspace)
    assert "Uno" in workspace.data_path.read_text()
    undo(workspace)
    assert workspace.data_path.read_text() == DATA
    with pytest.raises(ContentError, match="no revision is known that could be undone"):
        revisions.undo(workspace)


@pytest.mark.parametrize("killed_at", ["revision", "file", "journal"])
def test_after_a_crash_journal_and_file_agree(
    workspace: Workspace, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends before the data file is replaced, or after that before the journal is complete."""
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))

    class KilledError(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        if killed_at == "revision":
            patch.setattr(revision_journal.RevisionJournal, "begin", kill)
        elif killed_at == "file":
            patch.setattr(SharedDataFile, "_complete", kill)
        else:
            patch.setattr(data_file, "replace_file", kill)
            patch.setattr(revision_journal.RevisionJournal, "settle", lambda *_: None)
        with pytest.raises(KilledError):
            save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Eins"}))

    is_saved = killed_at == "file"
    assert ("Eins" in workspace.data_path.read_text()) == is_saved
    listed = revisions.list_revisions(workspace)
    assert [each.number for each in listed] == ([3, 2, 1] if is_saved else [2, 1])
    assert workspace.shared_data.journal.content(listed[0].number) == workspace.data_path.read_text()
    assert not list(workspace.shared_data.journal.folder.glob("*.pending"))
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Again"}))
    assert revisions.list_revisions(workspace)[0].number == listed[0].number + 1


def test_a_change_that_cannot_be_recorded_is_not_made(workspace: Workspace) -> None:
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    before = workspace.data_path.read_bytes()
    folder = workspace.shared_data.journal.folder
    folder.rename(folder.with_name("away"))
    folder.write_text("a file in the place of the folder")

    with pytest.raises(SettingsError, match="the data file is unchanged"):
        save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Eins"}))

    assert workspace.data_path.read_bytes() == before


def test_content_that_is_not_what_was_recorded_is_not_used(workspace: Workspace) -> None:
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    folder = workspace.shared_data.journal.folder
    (folder / "000001.yaml.gz").write_bytes((folder / "000002.yaml.gz").read_bytes())

    with pytest.raises(SettingsError, match="not the content that revision 1 had"):
        revisions.undo(workspace, 2)


def test_the_oldest_revisions_are_deleted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revision_journal, "MAX_REVISIONS", 3)
    monkeypatch.setattr(revision_journal, "_MIN_REVISIONS", 2)
    for number in range(4):
        save(workspace, lambda file, number=number: edit.edit_news(file, "one", {"text": f"{number}"}))  # type: ignore[misc]

    assert [each.number for each in revisions.list_revisions(workspace)] == [5, 4, 3]
    assert len(list(workspace.shared_data.journal.folder.iterdir())) == 6
    with pytest.raises(SettingsError, match="no revision 2; known are 3 to 5"):
        revisions.undo(workspace, 2)
    with pytest.raises(ContentError, match="what was before it is not known"):
        revisions.undo(workspace, 3)


def test_a_broken_file_has_a_last_good_revision(workspace: Workspace) -> None:
    save(workspace, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    workspace.data_path.write_text("news: [")

    found = revisions.last_good(workspace)

    assert found is not None
    assert (found[1].number, found[0].data.news.items[0].text) == (2, "Uno")  # type: ignore[union-attr]


def git(workspace: Workspace, *words: str) -> str:
    identity = [f"{what}={value}" for what, value in (("user.name", "Ana"), ("user.email", "ana@example.org"))]
    options = [word for each in identity for word in ("-c", each)]
    done = subprocess.run(["git", *options, *words], cwd=workspace.data_path.parent, check=True, capture_output=True)
    return done.stdout.decode()


@pytest.fixture
def repository(workspace: Workspace) -> Workspace:
    """The folder of the data file as a repository that tracks it, with a change of something else staged."""
    git(workspace, "init", "--quiet", "--initial-branch=main")
    other = workspace.data_path.with_name("other.txt")
    other.write_text("one\n")
    git(workspace, "add", "ws2.yaml", "other.txt")
    git(workspace, "commit", "--quiet", "-m", "Begin")
    other.write_text("two\n")
    git(workspace, "add", "other.txt")
    return workspace


def test_in_a_repository_a_change_is_one_commit_of_the_file_alone(repository: Workspace) -> None:
    edit.edit_news(repository.load_data_file(), "one", {"text": "Uno"}).save(repository.shared_data, who="Ana <x>")

    assert git(repository, "log", "-1", "--format=%an|%cn|%s", "--name-only").split("\n") == [
        "Ana x|wikibot|news item 'one': text changed",
        "",
        "ws2.yaml",
        "",
    ]
    assert git(repository, "diff", "--cached", "--name-only") == "other.txt\n"
    assert git(repository, "status", "--porcelain", "ws2.yaml") == ""


def test_what_an_editor_changed_is_a_commit_of_its_own(repository: Workspace) -> None:
    repository.data_path.write_text(DATA.replace("Ongoing.", "Done."))
    save(repository, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))

    assert git(repository, "log", "-2", "--format=%s").splitlines() == [
        "news item 'one': text changed",
        "the file as wikibot saw it first",
    ]


def test_no_hook_runs_and_reading_commits_nothing(repository: Workspace) -> None:
    hook = repository.data_path.parent / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\nexit 1\n")
    hook.chmod(0o755)
    repository.data_path.write_text(DATA.replace("Ongoing.", "Done."))

    revisions.list_revisions(repository)
    assert git(repository, "log", "--format=%s") == "Begin\n"
    save(repository, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))

    assert git(repository, "rev-list", "--count", "HEAD") == "3\n"
    assert not (repository.data_path.parent / "ran").exists()


@pytest.mark.parametrize("obstacle", [".git/index.lock", ".git/MERGE_HEAD"])
def test_a_commit_that_fails_leaves_the_change_with_a_notice(repository: Workspace, obstacle: str) -> None:
    (repository.data_path.parent / obstacle).write_text("")
    said: list[str] = []
    sink = logger.add(lambda message: said.append(str(message)), level="WARNING")
    try:
        save(repository, lambda file: edit.edit_news(file, "one", {"text": "Uno"}))
    finally:
        logger.remove(sink)

    assert "Uno" in repository.data_path.read_text()
    assert "the change is saved, but not committed" in "".join(said)
    assert git(repository, "log", "--format=%s") == "Begin\n"
    assert revisions.list_revisions(repository)[0].number == 2


def test_with_git_off_or_a_file_that_git_does_not_track_nothing_is_committed(repository: Workspace) -> None:
    shared = SharedDataFile(repository.data_path, repository.folders.state, "ws2", commits=False)
    edit.edit_news(repository.load_data_file(), "one", {"text": "Uno"}).save(shared)
    assert git(repository, "log", "--format=%s") == "Begin\n"

    git(repository, "reset", "--quiet")
    git(repository, "rm", "--quiet", "--cached", "ws2.yaml")
    git(repository, "commit", "--quiet", "-m", "No longer ours")
    save(repository, lambda file: edit.edit_news(file, "one", {"text": "Eins"}))
    assert git(repository, "log", "--format=%s") == "No longer ours\nBegin\n"
