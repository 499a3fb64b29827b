"""Drafts wait next to the data file; an approval is for exactly one wording, and never by an author."""

import os
from pathlib import Path

import pytest

from bot.config.data_file import DataFile
from bot.config.data_model import NewsItem
from bot.config.policy import WorkspaceSettings
from bot.errors import BotError, EditConflictError, SettingsError
from bot.operations import drafts as module
from bot.operations import edit, revisions
from bot.operations.drafts import Drafts
from bot.operations.workspace import Folders, Workspace

DATA = """\
workspace: {space: WS2, home: Home}
news:
  items:
    - {id: one, text: One}   # a remark
    - {id: two, text: Two}
"""


def make_workspace(folder: Path, approval: str) -> Workspace:
    path = folder / "ws2.yaml"
    path.write_text(DATA)
    settings = WorkspaceSettings.model_validate({"name": "ws2", "data": path, "approval": approval})

    def no_renderer() -> object:
        raise NotImplementedError

    return Workspace(settings, path, Folders(folder / "snapshots", folder / "state"), no_renderer)  # type: ignore[arg-type]


@pytest.fixture
def approved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace in which drafts need an approval."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # no power is lost here
    return make_workspace(tmp_path, "maintainer")


def reworded(workspace: Workspace, text: str) -> edit.Edit:
    return edit.edit_news(workspace.load_data_file(), "one", {"text": text})


def propose(workspace: Workspace, text: str = "Uno") -> int:
    operation = reworded(workspace, text).operation
    assert operation is not None
    number = Drafts(workspace).add(operation, "ana").number
    Drafts(workspace).send(number, "ana")
    return number


def items(workspace: Workspace) -> tuple[NewsItem, ...]:
    news = workspace.load_data_file().data.news
    assert news is not None
    return news.items


def test_a_draft_changes_nothing_until_it_is_approved_and_saved(approved: Workspace) -> None:
    drafts = Drafts(approved)
    number = propose(approved)
    assert approved.data_path.read_text() == DATA
    with pytest.raises(BotError, match="is not approved"):
        drafts.save(number, "ana")

    drafts.approve(number, drafts.load(number).digest, "max")
    saved = drafts.save(number, "ana")

    assert approved.data_path.read_text() == DATA.replace("text: One", "text: Uno")
    revision = revisions.list_revisions(approved)[0]
    assert (revision.who, revision.approved_by, revision.draft) == ("ana", "max", number)
    assert saved.revision == revision
    assert drafts.load(number).state == "saved"
    assert list(drafts.iter_newest_first(only_open=True)) == []
    with pytest.raises(BotError, match="is saved already"):
        drafts.save(number, "ana")


def test_an_approval_is_not_by_an_author_and_only_for_the_wording_that_was_read(approved: Workspace) -> None:
    drafts = Drafts(approved)
    number = propose(approved)
    read = drafts.load(number).digest
    with pytest.raises(BotError, match="somebody else has to approve it"):
        drafts.approve(number, read, "ana")

    operation = reworded(approved, "Eins").operation
    assert operation is not None
    drafts.change(number, operation, "eva")
    with pytest.raises(BotError, match="is not a proposal"):
        drafts.approve(number, drafts.load(number).digest, "max")
    drafts.send(number, "eva")
    with pytest.raises(BotError, match="was changed since you read it"):
        drafts.approve(number, read, "max")
    with pytest.raises(BotError, match="somebody else has to approve it"):
        drafts.approve(number, drafts.load(number).digest, "eva")


def test_nobody_approves_at_the_desk_what_they_proposed_by_command_nor_the_reverse(approved: Workspace) -> None:
    drafts = Drafts(approved)
    typed = drafts.add(reworded(approved, "Eins").operation)
    drafts.send(typed.number)
    at_desk, me = propose(approved), typed.authors[0]
    read = {number: drafts.load(number).digest for number in (typed.number, at_desk)}

    for number, who in ((typed.number, "max"), (at_desk, None)):
        with pytest.raises(BotError, match="nobody said whose account of the desk the account"):
            drafts.approve(number, read[number], who)
    for number, who, other in ((typed.number, "max", "max"), (at_desk, None, "ana")):
        with pytest.raises(BotError, match="somebody else has to approve it"):
            drafts.approve(number, read[number], who, links={me: ["eva", other]})

    drafts.approve(typed.number, read[typed.number], "max", links={me: ["eva"]})
    drafts.approve(at_desk, read[at_desk], links={me: []})


def test_a_change_after_the_approval_makes_it_void(approved: Workspace) -> None:
    drafts = Drafts(approved)
    number = propose(approved)
    drafts.approve(number, drafts.load(number).digest, "max")
    operation = reworded(approved, "Something else").operation
    assert operation is not None

    drafts.change(number, operation, "ana")

    with pytest.raises(BotError, match="is not approved"):
        drafts.save(number, "max")
    assert approved.data_path.read_text() == DATA


def test_a_remark_does_not_make_an_approval_void(approved: Workspace) -> None:
    drafts = Drafts(approved)
    number = propose(approved)
    drafts.approve(number, drafts.load(number).digest, "max")
    drafts.remark(number, "Good.", "eva")

    drafts.save(number, "ana")

    assert [(remark.who, remark.text) for remark in drafts.load(number).remarks] == [("eva", "Good.")]


def test_what_was_approved_is_made_on_the_file_of_today(approved: Workspace) -> None:
    drafts = Drafts(approved)
    number = propose(approved)
    drafts.approve(number, drafts.load(number).digest, "max")
    edit.edit_news(approved.load_data_file(), "one", {"pinned": True}).save(approved.shared_data)
    edit.remove_news(approved.load_data_file(), "two").save(approved.shared_data)

    drafts.save(number)

    assert [(item.id, item.text, item.pinned) for item in items(approved)] == [("one", "Uno", True)]


def test_a_draft_of_an_entry_that_somebody_changed_since_is_refused_with_both_texts(approved: Workspace) -> None:
    drafts = Drafts(approved)
    number = propose(approved)
    drafts.approve(number, drafts.load(number).digest, "max")
    reworded(approved, "Eins").save(approved.shared_data)
    before = approved.data_path.read_bytes()

    with pytest.raises(EditConflictError) as raised:
        drafts.save(number)

    (conflict,) = raised.value.conflicts
    assert (conflict.base, conflict.theirs, conflict.yours) == ("One", "Eins", "Uno")
    assert approved.data_path.read_bytes() == before
    assert drafts.load(number).is_open


def test_a_returned_draft_has_the_reason_and_can_be_sent_again_or_withdrawn(approved: Workspace) -> None:
    drafts = Drafts(approved)
    number = propose(approved)

    drafts.send_back(number, "Too short.", "max")
    assert (drafts.load(number).state, drafts.load(number).remarks[0].text) == ("returned", "Too short.")
    with pytest.raises(BotError, match="only its authors"):
        drafts.withdraw(number, "max")
    drafts.send(number, "ana")
    drafts.withdraw(number, "ana")

    with pytest.raises(BotError, match="is withdrawn already"):
        drafts.approve(number, drafts.load(number).digest, "max")


def test_a_draft_is_not_saved_twice_after_a_crash(approved: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program ends after the file is saved, and before the draft says so."""
    operation = edit.add_news(approved.load_data_file(), "New").operation
    assert operation is not None
    drafts = Drafts(approved)
    number = drafts.add(operation, "ana").number
    drafts.send(number, "ana")
    drafts.approve(number, drafts.load(number).digest, "max")

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Drafts, "_write", kill)
        with pytest.raises(KeyboardInterrupt):
            drafts.save(number)
    with pytest.raises(BotError, match="is saved already, as revision 2"):
        drafts.save(number)

    assert [item.text for item in items(approved)] == ["New", "One", "Two"]
    assert drafts.load(number).state == "saved"


def test_without_approval_a_draft_is_saved_at_once_also_one_that_was_not_sent(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path, "none")
    operation = reworded(workspace, "Uno").operation
    assert operation is not None
    number = Drafts(workspace).add(operation, "ana").number

    Drafts(workspace).save(number, "ana")

    assert items(workspace)[0].text == "Uno"


def test_a_draft_can_be_written_while_the_data_file_is_broken(approved: Workspace) -> None:
    operation = reworded(approved, "Uno").operation
    assert operation is not None
    approved.data_path.write_text("news: [")

    number = Drafts(approved).add(operation, "ana").number

    with pytest.raises(BotError):
        Drafts(approved).preview(number)
    approved.data_path.write_text(DATA)
    assert isinstance(Drafts(approved).preview(number).after, DataFile)


def test_old_drafts_that_are_settled_are_deleted_and_open_ones_stay(
    approved: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MAX_SETTLED", 1)
    drafts = Drafts(approved)
    stays = propose(approved)
    for _ in range(3):
        drafts.withdraw(propose(approved), "ana")
    propose(approved)

    assert [draft.number for draft in drafts.iter_newest_first()] == [5, 4, stays]
    with pytest.raises(SettingsError, match="there is no draft 2"):
        drafts.load(2)
