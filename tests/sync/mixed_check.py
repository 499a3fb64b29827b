"""The checker of mixed work: whatever was acknowledged and is gone without a record is a finding."""

import re
from collections.abc import Iterator

from bot.storage.comment_markers import marker_refs
from bot.storage.visible_text import text_of
from tests.sync.humans import outside
from tests.sync.mixed_work import MixedOffice

_MARK = re.compile(r"</?ac:inline-comment-marker\b[^>]*>")


def find_losses(office: MixedOffice) -> Iterator[str]:
    """Yield each acknowledged word, title, place, label and comment that is gone without a record."""
    yield from _find_lost_words(office)
    yield from _find_lost_places(office)
    yield from _find_lost_marks(office)


def _find_lost_words(office: MixedOffice) -> Iterator[str]:
    journal = office.journal
    texts = {page_id: text_of(office.world.body(page_id)) for page_id in office.pages}
    for word, page_id in journal.on_pages.items():
        if word not in texts[page_id] and word not in journal.removed:
            yield f"{word} on page {page_id}"
    bodies = {page_id: office.world.body(page_id) for page_id in office.pages}  # a word can be in an address
    files = {desk: office.path(desk).read_text() for desk in office.homes}
    for word, desk in journal.in_files.items():
        if word in journal.removed or journal.is_recorded(word):
            continue
        if word not in files[desk]:
            yield f"{word} in {desk}.yaml"
        elif word not in bodies[office.homes[desk]] + bodies[office.old_pages[desk]]:
            yield f"{word} is in {desk}.yaml and on no page"


def _find_lost_places(office: MixedOffice) -> Iterator[str]:
    """Yield the titles, places, labels and comments on pages that are gone."""
    journal, store = office.journal, office.world.store
    contents = {page_id: store.contents.get(int(page_id)) for page_id in office.pages}
    yield from (f"title {title!r}" for page, title in journal.titles.items() if contents[page].title != title)
    yield from (f"place of {page}" for page, parent in journal.parents.items() if contents[page].parent_id != parent)
    for page_id, label in journal.labels:
        if label not in {each.name for each in store.labels.of(int(page_id))}:
            yield f"label {label} of page {page_id}"
    for page_id, word in journal.footers:
        if not any(word in store.contents.body(each.id) for each in store.comments.of(int(page_id))):
            yield f"comment {word} on page {page_id}"


def _find_lost_marks(office: MixedOffice) -> Iterator[str]:
    """Yield the inline comments that a version of the bot tore off, and that it neither put back nor named."""
    for page_id, number in _bot_versions(office):
        lost = _refs(office, page_id, number - 1) - _refs(office, page_id, number)
        if not lost:
            continue
        later = office.world.versions(page_id)[number:]
        put_back = set[str]().union(*(_refs(office, page_id, each) for each, author, _ in later if author == "bot"))
        for ref in lost - put_back:
            if not office.journal.is_recorded(office.journal.comments[ref]):
                yield f"inline comment on {office.journal.comments[ref]} by version {number} of page {page_id}"


def find_changes_outside(office: MixedOffice) -> Iterator[str]:
    """Yield each version of the bot that differs from the version before outside the regions."""
    for page_id, number in _bot_versions(office):
        before, after = (_MARK.sub("", office.world.body(page_id, each)) for each in (number - 1, number))
        if outside(before) != outside(after):
            yield f"version {number} of page {page_id}"


def _bot_versions(office: MixedOffice) -> Iterator[tuple[str, int]]:
    for page_id in office.pages:
        for number, author, _ in office.world.versions(page_id):
            if author == "bot" and number > office.first_versions[page_id]:
                yield page_id, number


def _refs(office: MixedOffice, page_id: str, number: int) -> set[str]:
    return set(marker_refs(office.world.body(page_id, number)))
