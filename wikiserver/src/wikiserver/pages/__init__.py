"""The wiki for people: what a browser shows at `/wiki/spaces/…`, `/display/…` and beside them."""

from flask import Blueprint

from . import arranging, attaching, commenting, editing, finding, history, reading, session  # they add their routes
from .blueprint import pages

__all__ = ["create_pages"]

_ROUTES = (arranging, attaching, commenting, editing, finding, history, reading, session)


def create_pages() -> Blueprint:
    """Return the pages as a blueprint; every request finds its store through the application."""
    return pages
