"""Runs: the jobs with their next run, the run records, and the log of one run."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from flask import abort, flash, redirect, render_template, request, url_for
from werkzeug import Response

from bot.desk.audit_trail import record_change
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.publish import blueprint
from bot.desk.roles import Role, requires
from bot.desk.shown_names import job_name
from bot.desk.visitor import signed_in
from bot.history import JobRequest, Run, RunHistory
from bot.jobs import make_jobs

_PAGE = 50
_BARS = 30


@dataclass(frozen=True, slots=True)
class JobRow:
    """A configured job: its last runs, oldest first, and when it is due."""

    name: str
    due: datetime
    runs: tuple[Run, ...]

    @property
    def last(self) -> Run | None:
        """The newest run."""
        return self.runs[-1] if self.runs else None


@blueprint.get("/runs")
@requires(Role.AUDITOR)
def runs() -> str:
    """List the jobs and the newest runs."""
    job, before = request.args.get("job") or None, request.args.get("before", type=int)
    found = _history().recent(limit=_PAGE + 1, job=job, before=before)
    shown = found[:_PAGE]
    return render_template(
        "runs.html.j2",
        jobs=job_rows(),
        runs=shown,
        job=job,
        older=url_for("publish.runs", job=job, before=shown[-1].id) if len(found) > _PAGE else "",
        newest=url_for("publish.runs", job=job) if before else "",
        took=took,
        is_going=is_going(),
    )


@blueprint.post("/runs")
@requires(Role.MAINTAINER)
def run_now() -> Response:
    """Ask the bot to run a job now; if none is running, the desk does it."""
    desk, job = current_desk(), request.form.get("job", "")
    due = desk.next_due()
    if job not in due:
        flash(_("There is no job %(job)s in the settings.", job=job), "bad")
        return redirect(url_for("publish.runs"))
    record_change("run job", job)
    if is_going():
        _history().ask_for(JobRequest(job, signed_in().name, desk.clock()))
        flash(_("The bot runs %(job)s as soon as it is free.", job=job_name(job)), "ok")
        return redirect(url_for("publish.runs"))
    kind = next(spec.run for name, spec in zip(due, desk.runtime.settings.jobs, strict=False) if name == job)
    run = desk.errands.begin(job, signed_in().name, partial(make_jobs(desk.runtime)[kind], desk.errands.stop.is_set))
    flash(_("No “wikibot run” is running, so the desk does it, this once."), "info")
    return redirect(url_for("publish.runs_one", number=run))


@blueprint.get("/runs/<int:number>")
@requires(Role.AUDITOR)
def runs_one(number: int) -> str:
    """Show one run with its log; the page of a run that goes on loads itself again."""
    history = _history()
    run = history.find(number)
    if run is None:
        abort(404)
    pages, log = history.pages_of(number), history.log_of(number)
    return render_template("run.html.j2", run=run, pages=pages, log=log, took=took)


def is_going() -> bool:
    """Return whether a process runs the jobs when they are due."""
    schedule = current_desk().schedule
    return schedule is not None and schedule.is_going


def job_rows() -> list[JobRow]:
    """Return the configured jobs."""
    history = _history()
    return [
        JobRow(name, due, tuple(reversed(history.recent(limit=_BARS, job=name))))
        for name, due in current_desk().next_due().items()
    ]


def took(run: Run) -> str:
    """Return how long a run took, in words."""
    if run.finished is None:
        return "–"
    seconds = (run.finished - run.started) / timedelta(seconds=1)
    return _("%(count)s s", count=f"{seconds:.1f}") if seconds < 100 else _("%(count)s min", count=round(seconds / 60))


def _history() -> RunHistory:
    return current_desk().errands.history
