"""What was typed when a session had ended: kept at sign-in, shown again by the form that it belongs to."""

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta

from flask import request
from werkzeug.datastructures import MultiDict

from bot.desk.desk import current_desk
from bot.desk.visitor import signed_in

ARGUMENT = "carried"
_KEPT = timedelta(days=1)


def keep_typed(owner: str, fields: Sequence[tuple[str, str]]) -> str:
    """Keep the fields of a form for *owner*, and return their id for the argument `carried` of the form's address."""
    desk, number = current_desk(), secrets.token_urlsafe(16)
    now = desk.clock()
    with desk.database.connection() as connection:
        connection.execute("DELETE FROM carried WHERE created < ?", ((now - _KEPT).isoformat(),))
        connection.execute(
            "INSERT INTO carried VALUES (?, ?, ?, ?)", (number, owner, json.dumps(list(fields)), now.isoformat())
        )
    return number


def carried_form() -> MultiDict[str, str] | None:
    """Return the fields that a view shows in its form in place of the saved values; None if there are none.

    A view that shows a form calls this on GET. Nothing of it is saved yet, and the page says so.
    """
    number = request.args.get(ARGUMENT)
    if not number:
        return None
    with current_desk().database.connection() as connection:
        row = connection.execute(
            "SELECT fields FROM carried WHERE id = ? AND owner = ?", (number, signed_in().name)
        ).fetchone()
    return MultiDict((str(name), str(value)) for name, value in json.loads(row["fields"])) if row else None
