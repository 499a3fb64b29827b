"""v1: long tasks, and inline tasks."""

from datetime import datetime
from typing import Any

from flask import jsonify, request

from wikiserver.rest.arguments import Json, json_object
from wikiserver.rest.v1.interface import api
from wikiserver.rest.v1.lookup import text_of
from wikiserver.rest.v1.paging import base_links, paginate
from wikiserver.rights import check, check_readable, may_read
from wikiserver.site import base_url, get_site, get_store, get_user, parse_id
from wikiserver.store import InlineTask, InvalidError, LongTask, to_milliseconds


def _long_task_json(task: LongTask) -> Json:
    messages = [{"translation": text, "args": []} for text in task.messages]
    answer: Json = {"id": task.id, "name": {"key": task.key, "args": []}}
    answer |= {"elapsedTime": int((task.finished_at - task.started_at).total_seconds() * 1000)}
    answer |= {"percentageComplete": 100, "successful": task.successful, "finished": True, "messages": messages}
    if get_site().is_cloud:
        answer |= {"status": "succeeded" if task.successful else "failed", "errors": []}
    return answer


@api.get("/longtask")
def list_long_tasks() -> Any:
    """List long tasks."""
    return jsonify(paginate(get_store().long_tasks.all(), _long_task_json, default=100))


@api.get("/longtask/<task_id>")
def get_long_task(task_id: str) -> Any:
    """Return the state of a long task."""
    answer = _long_task_json(get_store().long_tasks.get(task_id))
    return jsonify(answer | {"_links": {"self": f"{base_url()}/rest/api/longtask/{task_id}"} | base_links()})


def _inline_task_json(task: InlineTask) -> Json:
    optional = {
        "assignee": task.assignee,
        "completeUser": task.completed_by,
        "dueDate": _milliseconds(task.due_at),
        "completeDate": _milliseconds(task.completed_at),
    }
    return {
        "globalId": task.id,
        "id": int(task.local_id) if task.local_id.isdecimal() else task.id,
        "contentId": task.content_id,
        "status": "checked" if task.status == "complete" else "unchecked",
        "title": get_store().contents.get(task.content_id).title,
        "body": task.body,
        "creator": task.creator,
        "createDate": _milliseconds(task.created_at),
        "updateDate": _milliseconds(task.updated_at),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return to_milliseconds(moment) if moment is not None else None


@api.get("/inlinetasks/search")
def search_inline_tasks() -> Any:
    """List the inline tasks of all pages that the caller may see."""
    wanted = {"checked": "complete", "unchecked": "incomplete"}.get(request.args.get("status", ""))
    found = [
        task
        for task in get_store().inline_tasks.all(status=wanted)
        if may_read(get_store().contents.get(task.content_id))
        and request.args.get("assignee") in {None, task.assignee}
        and request.args.get("creator") in {None, task.creator}
    ]
    return jsonify(paginate(found, _inline_task_json, default=20))


@api.route("/inlinetasks/<task_id>", methods=["GET", "PUT"])
def one_inline_task(task_id: str) -> Any:
    """Return or complete one inline task."""
    tasks = get_store().inline_tasks
    task = tasks.get(parse_id(task_id, what="task"))
    page = check_readable(get_store().contents.get(task.content_id), f"No task found with id: {task_id}")
    if request.method == "PUT":
        check("edit", page, f"User not permitted to change the task with id: {task_id}")
        status = text_of(json_object(), "status")
        if status not in {"checked", "unchecked"}:
            raise InvalidError("status must be checked or unchecked")
        body = tasks.ticked_body(task, "complete" if status == "checked" else "incomplete")
        get_store().pages.update(task.content_id, body=body, author=get_user().account_id, is_minor=True)
    return jsonify(_inline_task_json(tasks.get(task.id)))
