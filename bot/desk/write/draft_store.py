"""Drafts: forms that people have filled in and not saved. Neither the data file nor the wiki has them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.desk.desk import current_desk


@dataclass(frozen=True, slots=True)
class FormDraft:
    """A form that is not finished: *place* is the form, such as `news/new`, and *fields* are its values."""

    number: int
    workspace: str
    place: str
    owner: str
    title: str
    fields: dict[str, str]
    changed: datetime


def list_drafts(workspace: str) -> list[FormDraft]:
    """Return the drafts of a workspace, the newest first."""
    with current_desk().database.connection() as connection:
        rows = connection.execute("SELECT * FROM drafts WHERE workspace = ? ORDER BY changed DESC", (workspace,))
        return [_read(row) for row in rows]


def find_draft(workspace: str, number: int) -> FormDraft | None:
    """Return a draft; None if it was saved or discarded."""
    with current_desk().database.connection() as connection:
        row = connection.execute("SELECT * FROM drafts WHERE workspace = ? AND id = ?", (workspace, number)).fetchone()
    return _read(row) if row else None


def keep_draft(
    workspace: str, place: str, owner: str, title: str, fields: Mapping[str, str], number: int | None = None
) -> int:
    """Keep a draft, in place of the draft *number* if there is one; return its number."""
    values = (title, json.dumps(dict(fields)), current_desk().clock().astimezone(UTC).isoformat())
    with current_desk().database.connection() as connection:
        if number is not None:
            changed = connection.execute(
                "UPDATE drafts SET title = ?, fields = ?, changed = ? WHERE id = ? AND workspace = ? AND place = ?",
                (*values, number, workspace, place),
            )
            if changed.rowcount:
                return number
        made = connection.execute(
            "INSERT INTO drafts (workspace, place, owner, title, fields, changed) VALUES (?, ?, ?, ?, ?, ?)",
            (workspace, place, owner, *values),
        )
        return int(made.lastrowid or 0)


def discard_draft(workspace: str, number: int) -> None:
    """Delete a draft."""
    with current_desk().database.connection() as connection:
        connection.execute("DELETE FROM drafts WHERE workspace = ? AND id = ?", (workspace, number))


def _read(row: Mapping[str, str]) -> FormDraft:
    return FormDraft(
        int(row["id"]),
        row["workspace"],
        row["place"],
        row["owner"],
        row["title"],
        json.loads(row["fields"]),
        datetime.fromisoformat(row["changed"]),
    )
