"""v2: inline tasks."""

from datetime import datetime
from typing import Any

from flask import jsonify

from wikiserver.bodies import represent
from wikiserver.moments import iso
from wikiserver.rest.arguments import Json, json_object, many
from wikiserver.rest.v2.content_json import BULK_FORMATS, wanted_format
from wikiserver.rest.v2.interface import api
from wikiserver.rest.v2.lookup import parse_number, text_of
from wikiserver.rest.v2.paging import many_ids, paginate
from wikiserver.rights import check, check_readable, may_read
from wikiserver.site import get_store, get_user
from wikiserver.store import InlineTask, InvalidError, to_milliseconds


def task_json(task: InlineTask, representation: str | None) -> Json:
    """Return one task."""
    content = get_store().contents.get(task.content_id)
    body: Json = {}
    if representation is not None:
        value = represent(content, task.body, representation)
        body = {representation: {"representation": representation, "value": value}}
    optional = {
        "assignedTo": task.assignee,
        "completedBy": task.completed_by,
        "dueAt": iso(task.due_at) if task.due_at is not None else None,
        "completedAt": iso(task.completed_at) if task.completed_at is not None else None,
    }
    return {
        "id": str(task.id),
        "localId": task.local_id,
        "spaceId": str(content.space_id),
        "pageId" if content.type == "page" else "blogPostId": str(content.id),
        "status": task.status,
        "body": body,
        "createdBy": task.creator,
        "createdAt": iso(task.created_at),
        "updatedAt": iso(task.updated_at),
        **{name: value for name, value in optional.items() if value is not None},
    }


@api.get("/tasks")
def list_tasks() -> Any:
    """List tasks by page, space, person, status and time."""
    representation = wanted_format(BULK_FORMATS)
    found = [task for task in get_store().inline_tasks.all() if _is_wanted(task)]
    return paginate(found, lambda task: task_json(task, representation))


def _is_wanted(task: InlineTask) -> bool:
    content = get_store().contents.get(task.content_id)
    ids = (
        ("task-id", task.id),
        ("page-id", content.id),
        ("blogpost-id", content.id),
        ("space-id", content.space_id),
    )
    people = (
        ("status", task.status),
        ("created-by", task.creator),
        ("assigned-to", task.assignee),
        ("completed-by", task.completed_by),
    )
    times = (("created-at", task.created_at), ("due-at", task.due_at), ("completed-at", task.completed_at))
    return (
        may_read(content)
        and all(not (wanted := many_ids(name)) or value in wanted for name, value in ids)
        and all(not (named := many(name)) or value in named for name, value in people)
        and all(_is_within(name, value) for name, value in times)
    )


def _is_within(name: str, moment: datetime | None) -> bool:
    since, until = many_ids(f"{name}-from"), many_ids(f"{name}-to")
    if not since and not until:
        return True
    if moment is None:
        return False
    value = to_milliseconds(moment)
    return (not since or value >= since[0]) and (not until or value <= until[0])


def _task(task_id: str) -> InlineTask:
    task = get_store().inline_tasks.get(parse_number(task_id))
    check_readable(get_store().contents.get(task.content_id), f"No task found with id: {task_id}")
    return task


@api.get("/tasks/<task_id>")
def get_task(task_id: str) -> Any:
    """Return one task."""
    return jsonify(task_json(_task(task_id), wanted_format(BULK_FORMATS)))


@api.put("/tasks/<task_id>")
def update_task(task_id: str) -> Any:
    """Complete or reopen a task: its page gets a new version."""
    task, status = _task(task_id), text_of(json_object(), "status", required=True)
    if status not in {"complete", "incomplete"}:
        raise InvalidError("'status' must be complete or incomplete")
    check("edit", get_store().contents.get(task.content_id), f"Not permitted to update the task {task_id}")
    store = get_store()
    body = store.inline_tasks.ticked_body(task, status)
    store.pages.update(task.content_id, body=body, author=get_user().account_id, is_minor=True)
    return jsonify(task_json(store.inline_tasks.get(task.id), wanted_format(BULK_FORMATS)))
