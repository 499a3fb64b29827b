"""Health: what `wikibot doctor` finds, examined in the background and shown as it was then."""

from flask import redirect, render_template, url_for
from werkzeug import Response

from bot.desk.desk import current_desk
from bot.desk.publish import blueprint
from bot.desk.roles import Role, requires
from bot.desk.visitor import signed_in
from bot.examination import examine, is_flaw
from bot.history import JobResult

_NAME = "examine"


@blueprint.get("/health")
@requires(Role.MAINTAINER)
def health() -> str:
    """Show the findings, the flaws first."""
    desk = current_desk()
    kept = desk.findings
    found = kept.checks if kept else ()
    return render_template(
        "health.html.j2",
        kept=kept,
        flaws=[check for check in found if is_flaw(check)],
        rest=[check for check in found if not is_flaw(check)],
        going_on=desk.errands.find(_NAME),
        last=desk.errands.history.last_run(_NAME),
    )


@blueprint.post("/health")
@requires(Role.MAINTAINER)
def health_check() -> Response:
    """Examine everything again."""
    desk = current_desk()
    runtime = desk.runtime

    def work() -> JobResult:
        found = tuple(examine(runtime))
        desk.keep_findings(found)
        flaws = tuple(f"{check.what}: {check.message}" for check in found if is_flaw(check))
        return JobResult({"findings": len(found), "flaws": len(flaws)}, flaws)

    desk.errands.begin(_NAME, signed_in().name, work)
    return redirect(url_for("publish.health"))
