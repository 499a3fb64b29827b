"""The pages that people open in a browser: `/wiki/spaces/…`, `/display/…` and others.

May import everything but `rest`, `application`, `faults` and `server`. What works on bodies alone is in `editor`.
"""

from flask import Blueprint

from wikiserver.pages import (  # each adds its routes
    page_actions,
    page_comments,
    page_edits,
    page_files,
    page_history,
    page_search,
    page_views,
    session,
)
from wikiserver.pages.blueprint import pages

__all__ = ["create_pages"]

_ROUTES = (page_actions, page_comments, page_edits, page_files, page_history, page_search, page_views, session)


def create_pages() -> Blueprint:
    """Return the pages as a blueprint; every request finds its store through the application."""
    return pages
