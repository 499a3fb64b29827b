"""Refusals with reasons of the platform: status, message and headers, in the shape of the requested API."""

import json
from dataclasses import dataclass
from typing import Final

_V2: Final = "/api/v2/"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal; *on_cloud* and *on_data_center* are statuses; if *words* is empty, the reason phrase is used."""

    on_cloud: int
    on_data_center: int
    words: str = ""
    headers: tuple[tuple[str, str], ...] = ()


REFUSALS: Final = {
    "captcha": Refusal(
        403,
        403,
        "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED",
        (
            ("X-Seraph-LoginReason", "AUTHENTICATION_DENIED"),
            ("X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=http://127.0.0.1/login.action"),
        ),
    ),
    # the same with the first header only
    "denied": Refusal(
        401,
        401,
        "Unauthorized",
        (("X-Seraph-LoginReason", "AUTHENTICATION_DENIED"),),
    ),
    "expired": Refusal(401, 401, "The token has expired"),
    # Cloud answers a bad token with 403 (v1) or a bare 404 (v2)
    "revoked": Refusal(404, 401),
    "suspended": Refusal(403, 403, "Current user not permitted to use Confluence"),
    "deactivated": Refusal(401, 401, "This account has been deactivated"),
    "scope": Refusal(
        401,
        401,
        "Unauthorized; scope does not match",
        (("X-Failure-Category", "FAILURE_CLIENT_SCOPE_CHECK"),),
    ),
    "proxy": Refusal(407, 407, "Proxy Authentication Required"),
    "removed": Refusal(410, 410, "This deprecated endpoint has been removed."),
    "too-large": Refusal(413, 413, "Request body exceeds the limit of 5242880 bytes"),
    "unreconciled": Refusal(501, 501, "Cannot update unreconciled content with id 1"),
    "cannot-convert": Refusal(400, 400, "The content body cannot be converted to new editor format"),
    # Data Center may return 500
    "title": Refusal(400, 500, "A page with this title already exists: Home"),
    # the page has no newer version
    "conflict": Refusal(409, 409, "The page is locked by a running import"),
}


def refuse(reason: str, *, is_cloud: bool, path: str) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status line, headers and JSON body of a refusal."""
    refusal = REFUSALS[reason]
    status = refusal.on_cloud if is_cloud else refusal.on_data_center
    is_v2 = _V2 in path
    if reason == "revoked" and is_cloud and not is_v2:
        status = 403
    name = _NAMES[status]
    words = refusal.words or name
    answer: dict[str, object]
    if is_v2:
        code = name.upper().replace(" ", "_")
        answer = {"errors": [{"status": status, "code": code, "title": words, "detail": None}]}
    else:
        sentence = {"message": {"key": "refused", "args": [], "translation": words}}
        data = {"authorized": status not in {401, 403}, "valid": False, "errors": [sentence], "successful": False}
        answer = {"statusCode": status, "data": data, "message": f"com.atlassian.api.RefusedException: {name}"}
    return f"{status} {name}", list(refusal.headers), json.dumps(answer).encode()


_NAMES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    409: "Conflict",
    410: "Gone",
    413: "Payload Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
}
