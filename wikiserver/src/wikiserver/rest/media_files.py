"""List and describe attachments for both versions of the API."""

from collections.abc import Sequence

from flask import request

from wikiserver.site import get_store
from wikiserver.store import Content


def asked_files(files: Sequence[Content]) -> list[Content]:
    """Return the files that match `filename` and `mediaType` of the query."""
    name, media_type = request.args.get("filename"), request.args.get("mediaType")
    found = [one for one in files if name is None or one.title == name]
    if media_type is None:
        return found
    return [one for one in found if get_store().attachments.file(one.id).media_type == media_type]


def media_type_description(media_type: str) -> str:
    """Return a readable description of a media type."""
    kind, _, detail = media_type.partition("/")
    return f"{detail.split('+')[0].upper()} Image" if kind == "image" else "File"
