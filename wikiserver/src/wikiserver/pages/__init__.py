"""The pages for browsers: `/wiki/spaces/…`, `/display/…` and others.

May import everything but `rest`, `application`, `faults` and `server`. Functions on bodies alone are in `editor`.
"""

from flask import Blueprint

from wikiserver.pages import (  # importing a module adds its routes
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
    """Return the pages as a blueprint; each request gets its store from the application."""
    return pages
