"""The REST API v2, which Cloud alone has."""

# Importing a module adds its operations to the blueprint.
from . import attachments, comments, folders, pages, parts, people, spaces, tasks, tree
from .blueprint import api, error_answer

__all__ = ["api", "error_answer"]

_OPERATIONS = (attachments, comments, folders, pages, parts, people, spaces, tasks, tree)
