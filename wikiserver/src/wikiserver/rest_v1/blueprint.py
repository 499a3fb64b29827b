"""The blueprint of the REST API v1: who is let in, and how errors look."""

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

from .flavours import has_operation

api: Final = Blueprint("rest_v1", __name__)

_STATUSES: Final = {
    NotFoundError: 404,
    VersionConflictError: 409,
    DraftConflictError: 409,
    TitleTakenError: 400,
    DuplicateError: 409,
    InvalidError: 400,
    NotEditableError: 400,
    ForbiddenError: 403,
}
_NAMES: Final = {
    400: "com.atlassian.confluence.api.service.exceptions.BadRequestException",
    403: "com.atlassian.confluence.api.service.exceptions.PermissionException",
    404: "com.atlassian.confluence.api.service.exceptions.NotFoundException",
    409: "com.atlassian.confluence.api.service.exceptions.ConflictException",
}


def error_answer(status: int, message: str) -> Response:
    """Return an error in the shape of v1."""
    answer = jsonify(
        {
            "statusCode": status,
            "data": {
                "authorized": status not in {401, 403},
                "valid": status not in {400, 409},
                "errors": [{"message": {"key": message, "args": [], "translation": message}}] if status == 400 else [],
                "successful": False,
            },
            "message": f"{_NAMES[status]}: {message}" if status in _NAMES else message,
        }
    )
    answer.status_code = status
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Confluence"'
    return answer


def status_of(error: StoreError) -> int:
    """Return the HTTP status that tells of a refusal of the store."""
    if isinstance(error, NotFoundError) and get_site().answers_forbidden and g.get("is_hidden"):
        return 403
    return _STATUSES.get(type(error), 400)


@api.before_request
def let_in() -> Response | None:
    """Know who asks; refuse strangers, and writers while the wiki is read-only."""
    g.user = authenticate(request.headers.get("Authorization"), get_store())
    if g.user is None:
        return error_answer(401, "Client must be authenticated to access this resource.")
    if not has_operation(get_site().flavour, request.endpoint or ""):
        return error_answer(404, f"null for uri: {request.base_url}")
    if get_site().is_read_only and request.method not in {"GET", "HEAD", "OPTIONS"}:
        return error_answer(405, "Confluence is in read-only mode. You cannot make changes at the moment.")
    return None


@api.errorhandler(StoreError)
def refuse(error: StoreError) -> Response:
    """Answer what the store refused."""
    return error_answer(status_of(error), str(error))


@api.errorhandler(HTTPException)
def refuse_request(error: HTTPException) -> Response:
    """Answer a request that was no good to begin with."""
    return error_answer(error.code or 500, error.description or error.name)
