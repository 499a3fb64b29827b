"""The REST API v1: all operations on Data Center, and the remaining ones on Cloud."""

# Importing a module adds its operations to the blueprint.
from wikiserver.rest.v1 import (
    administration,
    attachments,
    children,
    content,
    conversions,
    history,
    labels,
    page_operations,
    people,
    permissions,
    properties,
    restrictions,
    scan,
    search,
    spaces,
    states,
    tasks,
    templates,
    watches,
)
from wikiserver.rest.v1.interface import api, error_answer

__all__ = ["api", "error_answer"]

_OPERATIONS = (
    *(
        administration,
        attachments,
        children,
        content,
        conversions,
        history,
        labels,
        page_operations,
        people,
        permissions,
    ),
    *(properties, restrictions, scan, search, spaces, states, tasks, templates, watches),
)
