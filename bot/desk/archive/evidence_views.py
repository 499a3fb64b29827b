"""The evidence as a whole: checkpoints, completeness of each run, report of a period, verification, export."""

import shutil
from datetime import date
from http import HTTPStatus

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.desk.archive import blueprint
from bot.desk.archive.background_tasks import Task
from bot.desk.archive.list_views import csv_download, json_answer
from bot.desk.archive.opened_archive import OpenedArchive, current_archive
from bot.desk.desk import current_desk
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.operations import archive as operation
from bot.operations.archive_check import check_and_remember, find_archive_check
from bot.plural import counted
from bot.present.archive_lists import report_as_csv
from bot.present.csv_table import csv_table
from bot.present.period_report import report_as_html
from bot.snapshot.archive.checkpoint import Checkpoint, format_time
from bot.snapshot.archive.events import LEFT_OUT, NOT_CAPTURABLE, SKIPPED_PAGES, LoggedEvent
from bot.snapshot.query.period import Period
from bot.snapshot.query.run_view import Fate

_PAGE = 50
_RUN_COLUMNS = ("run", "time", "verdict", "key", "sha256")


@blueprint.get("/a/checkpoints")
@requires(Role.AUDITOR)
def checkpoints() -> str | Response:
    """List the runs, each sealed by a checkpoint that names the one before."""
    archive = current_archive()
    heads = archive.reader.heads
    first = _number("start")
    shown = [each for each in heads if first is None or each[0].sequence <= first]
    if request.args.get("format") in ("csv", "json"):
        rows = [_run_row(head, digest) for head, digest in heads]
        if request.args["format"] == "csv":
            return csv_download(csv_table(_RUN_COLUMNS, rows), "checkpoints.csv")
        return json_answer([dict(zip(_RUN_COLUMNS, row, strict=True)) for row in rows])
    older = shown[_PAGE][0].sequence if len(shown) > _PAGE else None
    return render_template(
        "checkpoints.html.j2",
        heads=shown[:_PAGE],
        newest=heads[0],
        count=len(heads),
        older=url_for("archive.checkpoints", start=older) if older else "",
        signature=archive.signature,
        last_check=find_archive_check(archive.reader),
        verifying=archive.tasks.running("verify"),
        root=archive.reader.root,
    )


@blueprint.get("/a/checkpoints/<int:number>")
@requires(Role.AUDITOR)
def checkpoint(number: int) -> str:
    """Show one checkpoint: what it names, and what its run did."""
    archive = current_archive()
    view = archive.view_run(number)
    return render_template("checkpoint.html.j2", view=view, is_newest=view.digest == archive.library.head_digest)


@blueprint.get("/a/runs/<int:number>")
@requires(Role.AUDITOR)
def checkpoint_run(number: int) -> str | Response:
    """Show how complete a run was: expected, captured, failed, restricted, skipped."""
    archive = current_archive()
    view = archive.view_run(number)
    chosen = request.args.get("list", Fate.CAPTURED.value)
    fate = Fate(chosen) if chosen in set(Fate) else Fate.CAPTURED
    events = view.lists[fate]
    if request.args.get("format") in ("csv", "json"):
        rows = [(each.id, ", ".join(each.event.objects), each.event.type, _describe(archive, each)) for each in events]
        names = ("event", "page", "type", "what")
        if request.args["format"] == "csv":
            return csv_download(csv_table(names, rows), f"run-{number}-{fate}.csv")
        return json_answer([dict(zip(names, row, strict=True)) for row in rows])
    start = _number("start") or 0
    shown = events[start : start + _PAGE]
    goes_on = start + _PAGE < len(events)
    return render_template(
        "run_completeness.html.j2",
        view=view,
        fate=fate,
        counts={each: len(view.lists[each]) for each in Fate},
        rows=[(each, _page_of(archive, each), _describe(archive, each)) for each in shown],
        more=url_for("archive.checkpoint_run", number=number, list=fate.value, start=start + _PAGE) if goes_on else "",
        left_out=view.count(LEFT_OUT),
        not_capturable=view.ids(NOT_CAPTURABLE),
        skipped=view.ids(SKIPPED_PAGES),
        fate_words=fate_words(),
    )


@blueprint.get("/a/report")
@requires(Role.AUDITOR)
def report() -> str:
    """Ask for a period, and show the reports that were made."""
    archive = current_archive()
    heads = archive.reader.heads
    return render_template(
        "period_report.html.j2",
        first=heads[-1][0].time.date(),
        last=heads[0][0].time.date(),
        tasks=[task for task in archive.tasks.all if task.kind in ("report", "export")],
    )


@blueprint.post("/a/verify")
@requires(Role.AUDITOR)
def verify() -> BaseResponse:
    """Verify the whole archive in the background."""
    archive, clock = current_archive(), current_desk().clock

    def work(task: Task) -> None:
        checked = check_and_remember(archive.reader, clock())
        task.href = "archive.checkpoints"
        task.outcome = checked.proof or counted(checked.count, "finding")

    return _to_task(archive.tasks.start("verify", "verify", work))


@blueprint.post("/a/report")
@requires(Role.AUDITOR)
def make_report() -> BaseResponse:
    """Make the report of a period in the background; it verifies the archive first."""
    archive, period = current_archive(), _period()
    if period is None:
        return redirect(url_for("archive.report"))
    kind = "csv" if request.form.get("as") == "csv" else "html"

    def work(task: Task) -> None:
        made = operation.report_period(archive.reader, period)
        text = report_as_csv(made) if kind == "csv" else report_as_html(made)
        task.result = archive.tasks.new_folder() / f"report.{kind}"
        task.result.write_text(text, encoding="utf-8")
        task.outcome = str(made.proof) if made.proof else counted(len(made.findings), "finding")

    return _to_task(archive.tasks.start("report", str(period), work, key=f"{period} {kind}"))


@blueprint.post("/a/export")
@requires(Role.AUDITOR)
def export() -> BaseResponse:
    """Copy pages of a period with the proof of their origin, in the background; the archive is verified first."""
    archive, period = current_archive(), _period()
    if period is None:
        return redirect(url_for("archive.report"))
    page = request.form.get("page", "")
    if page:
        archive.get_page(page)

    def work(task: Task) -> None:
        folder = archive.tasks.new_folder()
        made = operation.export_pages(
            archive.reader, folder / "evidence", period, wanted=(page,) if page else (), on_page=task.step
        )
        shutil.make_archive(str(folder / "evidence"), "zip", root_dir=folder, base_dir="evidence")
        shutil.rmtree(folder / "evidence")
        task.result = folder / "evidence.zip"
        task.outcome = counted(made.pages, "page")

    label = f"{period}, {page}" if page else str(period)
    return _to_task(archive.tasks.start("export", label, work, key=label))


def fate_words() -> dict[Fate, str]:
    """Return the names of the lists of a run."""
    return {
        Fate.CAPTURED: _("Captured"),
        Fate.FAILED: _("Not captured"),
        Fate.MISSING: _("Missing"),
        Fate.RESTRICTED: _("Restricted"),
        Fate.GONE: _("Gone from the wiki"),
        Fate.LEFT: _("No longer archived"),
        Fate.OTHER: _("Other events"),
    }


def _to_task(task: Task) -> BaseResponse:
    return redirect(url_for("archive.task_view", number=task.id), HTTPStatus.SEE_OTHER)


def _run_row(head: Checkpoint, digest: str) -> tuple[object, ...]:
    return head.sequence, format_time(head.time), head.verdict, head.key or "", digest


def _describe(archive: OpenedArchive, logged: LoggedEvent) -> str:
    return archive.event_texts.describe(logged)


def _page_of(archive: OpenedArchive, logged: LoggedEvent) -> str | None:
    """Return the id of the captured page that an event is about."""
    if len(logged.event.objects) != 1:
        return None
    name = logged.event.objects[0]
    return archive.page_id_of(name)


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _period() -> Period | None:
    """Return the period of the form; None, with a message, if it is not one."""
    try:
        since, until = (_day(request.form.get(name, "")) for name in ("since", "until"))
    except ValueError:
        flash(_("Write a day as YYYY-MM-DD."), "bad")
        return None
    if since and until and until < since:
        flash(_("The last day lies before the first."), "bad")
        return None
    return Period(since, until)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text.strip() else None
