"""Tasks in page bodies, indexed on every save so that they can be listed and completed over the API."""

import re
from datetime import datetime
from typing import Final

from wikiserver.store.contents import Contents
from wikiserver.store.database import Database, Row
from wikiserver.store.errors import NotFoundError
from wikiserver.store.values import InlineTask, from_milliseconds, to_milliseconds

_TASK: Final = re.compile(
    r"<ac:task>\s*<ac:task-id>(?P<id>[^<]*)</ac:task-id>.*?<ac:task-status>(?P<status>[^<]*)</ac:task-status>"
    r"\s*<ac:task-body>(?P<body>.*?)</ac:task-body>",
    re.DOTALL,
)
_ASSIGNEE: Final = re.compile(r'<ri:user\b[^>]*\bri:(?:account-id|userkey|username)="([^"]*)"')
_DUE: Final = re.compile(r'<time\b[^>]*\bdatetime="(\d{4}-\d\d-\d\d)"')


class InlineTasks:
    """Inline tasks by id and by page; completing a task changes the body of its page."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._database, self._contents = database, contents

    def index(self, content_id: int, body: str, *, author: str, now: datetime) -> None:
        """Update the tasks of a page from its new body."""
        if "<ac:task>" not in body:
            self._database.execute("DELETE FROM inline_tasks WHERE content_id = ?", (content_id,))
            return
        moment = to_milliseconds(now)
        seen = []
        for task in _TASK.finditer(body):
            seen.append(task["id"])
            self._index_one(content_id, task, author, moment)
        marks = ",".join("?" * len(seen))
        self._database.execute(
            f"DELETE FROM inline_tasks WHERE content_id = ? AND local_id NOT IN ({marks})",
            (content_id, *seen),
        )

    def _index_one(self, content_id: int, task: re.Match[str], author: str, moment: int) -> None:
        assignee, due = _ASSIGNEE.search(task["body"]), _DUE.search(task["body"])
        due_at = to_milliseconds(datetime.fromisoformat(f"{due[1]}T00:00:00+00:00")) if due else None
        is_complete = task["status"].strip() == "complete"
        self._database.execute(
            "INSERT INTO inline_tasks (content_id, local_id, status, body, creator, assignee, completed_by, due_at,"
            " created_at, updated_at, completed_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
            " ON CONFLICT (content_id, local_id) DO UPDATE SET body = excluded.body, assignee = excluded.assignee,"
            " due_at = excluded.due_at, updated_at = excluded.updated_at,"
            " completed_by = CASE WHEN status = excluded.status THEN completed_by ELSE excluded.completed_by END,"
            " completed_at = CASE WHEN status = excluded.status THEN completed_at ELSE excluded.completed_at END,"
            " status = excluded.status",
            (
                *(content_id, task["id"], "complete" if is_complete else "incomplete", task["body"], author),
                *(assignee[1] if assignee else None, author if is_complete else None, due_at),
                *(moment, moment, moment if is_complete else None),
            ),
        )

    def get(self, task_id: int) -> InlineTask:
        """Return one task; raises NotFoundError if there is none."""
        row = self._database.row("SELECT * FROM inline_tasks WHERE id = ?", (task_id,))
        if row is None:
            raise NotFoundError(f"No task found with id: {task_id}")
        return _task(row)

    def all(self, *, content_id: int | None = None, status: str | None = None) -> list[InlineTask]:
        """Return tasks by id, optionally of one page or with one status."""
        rows = self._database.rows(
            "SELECT * FROM inline_tasks WHERE (:page IS NULL OR content_id = :page)"
            " AND (:status IS NULL OR status = :status) ORDER BY id",
            {"page": content_id, "status": status},
        )
        return [_task(row) for row in rows]

    def ticked_body(self, task: InlineTask, status: str) -> str:
        """Return the body of the task's page with this task set to *status*; everything else is unchanged."""
        body = self._contents.body(task.content_id)
        for found in _TASK.finditer(body):
            if found["id"] == task.local_id:
                return body[: found.start("status")] + status + body[found.end("status") :]
        raise NotFoundError(f"Task {task.id} is no longer on its page")


def _task(row: Row) -> InlineTask:
    def moment(name: str) -> datetime | None:
        return from_milliseconds(row[name]) if row[name] is not None else None

    return InlineTask(
        id=row["id"],
        content_id=row["content_id"],
        local_id=row["local_id"],
        status=row["status"],
        body=row["body"],
        creator=row["creator"],
        assignee=row["assignee"],
        completed_by=row["completed_by"],
        due_at=moment("due_at"),
        created_at=from_milliseconds(row["created_at"]),
        updated_at=from_milliseconds(row["updated_at"]),
        completed_at=moment("completed_at"),
    )
