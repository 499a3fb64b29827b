"""What contradicts the data of a page: its own body, its history, what is captured, and the listings that led to it."""

from collections.abc import Collection, Iterator
from typing import Literal

from bot.errors import MalformedBodyError, WikiError
from bot.plural import counted
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.capture.observation import Observation, replaced_versions
from bot.snapshot.capture.selection import Selection
from bot.storage.comment_markers import marker_refs
from bot.storage.reader import check_syntax, read_leniently
from bot.wiki.gateway import WikiGateway

_MAX_DEPTH = 200
_NAMED_VERSIONS = 10


def doubts_about(
    gateway: WikiGateway, selection: Selection, observation: Observation, held: PageRecord | None
) -> Iterator[str]:
    """Yield why the data of a page may not be what the page has; *held* is its newest record.

    What only looks wrong, and was read alike by an earlier run, is no doubt any more.
    """
    page = observation.page
    for label, found in (selection.census.labelled if selection.census else {}).items():
        if page.id in found and label.casefold() not in observation.labels:
            yield f"listed with the label {label!r}, which its own list of labels does not have"
    if observation.is_settled:
        return
    listed = selection.listed.get(page.id)
    if listed and listed.version.number == page.version:
        if listed.title != page.title:
            yield f"listed with the title {listed.title!r} for the same version"
        if listed.version.when != page.ref.version.when:
            yield f"listed with the time {listed.version.when.isoformat()} for the same version"
        if listed.status is not page.ref.status:
            yield f"listed as {listed.status}, and it is {page.ref.status}"
    yield from _doubts_about_text(observation, held)
    yield from _doubts_about_history(observation, held)
    yield from _doubts_about_files(gateway, observation, held)
    yield from _doubts_about_comments(gateway, observation, held)


def _doubts_about_text(observation: Observation, held: PageRecord | None) -> Iterator[str]:
    body = observation.page.body
    if body.strip() and not (held and held.has_body(body.encode("utf-8", "surrogatepass"))):
        try:
            check_syntax(body)
        except MalformedBodyError as error:
            yield f"its text may be cut: {error}"


def _doubts_about_history(observation: Observation, held: PageRecord | None) -> Iterator[str]:
    """Yield a doubt about versions that no list has, or that a list has and the wiki does not send.

    A wiki numbers its versions without gaps: if people delete one, the later ones get other numbers. Rules that delete
    old versions may leave gaps.
    """
    known = {version.number for version in held.versions} if held else set()
    newest = held.version.number if held else 0
    seen = {version.number for version in observation.versions}
    absent = [number for number in range(newest + 1, observation.page.version) if number not in seen]
    if absent:
        yield f"its history lacks {_name_versions(absent)}"
    if replaced := [version.number for version in replaced_versions(held, observation.versions)]:
        yield f"people deleted versions, so {_name_versions(replaced)} had another text when the page was captured"
    if unread := [number for number in observation.purged if number not in known]:
        yield f"its history names {_name_versions(unread)}, and the wiki does not send the text"


def _name_versions(numbers: Collection[int]) -> str:
    named = ", ".join(map(str, sorted(numbers)[:_NAMED_VERSIONS]))
    return f"{counted(len(numbers), 'version')} ({named}{', …' if len(numbers) > _NAMED_VERSIONS else ''})"


def _doubts_about_files(gateway: WikiGateway, observation: Observation, held: PageRecord | None) -> Iterator[str]:
    body = observation.page.body
    listed = {file.name for file in observation.attachments}
    named = _own_files_in(body) if "<ri:attachment" in body else frozenset()
    ids = {file.id for file in observation.attachments}
    if not named <= listed:
        yield from _ask_search(gateway, observation, "attachment", "its text names attached files")
    elif held and any(file.id not in ids for file in held.attachments):
        yield from _ask_search(gateway, observation, "attachment", "it had more files when it was captured")


def _doubts_about_comments(gateway: WikiGateway, observation: Observation, held: PageRecord | None) -> Iterator[str]:
    ids = {comment.id for comment in observation.comments}
    marked = marker_refs(observation.page.body)
    if not marked <= {comment.inline_ref for comment in observation.comments}:
        yield from _ask_search(gateway, observation, "comment", "its text has marks of comments")
    elif held and any(comment.id not in ids for comment in held.comments):
        yield from _ask_search(gateway, observation, "comment", "it had more comments when it was captured")
    known = {comment.id for comment in held.comments if not comment.body} if held else set()
    if empty := [comment for comment in observation.comments if not comment.body and comment.id not in known]:
        yield f"{counted(len(empty), 'comment')} without a text"


def _ask_search(
    gateway: WikiGateway, observation: Observation, kind: Literal["attachment", "comment"], evidence: str
) -> Iterator[str]:
    """Yield a doubt unless the search index agrees with the list: people delete files and leave links to them."""
    number = len(observation.attachments if kind == "attachment" else observation.comments)
    has = f"its list of {kind}s " + (f"has {number}" if number else "is empty")
    try:
        found = gateway.count_on_page(observation.page.id, kind)
    except WikiError as error:
        yield f"{evidence}, {has}, and the search index does not say which is right: {error}"
        return
    if found > number:
        yield f"{evidence}, {has}, and the search index has {counted(found, kind)}"


def _own_files_in(body: str) -> frozenset[str]:
    """Return the files of its own page that a body names; a file of another page has an element for that page."""
    files = read_leniently(body, max_depth=_MAX_DEPTH).elements("ri:attachment")
    return frozenset(file.attributes.get("ri:filename", "") for file in files if not file.children) - {""}
