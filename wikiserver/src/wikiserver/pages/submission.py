"""Parse an editor form, and merge it with a version that was saved in the meantime."""

import json
from dataclasses import dataclass, replace

from flask import request

from wikiserver.editor.merge import merge
from wikiserver.editor.rich_text import apply_edits
from wikiserver.person_saves import AS_TYPED
from wikiserver.site import get_store
from wikiserver.store import Content, InvalidError


@dataclass(frozen=True, slots=True)
class Submission:
    """An edited page: *body* is based on *original*, the body of version *base* at that time.

    *editor* respells the body when it is stored; `none` stores what was typed, as the source of a page.
    """

    title: str
    body: str
    base: int
    original: str
    message: str = ""
    is_minor: bool = False
    editor: str = AS_TYPED


def read_submission(page: Content) -> Submission:
    """Parse the form of the current request: a whole body, or edits to runs of the original body."""
    base = request.form.get("version", page.version, int)
    original = _original(page, base)
    return Submission(
        title=request.form.get("title", page.title).strip(),
        body=_body(original),
        base=base,
        original=original,
        message=request.form.get("message", "").strip(),
        is_minor=bool(request.form.get("minor")),
        editor=request.form.get("editor", "") if "edits" in request.form else AS_TYPED,
    )


def _original(page: Content, base: int) -> str:
    """Return the original body of the form: the stored body, except for line ends, which forms change."""
    sent = request.form.get("original")
    stored = get_store().contents.body(page.id, base) if 1 <= base <= page.version else ""
    return stored if sent is None or _one_line_end(sent) == _one_line_end(stored) else _one_line_end(sent)


def _body(original: str) -> str:
    if "edits" not in request.form:
        return _one_line_end(request.form.get("body", ""))
    try:
        edits = {int(number): str(typed) for number, typed in json.loads(request.form["edits"]).items()}
        return apply_edits(original, edits)
    except (ValueError, AttributeError) as error:
        raise InvalidError(f"The edits could not be understood: {error}") from error


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n")


def rebase(submission: Submission, current: str) -> Submission | None:
    """Return the submission rebased on *current*; None if both changed the same place.

    A new inline comment changes the body but not the version, so the version check alone would lose its marker.
    """
    if submission.original == current:
        return submission
    merged = merge(submission.original, submission.body, current)
    return replace(submission, body=merged, original=current) if merged is not None else None
