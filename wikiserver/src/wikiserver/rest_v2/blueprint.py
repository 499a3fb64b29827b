"""The blueprint of the REST API v2 (Cloud only): who is let in, and how errors look."""

from typing import Final

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from wikiserver.site import authenticate, get_site, get_store
from wikiserver.store import (
    DraftConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidError,
    NotEditableError,
    NotFoundError,
    StoreError,
    TitleTakenError,
    VersionConflictError,
)

api: Final = Blueprint("rest_v2", __name__)

_STATUSES: Final = {
    NotFoundError: 404,
    VersionConflictError: 409,
    DraftConflictError: 409,
    TitleTakenError: 400,
    DuplicateError: 409,
    InvalidError: 400,
    NotEditableError: 404,  # v2 writes see live pages only, so an archived one is not there for them
    ForbiddenError: 403,
}
_CODES: Final = {
    400: "INVALID_REQUEST_PARAMETER",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
}


def error_answer(status: int, title: str) -> Response:
    """Return an error in the shape of v2."""
    code = _CODES.get(status, "INTERNAL_SERVER_ERROR" if status >= 500 else "INVALID_REQUEST_PARAMETER")
    answer = jsonify({"errors": [{"status": status, "code": code, "title": title, "detail": None}]})
    answer.status_code = status
    return answer


@api.before_request
def let_in() -> Response | None:
    """Know who asks; refuse strangers, and writers while the wiki is read-only."""
    g.user = authenticate(request.headers.get("Authorization"), get_store())
    if g.user is None:
        return error_answer(401, "Unauthorized")
    if get_site().is_read_only and request.method not in {"GET", "HEAD", "OPTIONS"}:
        return error_answer(405, "The site is in read-only mode")
    return None


@api.errorhandler(StoreError)
def refuse(error: StoreError) -> Response:
    """Answer what the store refused."""
    if isinstance(error, NotFoundError) and g.get("is_hidden") and get_site().answers_forbidden:
        return error_answer(403, str(error))
    if isinstance(error, VersionConflictError):
        detail = f"Current Version: [{error.current}]. Provided version: [{error.given}]"
        return error_answer(409, f"Version must be incremented when updating a page. {detail}")
    return error_answer(_STATUSES.get(type(error), 400), str(error))


@api.errorhandler(HTTPException)
def refuse_request(error: HTTPException) -> Response:
    """Answer a request that was no good to begin with."""
    return error_answer(error.code or 500, error.description or error.name)
