"""The REST API v1: all of Data Center's, and what Cloud still has of it."""

# Importing a module adds its operations to the blueprint.
from . import (
    administration,
    arranging,
    attachments,
    children,
    content,
    converting,
    history,
    labels,
    people,
    properties,
    restrictions,
    scanning,
    search,
    spaces,
    states,
    tasks,
    templates,
    watching,
)
from .blueprint import api, error_answer

__all__ = ["api", "error_answer"]

_OPERATIONS = (
    *(administration, arranging, attachments, children, content, converting, history, labels, people, properties),
    *(restrictions, scanning, search, spaces, states, tasks, templates, watching),
)
