"""The REST API v2, which exists only on Cloud."""

# Importing a module adds its operations to the blueprint.
from wikiserver.rest.v2 import attachments, comments, content_parts, pages, people, spaces, tasks, tree, tree_nodes
from wikiserver.rest.v2.interface import api, error_answer

__all__ = ["api", "error_answer"]

_OPERATIONS = (attachments, comments, content_parts, pages, people, spaces, tasks, tree, tree_nodes)
