"""The work in the background: progress, result, download."""

from http import HTTPStatus

from flask import Response, abort, make_response, render_template, send_file

from bot.desk.archive import blueprint
from bot.desk.archive.background_tasks import Task
from bot.desk.archive.opened_archive import INDEX, current_archive
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires


@blueprint.get("/a/tasks/<int:number>")
@requires(Role.AUDITOR)
def task_view(number: int) -> Response:
    """Show how far a task is."""
    return waiting_page(_get(number), status=HTTPStatus.OK)


@blueprint.get("/a/tasks/<int:number>/result")
@requires(Role.AUDITOR)
def task_result(number: int) -> Response:
    """Download the result of a task."""
    task = _get(number)
    if task.result is None or not task.result.is_file():
        abort(HTTPStatus.NOT_FOUND)
    kind = "application/zip" if task.result.suffix == ".zip" else "application/octet-stream"
    return send_file(task.result, mimetype=kind, as_attachment=True, download_name=task.result.name)


def waiting_page(task: Task, *, status: HTTPStatus = HTTPStatus.ACCEPTED) -> Response:
    """Return a page about *task* that stays up to date until the task is finished."""
    return make_response(render_template("archive_task.html.j2", task=task, title=task_title(task)), status)


def task_title(task: Task) -> str:
    """Return what a task does, as a heading."""
    return {
        INDEX: _("The list of pages is being made"),
        "verify": _("Verify the whole archive"),
        "export": _("Export"),
        "report": _("Report"),
    }.get(task.kind, task.label)


def _get(number: int) -> Task:
    task = current_archive().tasks.find(number)
    if task is None:
        abort(HTTPStatus.NOT_FOUND)
    return task
