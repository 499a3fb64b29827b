"""Check what the caller may see and change; each version of the API has its own error messages."""

from flask import g

from wikiserver.site import may_read, may_update
from wikiserver.store import Content, ForbiddenError, NotFoundError


def check_readable(content: Content, message: str) -> Content:
    """Return *content* if the caller may see it; a restricted content is reported as not found."""
    if not may_read(content):
        g.is_hidden = True
        raise NotFoundError(message)
    return content


def check_editable(content: Content, message: str) -> Content:
    """Return *content* if the caller may change it; raises ForbiddenError otherwise."""
    if not may_update(content):
        raise ForbiddenError(message)
    return content
