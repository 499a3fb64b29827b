"""Edit the data file: news, banner, links. Each edit is a value that can be reviewed before it is saved.

Several people and processes can edit one file at a time: an edit is saved under the lock of the file, and is made again
on the new content if the file was changed after it was read.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from bot.config.data_file import DataFile
from bot.config.data_model import NewsItem, QuickLink, StatusLine
from bot.config.link_choice import LinkChoice, LinkDestination
from bot.errors import ContentError
from bot.inline import plain_text
from bot.text_diff import unified_diff

if TYPE_CHECKING:
    from bot.config.shared_data_file import SharedDataFile

_MAX_ID_LENGTH = 60


MakeEdit = Callable[[DataFile], DataFile]
"""Makes one edit of a data file; it is made again if the file was changed before the edit is saved."""


def _nothing(_document: DataFile) -> object:
    return None


@dataclass(frozen=True, slots=True)
class Edit:
    """An unsaved change of the data file; *before* is None for a new file.

    *subject* returns the part of a file that *change* replaces. An edit is made again on a file that was changed in the
    meantime only if that part is unchanged.
    """

    before: DataFile | None
    after: DataFile
    change: MakeEdit | None = None
    subject: Callable[[DataFile], object] = _nothing

    @property
    def diff(self) -> str:
        """The change as a unified diff of the file."""
        return unified_diff(self.before.text if self.before else "", self.after.text, self.after.path.name)

    def rebased(self) -> Self:
        """Return this edit as a change of the file as it is on disk now; the caller has the lock of the data file.

        Raises `ContentError` if the file was changed where this edit changes it, or is not readable any more.
        """
        path = self.after.path
        if self.before is None or self.change is None or not path.exists():
            return self
        current = DataFile.load(path)
        if current.text == self.before.text:
            return self
        if self.subject(current) != self.subject(self.before):
            raise ContentError(
                "was changed by somebody else at the same entry; nothing was saved: read the file, then edit again",
                path=path,
            )
        return replace(self, before=current, after=self.change(current))

    def save(self, shared: "SharedDataFile") -> Self:
        """Write the file under its lock; return the edit that was saved.

        An edit of a file that was changed in the meantime is made again on the new content. Raises `ContentError` if
        that is not possible (then nothing is written) and `LockedError` if another process does not release the lock.
        """
        with shared.editing():
            edit = self.rebased()
            shared.save(edit.after)
            return edit


def _edit(document: DataFile, change: MakeEdit, subject: Callable[[DataFile], object] = _nothing) -> Edit:
    return Edit(document, change(document), change, subject)


def add_news(
    document: DataFile,
    text: str,
    *,
    item_id: str | None = None,
    date: dt.date | None = None,
    publish_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    pinned: bool = False,
) -> Edit:
    """Add a news item as the newest; if no id is given, the id is built from its words."""
    given: dict[str, object] = {"date": date, "publish_at": publish_at, "expires_at": expires_at}
    fields = {key: value for key, value in given.items() if value is not None} | {"text": text}
    fields |= {"pinned": True} if pinned else {}

    def add(document: DataFile) -> DataFile:
        taken = {item.id for item in document.data.news.items} if document.data.news else set()
        return document.add_news(NewsItem.model_validate({"id": item_id or make_id(text, taken)} | fields))

    return _edit(document, add)


def edit_news(document: DataFile, item_id: str, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of a news item; None removes one."""
    return _edit(document, lambda file: file.edit_news(item_id, changes), _news_item(item_id))


def remove_news(document: DataFile, item_id: str) -> Edit:
    """Remove a news item."""
    return _edit(document, lambda file: file.remove_news(item_id), _news_item(item_id))


def move_news(document: DataFile, item_id: str, *, before: str | None = None, index: int = 0) -> Edit:
    """Move a news item before another one, or to *index* in the file; -1 is the end."""

    def move(document: DataFile) -> DataFile:
        count = len(document.data.news.items) if document.data.news else 0
        position = document.news_index(item_id)
        if before is None:
            return document.move_news(item_id, index % count if count else 0)
        wanted = document.news_index(before)
        return document.move_news(item_id, wanted - (position < wanted))

    return _edit(document, move)


def set_heading(document: DataFile, region: str, heading: str | None, *, level: int | None = None) -> Edit:
    """Set the heading of a region, or remove it with None; *level* 0 is a bold line."""
    return _edit(document, lambda file: file.set_heading(region, heading, level=level), _heading(region))


def set_banner(document: DataFile, lines: Sequence[StatusLine], *, heading: str | None = None) -> Edit:
    """Replace the lines of the status banner, its heading, or both."""

    def change(document: DataFile) -> DataFile:
        changed = document.set_banner(lines) if lines else document
        return changed.set_heading("status", heading) if heading is not None else changed

    return _edit(document, change, _banner)


def edit_banner_line(document: DataFile, number: int, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of one line of the status banner, counted from 1."""
    return _edit(document, lambda file: file.edit_banner_line(number, changes), _banner)


def add_link(document: DataFile, link: QuickLink, *, under: str | None = None, first: bool = False) -> Edit:
    """Add a quick link at the top level, or below another."""
    return _edit(document, lambda file: file.add_link(link, under=under, first=first), _parent_link(under))


def edit_link(document: DataFile, choice: LinkChoice, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of a quick link; a new target replaces the old one."""
    return _edit(document, lambda file: file.edit_link(choice, changes), _link(choice))


def move_link(document: DataFile, choice: LinkChoice, destination: LinkDestination) -> Edit:
    """Move a quick link and the links below it."""
    return _edit(document, lambda file: file.move_link(choice, destination), _all_links)


def remove_link(document: DataFile, choice: LinkChoice) -> Edit:
    """Remove a quick link and the links below it."""
    return _edit(document, lambda file: file.remove_link(choice), _link(choice))


def _news_item(item_id: str) -> Callable[[DataFile], object]:
    def find(document: DataFile) -> object:
        items = document.data.news.items if document.data.news else ()
        return next((item for item in items if item.id == item_id), None)

    return find


def _heading(region: str) -> Callable[[DataFile], object]:
    def find(document: DataFile) -> object:
        value = getattr(document.data, region)
        return None if value is None else (value.heading, value.heading_level)

    return find


def _banner(document: DataFile) -> object:
    return document.data.status


def _all_links(document: DataFile) -> object:
    return document.data.quick_links


def _link(choice: LinkChoice) -> Callable[[DataFile], object]:
    return lambda document: document.find_link(choice).link


def _parent_link(under: str | None) -> Callable[[DataFile], object]:
    return _nothing if under is None else lambda document: document.find_link(LinkChoice(under)).link.text


def make_id(text: str, taken: set[str]) -> str:
    """Build an id from the words of a news text; add a number if the id is taken."""
    ascii_text = unicodedata.normalize("NFKD", plain_text(text)).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    base = words[:_MAX_ID_LENGTH].rpartition("-")[0] if len(words) > _MAX_ID_LENGTH else words
    base = base or "news"
    number, found = 2, base
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found
