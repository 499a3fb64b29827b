"""Convert bodies in requests, in any representation, to storage format."""

import re
from typing import Any, Final

from wikiserver.adf import AdfError, adf_to_storage
from wikiserver.rights import may_read
from wikiserver.site import get_site, get_store
from wikiserver.store import Content, DraftConflictError, InvalidError
from wikiserver.wiki_markup import wiki_to_storage

Json = dict[str, Any]

_NESTED_MACRO: Final = re.compile(
    r"<ac:rich-text-body>(?:(?!</ac:rich-text-body>).)*<ac:structured-macro\b(?:(?!</ac:structured-macro>).)*"
    r"<ac:(?:rich|plain)-text-body>",
    re.DOTALL,
)
"""A macro with a body inside the body of another macro."""


def body_of(request_body: Json) -> str:
    """Return the storage format of the `body` in a request; a missing body is empty."""
    return storage_from(request_body.get("body") or {})


def storage_from(body: object) -> str:
    """Return the storage format of a body object: `{"storage": {…}}`, or flat with value and representation."""
    if not isinstance(body, dict):
        raise InvalidError("body must be an object")
    if not body:
        return ""
    nested = [(name, part) for name, part in body.items() if isinstance(part, dict) and "value" in part]
    if nested:
        name, part = nested[0]
        return convert_to_storage(str(part["value"]), str(part.get("representation", name)))
    if "value" not in body:
        raise InvalidError("body needs a value and a representation")
    return convert_to_storage(str(body["value"]), str(body.get("representation", "storage")))


def convert_to_storage(value: str, representation: str) -> str:
    """Return *value* as storage format; refuses nested macros if the wiki is configured so (CONFCLOUD-69902)."""
    body = _converted(value, representation)
    if get_site().refuses_nested_macros and _NESTED_MACRO.search(body):
        raise InvalidError("The content body cannot be converted to new editor format")
    return body


def _converted(value: str, representation: str) -> str:
    if representation in {"storage", "editor", "editor2", "raw"}:
        return value
    if representation == "wiki":
        return wiki_to_storage(value)
    if representation == "atlas_doc_format":
        try:
            return adf_to_storage(value, _file_name)
        except AdfError as error:
            raise InvalidError(f"Error parsing atlas_doc_format: {error}") from error
    raise InvalidError(f"Cannot save a body in the representation {representation!r}")


def _file_name(file_id: str) -> str | None:
    """Return the name of the attachment with a media file id, if the caller may see it."""
    content = get_store().attachments.find_by_file_id(file_id)
    return content.title if content is not None and may_read(content) else None


def check_drafts(content: Content) -> None:
    """Refuse a save over unpublished changes, if the wiki is configured so."""
    if get_site().refuses_over_drafts and get_store().contents.find_draft(content.id) is not None:
        raise DraftConflictError(content.id)
