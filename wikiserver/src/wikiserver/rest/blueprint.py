"""The behaviour that all versions of the REST API share: identify the caller and report errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from wikiserver.rest.scopes import needed_scopes
from wikiserver.site import authenticate, get_site, get_store, is_at_gateway
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

_UNAUTHORIZED: Final = (
    "<!doctype html><html><head><title>HTTP Status 401 – Unauthorized</title></head>"
    "<body><h1>HTTP Status 401 – Unauthorized</h1></body></html>"
)
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


def _let_in_at_site(manner: Manner) -> Response | None:
    """Identify the caller by password, classic token or session; scoped tokens of Cloud get a page, not JSON."""
    site, header = get_site(), request.headers.get("Authorization")
    if site.tokens.is_token_text(header):
        if site.is_cloud:
            return Response(_UNAUTHORIZED, 401, mimetype="text/html")
        token = site.tokens.find(header, _email)
        g.user = get_store().people.find_by_name(token.account) if token is not None else None
    else:
        g.user = authenticate(header, site)
    if g.user is None or (site.is_cloud and g.user.name in site.tokens.service_accounts):
        return manner.error_answer(401, manner.unauthenticated)
    return None


def _let_in_at_gateway(manner: Manner) -> Response | None:
    """Identify the caller by a scoped token, and check its scopes; v1 operations that Cloud removed answer 410."""
    needed = needed_scopes(request.method, request.path)
    if needed is None and request.path.startswith("/rest/api/"):
        return _gateway_answer(410, "This deprecated endpoint has been removed.")
    token = get_site().tokens.find(request.headers.get("Authorization"), _email)
    g.user = get_store().people.find_by_name(token.account) if token is not None else None
    if token is None or g.user is None:
        return manner.error_answer(401, manner.unauthenticated)
    if needed is not None and not token.allows(*needed):
        answer = _gateway_answer(401, "Unauthorized; scope does not match")
        answer.headers["X-Failure-Category"] = "FAILURE_CLIENT_SCOPE_CHECK"
        return answer
    return None


def _gateway_answer(status: int, message: str) -> Response:
    answer = jsonify({"code": status, "message": message})
    answer.status_code = status
    return answer


def _email(account: str) -> str:
    return get_store().people.get(account).email


def create_blueprint(
    name: str, manner: Manner, *, check_operation: Callable[[], Response | None] = lambda: None
) -> Blueprint:
    """Return the blueprint of one version; *check_operation* may refuse an operation to an identified caller."""
    api = Blueprint(name, __name__)

    @api.before_request
    def admit() -> Response | None:
        refusal = _let_in_at_gateway(manner) if is_at_gateway() else _let_in_at_site(manner)
        if refusal is not None:
            return refusal
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
