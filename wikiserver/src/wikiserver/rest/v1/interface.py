"""The blueprint of the REST API v1, and the shape of its errors."""

from typing import Final

from flask import Response, jsonify, request

from wikiserver.rest.blueprint import Manner, create_blueprint
from wikiserver.rest.v1.flavours import has_operation
from wikiserver.site import base_url, get_site

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


def _check_operation() -> Response | None:
    """Refuse operations that the flavour of this wiki does not have."""
    if not has_operation(get_site().flavour, request.endpoint or ""):
        return error_answer(404, f"null for uri: {base_url()}{request.path}")
    return None


api: Final = create_blueprint(
    "rest_v1",
    Manner(
        error_answer,
        unauthenticated="Client must be authenticated to access this resource.",
        read_only="Confluence is in read-only mode. You cannot make changes at the moment.",
    ),
    check_operation=_check_operation,
)
