"""A rate limit as a WSGI middleware: 429 for too many requests, and headers on every answer that state what is left."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wikiserver.faults.bucket import TokenBucket

Headers = list[tuple[str, str]]
App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

REASON: Final = "confluence-quota-global-based"


def limited(bucket: TokenBucket, app: App, *, is_cloud: bool) -> App:
    """Return *app* behind *bucket*. If the bucket counts points, an answer costs one more for each object in it."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        caller = environ.get("HTTP_AUTHORIZATION", "")
        wait, left = bucket.take(caller)
        if wait:
            return _refuse(wait, limit_headers(bucket, left, is_cloud=is_cloud), start_response, is_cloud=is_cloud)
        kept: list[Any] = []

        def start(status: str, headers: Headers, exc_info: object = None) -> None:
            del exc_info
            kept[:] = [status, headers]

        pieces = app(environ, start)
        if bucket.counts_objects:
            pieces = [b"".join(pieces)]
            left = bucket.charge(caller, _objects_in(pieces[0]))
        return _sent(pieces, kept, limit_headers(bucket, left, is_cloud=is_cloud), start_response)

    return serve


def _sent(
    pieces: Iterable[bytes], kept: list[Any], more: Headers, start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Send an answer; an application that yields its answer states the status with the first piece."""
    for piece in pieces:
        if kept:
            start_response(kept[0], [*kept[1], *more])
            kept.clear()
        yield piece
    if kept:
        start_response(kept[0], [*kept[1], *more])


def _refuse(wait: int, headers: Headers, start_response: Callable[..., Any], *, is_cloud: bool) -> Iterable[bytes]:
    body = json.dumps({"statusCode": 429, "message": "Rate limit exceeded", "data": None}).encode()
    headers += [("Retry-After", str(wait)), ("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if is_cloud:
        headers.append(("RateLimit-Reason", REASON))
    start_response("429 Too Many Requests", headers)
    return [body]


def limit_headers(bucket: TokenBucket, left: int, *, is_cloud: bool) -> Headers:
    """Return the headers of a rate limit, as each flavour has them (Atlassian: "Rate limiting")."""
    headers = [("X-RateLimit-Limit", str(bucket.capacity)), ("X-RateLimit-Remaining", str(left))]
    if not is_cloud:
        return [*headers, ("X-RateLimit-FillRate", f"{bucket.per_second:g}"), ("X-RateLimit-Interval-Seconds", "1")]
    reset = datetime.now(UTC) + timedelta(seconds=bucket.seconds_to_full)
    headers.append(("X-RateLimit-Reset", reset.isoformat(timespec="seconds").replace("+00:00", "Z")))
    return [*headers, ("X-RateLimit-NearLimit", str(left < bucket.capacity / 5).lower())]


def _objects_in(body: bytes) -> int:
    """Return the number of objects in an answer: the results of a listing, else one."""
    try:
        answer = json.loads(body)
    except ValueError:
        return 0
    results = answer.get("results") if isinstance(answer, dict) else None
    return len(results) if isinstance(results, list) else 1
