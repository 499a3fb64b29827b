"""The revisions of a data file: list them, compare one with the one before, and undo one."""

from bot.config.data_changes import find_changes
from bot.config.data_file import DataFile
from bot.config.revision_journal import Revision
from bot.errors import ContentError, SettingsError
from bot.operations.edit import Edit
from bot.operations.workspace import Workspace
from bot.text_diff import unified_diff

_NEVER_UNDONE = {"first", "undone"}


def list_revisions(workspace: Workspace, limit: int | None = None) -> list[Revision]:
    """Return the newest revisions of the data file, the newest first; a change by another program is recorded first."""
    workspace.shared_data.read()
    numbers = reversed(workspace.shared_data.journal.numbers()[-limit if limit else None :])
    return [workspace.shared_data.journal.load(number) for number in numbers]


def diff_of(workspace: Workspace, number: int) -> str:
    """Return what revision *number* changed, as a unified diff of the file."""
    journal = workspace.shared_data.journal
    after, before = journal.content(number), journal.text_before(number)
    return unified_diff(before or "", after, workspace.data_path.name)


def document_of(workspace: Workspace, number: int) -> DataFile:
    """Return the data file as it was in revision *number*."""
    return DataFile.parse(workspace.shared_data.journal.content(number), workspace.data_path)


def last_good(workspace: Workspace) -> tuple[DataFile, Revision] | None:
    """Return the newest revision of the data file that can be read, for when the file itself is broken."""
    for revision in workspace.shared_data.journal.iter_newest_first():
        try:
            return document_of(workspace, revision.number), revision
        except (ContentError, SettingsError):
            continue
    return None


def undo(workspace: Workspace, number: int | None = None) -> Edit:
    """Return the edit that takes back revision *number*, by default the newest that is not undone already.

    Other people's later changes stay. Raises `EditConflictError` if an entry was changed again since.
    """
    revision = _choose(workspace, number)
    journal, path = workspace.shared_data.journal, workspace.data_path
    before_text, after_text = journal.text_before(revision.number), journal.content(revision.number)
    if before_text is None:
        raise ContentError(f"revision {revision.number} cannot be undone: what was before it is not known", path=path)
    before, after = DataFile.parse(before_text, path), DataFile.parse(after_text, path)
    inverse = find_changes(after, before)
    document = workspace.load_data_file()
    if document.text == after_text:  # also takes back comments and spelling
        undone = DataFile(before.source, before.data, document.loaded_text)
    elif not inverse.operations:
        message = f"revision {revision.number} changed only spelling or comments, and the file was changed since"
        raise ContentError(message, path=path)
    else:
        undone = inverse.apply(document)
    return Edit(document, undone, inverse, undoes=revision.number)


def _choose(workspace: Workspace, number: int | None) -> Revision:
    workspace.shared_data.read()
    journal = workspace.shared_data.journal
    if number is not None:
        return journal.load(number)
    undone: set[int] = set()
    for revision in journal.iter_newest_first():
        if revision.undoes is not None:
            undone.add(revision.undoes)
        if revision.origin not in _NEVER_UNDONE and revision.number not in undone:
            return revision
    raise ContentError("no revision is known that could be undone", path=workspace.data_path)
