"""Content states, watches, templates, finished long tasks."""

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from wikiserver.store.database import Database, Row
from wikiserver.store.errors import NotFoundError
from wikiserver.store.values import LongTask, State, Template, from_milliseconds, to_milliseconds


class States:
    """The content states: at most one per page."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def find(self, content_id: int) -> State | None:
        """Return the state of a page, or None."""
        row = self._database.row("SELECT * FROM states WHERE content_id = ?", (content_id,))
        return _state(row) if row is not None else None

    def set(self, content_id: int, *, state_id: int, name: str, color: str, by: str) -> State:
        """Set the state of a page."""
        now = to_milliseconds(self._clock())
        self._database.execute(
            "INSERT OR REPLACE INTO states VALUES (?, ?, ?, ?, ?, ?)",
            (content_id, state_id, name, color, by, now),
        )
        return State(content_id, state_id, name, color, by, from_milliseconds(now))

    def clear(self, content_id: int) -> None:
        """Remove the state of a page."""
        self._database.execute("DELETE FROM states WHERE content_id = ?", (content_id,))

    def all_in(self, space_id: int, state_id: int) -> list[int]:
        """Return the ids of the pages of a space that have a state."""
        rows = self._database.rows(
            "SELECT content_id FROM states JOIN content ON id = content_id WHERE space_id = ? AND"
            " state_id = ? ORDER BY id",
            (space_id, state_id),
        )
        return [row["content_id"] for row in rows]


class Watches:
    """Who watches what; *kind* is `content`, `space` or `label`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account_id: str, kind: str, target: str) -> None:
        """Start watching."""
        self._database.execute("INSERT OR IGNORE INTO watches VALUES (?, ?, ?)", (account_id, kind, target))

    def remove(self, account_id: str, kind: str, target: str) -> None:
        """Stop watching."""
        self._database.execute(
            "DELETE FROM watches WHERE account_id = ? AND kind = ? AND target = ?", (account_id, kind, target)
        )

    def has(self, account_id: str, kind: str, target: str) -> bool:
        """Return whether the user watches the object."""
        return (
            self._database.row(
                "SELECT 1 FROM watches WHERE account_id = ? AND kind = ? AND target = ?", (account_id, kind, target)
            )
            is not None
        )

    def watchers(self, kind: str, target: str) -> list[str]:
        """Return the account ids of the watchers."""
        rows = self._database.rows(
            "SELECT account_id FROM watches WHERE kind = ? AND target = ? ORDER BY account_id", (kind, target)
        )
        return [row["account_id"] for row in rows]


class Templates:
    """Page templates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, space_id: int | None = None) -> list[Template]:
        """Return the templates of a space, or of the whole wiki."""
        rows = self._database.rows("SELECT * FROM templates WHERE space_id IS ? ORDER BY id", (space_id,))
        return [_template(row) for row in rows]

    def get(self, template_id: int) -> Template:
        """Return one template; raises NotFoundError if there is none."""
        row = self._database.row("SELECT * FROM templates WHERE id = ?", (template_id,))
        if row is None:
            raise NotFoundError(f"No template found with id: {template_id}")
        return _template(row)

    def create(self, space_id: int | None, name: str, description: str, body: str) -> Template:
        """Add a template."""
        return self.get(
            self._database.insert(
                "INSERT INTO templates (space_id, name, description, body) VALUES (?, ?, ?, ?)",
                (space_id, name, description, body),
            )
        )

    def update(self, template_id: int, name: str, description: str, body: str) -> Template:
        """Replace a template."""
        self.get(template_id)
        self._database.execute(
            "UPDATE templates SET name = ?, description = ?, body = ? WHERE id = ?",
            (name, description, body, template_id),
        )
        return self.get(template_id)

    def delete(self, template_id: int) -> None:
        """Remove a template; raises NotFoundError if there is none."""
        self.get(template_id)
        self._database.execute("DELETE FROM templates WHERE id = ?", (template_id,))


class LongTasks:
    """Work answered with 202. The work is done synchronously, so a task only reports its result."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    def record(self, key: str, *, successful: bool = True, messages: Sequence[str] = ()) -> LongTask:
        """Record finished work; return its task."""
        task_id, now = str(uuid.uuid4()), to_milliseconds(self._clock())
        self._database.execute(
            "INSERT INTO long_tasks VALUES (?, ?, ?, ?, ?, ?)",
            (task_id, key, now, now, successful, json.dumps(list(messages))),
        )
        return self.get(task_id)

    def get(self, task_id: str) -> LongTask:
        """Return one task; raises NotFoundError if there is none."""
        row = self._database.row("SELECT * FROM long_tasks WHERE id = ?", (task_id,))
        if row is None:
            raise NotFoundError(f"No long task found with id: {task_id}")
        return _long_task(row)

    def all(self) -> list[LongTask]:
        """Return every task, the latest first."""
        return [_long_task(row) for row in self._database.rows("SELECT * FROM long_tasks ORDER BY started_at DESC, id")]


def _state(row: Row) -> State:
    return State(
        row["content_id"], row["state_id"], row["name"], row["color"], row["set_by"], from_milliseconds(row["set_at"])
    )


def _template(row: Row) -> Template:
    return Template(row["id"], row["space_id"], row["name"], row["description"], row["body"])


def _long_task(row: Row) -> LongTask:
    return LongTask(
        id=row["id"],
        key=row["key"],
        started_at=from_milliseconds(row["started_at"]),
        finished_at=from_milliseconds(row["finished_at"]),
        successful=bool(row["successful"]),
        messages=tuple(json.loads(row["messages"])),
    )
