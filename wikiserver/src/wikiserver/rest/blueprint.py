"""The behaviour that all versions of the REST API share: identify the caller and report errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, Response, g, request
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

MAX_BODY_BYTES: Final = 5 * 2**20
"""The largest body of a request (v2, createPage: 413 over 5 MB; Data Center: 5,242,880 bytes)."""

_STATUSES: Final[Mapping[type[StoreError], int]] = {
    NotFoundError: 404,
    VersionConflictError: 409,
    DraftConflictError: 409,
    TitleTakenError: 400,
    DuplicateError: 409,
    InvalidError: 400,
    NotEditableError: 400,
    ForbiddenError: 403,
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How one version of the API reports errors: shape, messages, and version-specific statuses."""

    error_answer: Callable[[int, str], Response]
    unauthenticated: str
    read_only: str
    words: Callable[[StoreError], str] = str
    statuses: Mapping[type[StoreError], int] = field(default_factory=dict)

    def status_of(self, error: StoreError) -> int:
        """Return the HTTP status of an error of the store."""
        if isinstance(error, NotFoundError) and get_site().answers_forbidden and g.get("is_hidden"):
            return 403
        return self.statuses.get(type(error)) or _STATUSES.get(type(error), 400)


def create_blueprint(
    name: str, manner: Manner, *, check_operation: Callable[[], Response | None] = lambda: None
) -> Blueprint:
    """Return the blueprint of one version; *check_operation* may refuse an operation to an identified caller."""
    api = Blueprint(name, __name__)

    @api.before_request
    def admit() -> Response | None:
        g.user = authenticate(request.headers.get("Authorization"), get_store())
        if g.user is None:
            return manner.error_answer(401, manner.unauthenticated)
        if request.mimetype == "application/json" and (request.content_length or 0) > MAX_BODY_BYTES:
            return manner.error_answer(413, f"Request body exceeds the limit of {MAX_BODY_BYTES} bytes")
        refusal = check_operation()
        if refusal is None and get_site().is_read_only and request.method not in {"GET", "HEAD", "OPTIONS"}:
            return manner.error_answer(405, manner.read_only)
        return refusal

    @api.errorhandler(StoreError)
    def refuse(error: StoreError) -> Response:
        return manner.error_answer(manner.status_of(error), manner.words(error))

    @api.errorhandler(HTTPException)
    def refuse_request(error: HTTPException) -> Response:
        return manner.error_answer(error.code or 500, error.description or error.name)

    return api
