"""What each receiver was told, so that nobody is told twice."""

import json
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.errors import NotifyError
from bot.file_format import FileDocument, FileFormatError, FileModel
from bot.files import replace_file

_FILE = "notified.json"


class ToldConcern(FileModel):
    """Something that needs a person, as it was announced."""

    matter: str
    """What it is about, in words."""
    at: datetime
    """Time of the message."""
    over: datetime | None = None
    """Time of the message that it is over; null while it is not."""
    comment: str | None = None
    """Id of the comment that said it, if the channel is the wiki."""
    workspace: str = ""
    """The workspace on whose home page that comment is."""


class ChannelFailure(FileModel):
    """Why the last message was not sent."""

    reason: str
    """What the service said."""
    since: datetime
    """Time of the first failure in a row."""
    tries: int
    """The number of failures in a row."""
    again: datetime
    """Time of the next try."""
    is_said: bool = False
    """Whether the bot says the cause anyway: the wiki does not answer, or a person stopped the bot."""


class Receiver(FileModel):
    """What a channel or a person was told."""

    concerns: dict[str, ToldConcern] = Field(default_factory=dict)
    """Key of a concern → what was said."""
    occurrences: dict[str, datetime] = Field(default_factory=dict)
    """Key of what happened → time of the message, or of the moment from which the receiver is told."""
    failure: ChannelFailure | None = None
    """The failures since the last message that was sent; null if there are none."""


class NotifiedFile(FileDocument):
    """`notified.json`: what was said to whom. If it is deleted, what needs a person is said once more."""

    KIND: ClassVar[str] = "wikibot-notified"

    format: Literal["wikibot-notified/1"] = "wikibot-notified/1"
    """Format of the file."""
    receivers: dict[str, Receiver] = Field(default_factory=dict)
    """`channel NAME` or `person ACCOUNT` → what it was told."""


def load_notified(state: Path) -> NotifiedFile:
    """Return the memory in the folder *state*; a file that cannot be used counts as empty."""
    try:
        return NotifiedFile.parse((state / _FILE).read_bytes())
    except (OSError, FileFormatError):
        return NotifiedFile()


def save_notified(state: Path, file: NotifiedFile) -> None:
    """Write the memory; raises `NotifyError`."""
    text = json.dumps(file.content(), ensure_ascii=False, indent=1) + "\n"
    try:
        replace_file(state / _FILE, text.encode(), is_private=True)
    except OSError as error:
        raise NotifyError(f"{state / _FILE}: what was sent cannot be recorded: {error.strerror}") from error
