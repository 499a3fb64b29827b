"""The blueprint of the REST API v2 (Cloud only), and the shape of its errors."""

from typing import Final

from flask import Response, jsonify

from wikiserver.rest.blueprint import Manner, create_blueprint
from wikiserver.store import ForbiddenError, NotEditableError, StoreError, VersionConflictError

_CODES: Final = {
    400: "INVALID_REQUEST_PARAMETER",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "REQUEST_TOO_LARGE",
}


def error_answer(status: int, title: str) -> Response:
    """Return an error in the shape of v2."""
    code = _CODES.get(status, "INTERNAL_SERVER_ERROR" if status >= 500 else "INVALID_REQUEST_PARAMETER")
    answer = jsonify({"errors": [{"status": status, "code": code, "title": title, "detail": None}]})
    answer.status_code = status
    return answer


def _words(error: StoreError) -> str:
    if not isinstance(error, VersionConflictError):
        return str(error)
    detail = f"Current Version: [{error.current}]. Provided version: [{error.given}]"
    return f"Version must be incremented when updating a page. {detail}"


api: Final = create_blueprint(
    "rest_v2",
    Manner(
        error_answer,
        unauthenticated="Unauthorized",
        read_only="The site is in read-only mode",
        words=_words,
        # v2 writes find current pages only, so an archived page is not found. No operation of v2 answers 403: what a
        # person may not do is not found either (Atlassian's document, for example "Update page").
        statuses={NotEditableError: 404, ForbiddenError: 404},
    ),
)
