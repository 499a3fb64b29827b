"""Task lists."""

from bs4 import Tag

from bot.convert.lowering import Lowering
from bot.convert.tree import Node, find_child, make, plain, tags, text_of


def lower_task_list(lowering: Lowering, tag: Tag) -> list[Node]:
    """A list of checkboxes; assignee and date stand in the task's own text, as mention and date."""
    items: list[Node] = []
    for task in tags(tag):
        if task.name == "ac:task":
            items.append(_task(lowering, task))
        else:
            items += lowering.node(task)
    return [make("ul", *items)]


def _task(lowering: Lowering, task: Tag) -> Tag:
    status, body = find_child(task, "ac:task-status"), find_child(task, "ac:task-body")
    is_done = status is not None and plain(text_of(status)) == "complete"
    return make("li", *(lowering.children(body) if body else ()), mark="[x]" if is_done else "[ ]")
