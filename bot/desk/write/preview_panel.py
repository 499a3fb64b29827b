"""What a change would do: its preview, which the wiki draws, and the change in words and lines."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from bot.config.data_file import DataFile
from bot.config.data_model import WorkspaceData
from bot.config.data_operation import Operation
from bot.desk.desk import current_desk
from bot.desk.write.shown_content import ShownContent
from bot.desk.write.write_state import write_state
from bot.errors import BotError
from bot.operations.edit import edit_with
from bot.operations.preview import Effects, find_effects


@dataclass(frozen=True, slots=True)
class PreviewInput:
    """What is drawn: a region at a moment, with the data before and after a change."""

    workspace: str
    before: WorkspaceData
    after: WorkspaceData
    region: str
    moment: datetime
    item_id: str | None


@dataclass(frozen=True, slots=True)
class ChangePanel:
    """What the form shows next to the fields; *digest* is the address of the drawn preview."""

    digest: str
    region: str
    moment: datetime
    is_now: bool
    effects: Effects
    diff: tuple[str, ...]


def panel_of(
    content: ShownContent,
    operation: Operation | None,
    region: str,
    moment: datetime | None = None,
    item_id: str | None = None,
) -> ChangePanel | None:
    """Return what *operation* would do to *region* at *moment*, by default now; None if it cannot be made.

    Without an operation, the panel shows the region as it is, and no time is spent on an edit.
    """
    now = current_desk().clock()
    is_now = moment is None or moment <= now
    at = now if is_now or moment is None else moment
    after, diff = content.document, ""
    if operation is not None:
        try:
            edit = edit_with(content.document, operation)
        except (ValidationError, BotError):
            return None
        after, diff = edit.after, edit.diff
    wanted = PreviewInput(content.workspace.name, content.data, after.data, region, at, item_id)
    effects = find_effects(content.data, after.data, at, item_id)
    return ChangePanel(
        _remember(wanted, content.digest, after), region, at, is_now, effects, tuple(diff.splitlines()[2:])
    )


def _remember(wanted: PreviewInput, before: str, after: DataFile) -> str:
    """Keep what a preview shows for a few minutes; return its digest, which is the end of its address."""
    key = (wanted.workspace, wanted.region, f"{wanted.moment:%Y-%m-%dT%H:%M}", wanted.item_id, before, after.revision)
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:24]
    write_state().previews.put(digest, wanted)
    return digest
