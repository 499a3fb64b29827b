"""The REST API v2, which Cloud alone has."""

# Importing a module adds its operations to the blueprint.
from . import attachments, comments, pages, parts, people, spaces, tasks, tree
from .blueprint import api

__all__ = ["api"]

_OPERATIONS = (attachments, comments, pages, parts, people, spaces, tasks, tree)
