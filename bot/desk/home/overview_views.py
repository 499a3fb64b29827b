"""The overview, and the public health check."""

from flask import Response, render_template

from bot.desk.home import blueprint
from bot.desk.roles import Role, public, requires


@blueprint.get("/")
@requires(Role.AUDITOR)
def overview() -> str:
    """Say in one sentence whether something waits for a decision."""
    return render_template("overview.html.j2")


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """Answer `ok`, for a monitor; it needs no account and says nothing about the content."""
    return Response("ok\n", mimetype="text/plain")
