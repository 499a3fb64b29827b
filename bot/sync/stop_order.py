"""`stops/NAME.json`: the order of a person that the bot writes nothing more to a workspace."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

from bot.errors import HistoryError, StoppedError
from bot.file_format import FileDocument, FileFormatError
from bot.files import read_file, replace_file


class StopOrder(FileDocument):
    """`stops/NAME.json`: while the file exists, nothing is written to the workspace NAME.

    `wikibot resume` deletes it. A file that cannot be read stops the bot too.
    """

    KIND: ClassVar[str] = "wikibot-stop"

    format: Literal["wikibot-stop/1"] = "wikibot-stop/1"
    """Format of the file."""
    since: datetime
    """Time of the order."""
    by: str
    """Who gave it."""
    reason: str
    """Why, in their words."""

    def __str__(self) -> str:
        """Say who stopped the bot, when and why."""
        why = f": {self.reason}" if self.reason else ""
        return f"{self.by} stopped it at {self.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC{why}"


class StopOrders:
    """The orders in the folder *state*; one file for each workspace, read again before every write."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "stops"

    def find(self, workspace: str) -> StopOrder | None:
        """Return the order for a workspace, or None; raises `StoppedError` if that cannot be determined."""
        path = self._path(workspace)
        try:
            return StopOrder.parse(read_file(path))
        except FileNotFoundError:
            return None
        except (OSError, FileFormatError) as error:
            raise StoppedError(
                f"{path}: cannot be read: {error}; nothing is written to workspace {workspace!r} while this file "
                "exists: `wikibot resume` deletes it"
            ) from error

    def give(self, workspace: str, order: StopOrder) -> None:
        """Stop all writes to a workspace; a write that has begun ends first."""
        content = json.dumps(order.content(), indent=1, ensure_ascii=False) + "\n"
        try:
            replace_file(self._path(workspace), content.encode(), is_private=True)
        except OSError as error:
            raise HistoryError(f"{self._path(workspace)}: cannot be written: {error.strerror}") from error

    def lift(self, workspace: str) -> None:
        """Allow writes to a workspace again."""
        try:
            self._path(workspace).unlink(missing_ok=True)
        except OSError as error:
            raise HistoryError(f"{self._path(workspace)}: cannot be deleted: {error.strerror}") from error

    def _path(self, workspace: str) -> Path:
        return self._folder / f"{workspace}.json"
