"""The REST API v1: all of Data Center's, and what Cloud still has of it."""

# Importing a module adds its operations to the blueprint.
from . import attachments, children, content, history, labels, people, properties, restrictions, search, spaces
from .blueprint import api

__all__ = ["api"]

_OPERATIONS = (attachments, children, content, history, labels, people, properties, restrictions, search, spaces)
