"""The content of a workspace as the pages show it."""

from dataclasses import dataclass
from http import HTTPStatus
from zoneinfo import ZoneInfo

from flask import flash, redirect, url_for
from werkzeug import Response

from bot.config.data_file import DataFile
from bot.config.data_model import WorkspaceData
from bot.config.entry_ref import EntryRef, iter_entries
from bot.desk.desk import current_desk, workspace_named
from bot.desk.language import gettext as _
from bot.desk.visitor import current_visitor
from bot.operations.revisions import document_of, last_good
from bot.operations.workspace import Workspace

WebAnswer = str | tuple[str, int] | Response
"""What a view returns: a page, a page with its status, or a whole answer."""
_SEARCHED_REVISIONS = 50


@dataclass(frozen=True, slots=True)
class ShownContent:
    """The content of a workspace. *problem* says why the file cannot be read: then this is its last good revision."""

    workspace: Workspace
    document: DataFile
    problem: str = ""

    @property
    def data(self) -> WorkspaceData:
        """The values of the data file."""
        return self.document.data

    @property
    def digest(self) -> str:
        """A digest of the content, which a form sends back."""
        return self.document.revision

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the person, else that of the workspace."""
        visitor = current_visitor()
        return ZoneInfo((visitor.zone if visitor else None) or self.data.workspace.timezone)

    def as_seen(self, digest: str) -> DataFile:
        """Return the data file as the person saw it, if it is known by its *digest*, else as it is now."""
        if digest and digest != self.digest:
            journal = self.workspace.shared_data.journal
            for count, revision in enumerate(journal.iter_newest_first()):
                if count >= _SEARCHED_REVISIONS:
                    break
                if revision.after.startswith(digest):
                    return document_of(self.workspace, revision.number)
        return self.document


def load_content(name: str) -> ShownContent:
    """Return the content of a workspace; raises `ContentError` if no revision of the data file can be read."""
    workspace = workspace_named(name)
    known = current_desk().data.read(workspace)
    if known.error is None and known.document is not None:
        return ShownContent(workspace, known.document)
    good = last_good(workspace)
    if good is None:
        return ShownContent(workspace, workspace.load_data_file())
    return ShownContent(workspace, good[0], known.error or "")


def find_ref(document: DataFile, section: str, name: str) -> EntryRef | None:
    """Return an entry by its name in addresses: the id of a news item, or a number such as `2.1`."""
    if section == "news":
        items = document.data.news.items if document.data.news else ()
        index = next((number for number, item in enumerate(items) if item.id == name), None)
        return None if index is None else EntryRef.at(document.data, ("news", "items", index))
    for found in iter_entries(document.data, section):
        steps = [step + 1 for step in found.location if isinstance(step, int)]
        if ".".join(map(str, steps)) == name:
            return EntryRef.at(document.data, found.location)
    return None


def gone(workspace: str, area: str) -> Response:
    """Say that an address leads to nothing any more, and show the list to which it belonged."""
    flash(_("What you opened is gone: somebody removed it, or it was kept for a short time only."), "warn")
    return redirect(url_for(f"write.{area}", workspace=workspace), HTTPStatus.SEE_OTHER)
