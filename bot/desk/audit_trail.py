"""Record what the person of a request changed."""

from flask import request

from bot.desk.desk import current_desk
from bot.desk.visitor import current_visitor

UNKNOWN = "–"


def record_change(
    action: str, subject: str, *, workspace: str | None = None, before: str | None = None, after: str | None = None
) -> None:
    """Record a change in the audit log. Call it after the change; *before* and *after* are texts, never secrets."""
    visitor = current_visitor()
    current_desk().audit.record(
        action,
        subject,
        who=visitor.name if visitor is not None else UNKNOWN,
        address=request.remote_addr or UNKNOWN,
        workspace=workspace,
        before=before,
        after=after,
    )
