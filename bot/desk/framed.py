"""Answers for a frame: a document with what a wiki page says, which loads a style sheet and nothing else."""

from flask import Response, make_response

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


def framed(html: str, status: int = 200) -> Response:
    """Return *html* as a document for a frame of the desk."""
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = _POLICY
    return response
