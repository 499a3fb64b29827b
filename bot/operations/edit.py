"""Edit the data file: news, banner, links. Each edit is a value that can be reviewed before it is saved."""

import datetime as dt
import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.config.data_file import DataFile
from bot.config.data_model import NewsItem, QuickLink, StatusLine
from bot.config.link_choice import LinkChoice, LinkDestination
from bot.inline import plain_text

_MAX_ID_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Edit:
    """An unsaved change of the data file; *before* is None for a new file."""

    before: DataFile | None
    after: DataFile

    @property
    def diff(self) -> str:
        """The change as a unified diff of the file."""
        name = self.after.path.name
        before = self.before.text.splitlines() if self.before else []
        return "\n".join(difflib.unified_diff(before, self.after.text.splitlines(), name, name, lineterm="", n=2))

    def save(self) -> None:
        """Write the file; raises `ContentError` if the file was changed in the meantime."""
        self.after.save()


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
    taken = {item.id for item in document.data.news.items} if document.data.news else set()
    given: dict[str, object] = {"date": date, "publish_at": publish_at, "expires_at": expires_at}
    fields = {"id": item_id or make_id(text, taken)} | {key: value for key, value in given.items() if value is not None}
    item = NewsItem.model_validate(fields | {"text": text} | ({"pinned": True} if pinned else {}))
    return Edit(document, document.add_news(item))


def edit_news(document: DataFile, item_id: str, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of a news item; None removes one."""
    return Edit(document, document.edit_news(item_id, changes))


def remove_news(document: DataFile, item_id: str) -> Edit:
    """Remove a news item."""
    return Edit(document, document.remove_news(item_id))


def move_news(document: DataFile, item_id: str, *, before: str | None = None, index: int = 0) -> Edit:
    """Move a news item before another one, or to *index* in the file; -1 is the end."""
    count = len(document.data.news.items) if document.data.news else 0
    position = document.news_index(item_id)
    if before is None:
        return Edit(document, document.move_news(item_id, index % count if count else 0))
    wanted = document.news_index(before)
    return Edit(document, document.move_news(item_id, wanted - (position < wanted)))


def set_heading(document: DataFile, region: str, heading: str | None, *, level: int | None = None) -> Edit:
    """Set the heading of a region, or remove it with None; *level* 0 is a bold line."""
    return Edit(document, document.set_heading(region, heading, level=level))


def set_banner(document: DataFile, lines: Sequence[StatusLine], *, heading: str | None = None) -> Edit:
    """Replace the lines of the status banner, its heading, or both."""
    changed = document.set_banner(lines) if lines else document
    return Edit(document, changed.set_heading("status", heading) if heading is not None else changed)


def edit_banner_line(document: DataFile, number: int, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of one line of the status banner, counted from 1."""
    return Edit(document, document.edit_banner_line(number, changes))


def add_link(document: DataFile, link: QuickLink, *, under: str | None = None, first: bool = False) -> Edit:
    """Add a quick link at the top level, or below another."""
    return Edit(document, document.add_link(link, under=under, first=first))


def edit_link(document: DataFile, choice: LinkChoice, changes: Mapping[str, object]) -> Edit:
    """Set the given fields of a quick link; a new target replaces the old one."""
    return Edit(document, document.edit_link(choice, changes))


def move_link(document: DataFile, choice: LinkChoice, destination: LinkDestination) -> Edit:
    """Move a quick link and the links below it."""
    return Edit(document, document.move_link(choice, destination))


def remove_link(document: DataFile, choice: LinkChoice) -> Edit:
    """Remove a quick link and the links below it."""
    return Edit(document, document.remove_link(choice))


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
