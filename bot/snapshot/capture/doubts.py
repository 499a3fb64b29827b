"""What contradicts the data of a page: its own body, and the listings that led to it."""

from collections.abc import Iterator
from typing import Literal

from bot.errors import WikiError
from bot.plural import counted
from bot.snapshot.capture.observation import Observation
from bot.snapshot.capture.selection import Selection
from bot.storage.reader import read_leniently
from bot.wiki.gateway import WikiGateway

_MAX_DEPTH = 200


def doubts_about(gateway: WikiGateway, selection: Selection, observation: Observation) -> Iterator[str]:
    """Yield why the lists of labels, attachments and comments of a page may not be what the page has."""
    page = observation.page
    for label, found in (selection.census.labelled if selection.census else {}).items():
        if page.id in found and label.casefold() not in observation.labels:
            yield f"listed with the label {label!r}, which its own list of labels does not have"
    if observation.is_settled:
        return
    if not observation.attachments and "<ri:attachment" in page.body and _names_files(page.body):
        yield from _ask_search(gateway, page.id, "attachment", "its text names attached files")
    if not observation.comments and "<ac:inline-comment-marker" in page.body:
        yield from _ask_search(gateway, page.id, "comment", "its text has marks of comments")


def _ask_search(
    gateway: WikiGateway, page_id: str, kind: Literal["attachment", "comment"], evidence: str
) -> Iterator[str]:
    """Yield a doubt unless the search index agrees that there is none: people delete files and leave links to them."""
    try:
        found = gateway.count_on_page(page_id, kind)
    except WikiError as error:
        yield f"{evidence}, its list of {kind}s is empty, and the search index does not say which is right: {error}"
        return
    if found:
        yield f"{evidence}, its list of {kind}s is empty, and the search index has {counted(found, kind)}"


def _names_files(body: str) -> bool:
    """Return whether the body names files of its own page; a file of another page has an element for that page."""
    files = read_leniently(body, max_depth=_MAX_DEPTH).elements("ri:attachment")
    return any(not file.children for file in files)
