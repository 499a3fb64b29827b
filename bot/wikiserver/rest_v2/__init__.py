"""The REST API v2, which Cloud alone has."""

# Importing a module adds its operations to the blueprint.
from . import attachments, pages, parts, spaces, tree
from .blueprint import api

__all__ = ["api"]

_OPERATIONS = (attachments, pages, parts, spaces, tree)
