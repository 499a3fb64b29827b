"""A region of the plan as the wiki draws it, before and after, each in a frame of its own."""

import hashlib
from http import HTTPStatus
from typing import cast

from flask import Response, abort, current_app, render_template, request

from bot.desk.desk import current_desk
from bot.desk.framed import framed
from bot.desk.publish import blueprint
from bot.desk.publish.plan_views import last_check
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.desk.write.write_state import PREVIEW_SECONDS, RecentValues, quick_runtime
from bot.operations.preview import Drawing, draw

_LIMIT = "60 per minute"
_EXTENSION = "desk-plan-drawings"


@blueprint.get("/w/<workspace>/plan/<page_id>/<region>/<any(before, after):side>")
@requires(Role.AUDITOR)
def plan_drawing(workspace: str, page_id: str, region: str, side: str) -> Response:
    """Show one side of a change of the last check; the wiki is asked once for each text."""
    text = _text(workspace, page_id, region, side)
    if text is None:
        abort(HTTPStatus.NOT_FOUND)
    known = cast("RecentValues[Drawing]", current_app.extensions.setdefault(_EXTENSION, RecentValues(PREVIEW_SECONDS)))
    key = hashlib.sha256(f"{page_id}\n{text}".encode()).hexdigest()
    drawing = known.get(key)
    if drawing is None or (drawing.reason and request.args.get("again")):
        if not current_desk().throttle.allows(_LIMIT, "plan drawing", signed_in().name):
            html = render_template("plan_drawing.html.j2", drawing=None, side=side)
            return framed(html, HTTPStatus.TOO_MANY_REQUESTS)
        drawing = draw(quick_runtime().gateway, text, page_id)
        known.put(key, drawing)
    return framed(render_template("plan_drawing.html.j2", drawing=drawing, side=side))


def _text(workspace: str, page_id: str, region: str, side: str) -> str | None:
    """Return what the page says in a region, or what it would say; None if the last check knows no such region."""
    check = last_check(workspace)
    changes = (
        change
        for page in (check.plan.pages if check else ())
        for change in page.changes
        if (page.id, change.region) == (page_id, region)
    )
    change = next(changes, None)
    return None if change is None else change.live or "" if side == "before" else change.desired
