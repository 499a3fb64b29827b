"""The overview, and the public health check."""

from flask import Response, redirect, render_template, url_for

from bot.desk.desk import current_desk
from bot.desk.home import blueprint
from bot.desk.roles import Role, public, requires


@blueprint.get("/")
@requires(Role.AUDITOR)
def overview() -> str | Response:
    """Say in one sentence whether something waits for a decision; a desk on a folder has the archive only."""
    if current_desk().is_archive_only:
        return redirect(url_for("archive.pages"))  # type: ignore[return-value]
    return render_template("overview.html.j2")


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """Answer `ok`, for a monitor; it needs no account and says nothing about the content."""
    return Response("ok\n", mimetype="text/plain")
