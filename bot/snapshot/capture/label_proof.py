"""Labels of the rule that something in the space has, and that no source finds on a page."""

from collections.abc import Collection, Iterator
from contextlib import suppress

from bot.errors import EvidenceError
from bot.snapshot.archive.library import Library
from bot.snapshot.capture.selection import RuleProblem, Selection
from bot.wiki.gateway import PageStatus


def find_unproved_labels(selection: Selection, library: Library, seen: Collection[str]) -> Iterator[RuleProblem]:
    """Yield a problem for each label that a listing of labels has, and no listing of pages.

    No listing has the labels of pages with status archived (Cloud). *seen* has the labels of those that this run read;
    the others have captured records. What the last capture found is not judged again.
    """
    census = selection.census
    memory = selection.overview.memory
    for label, page_ids in (census.labelled if census else {}).items():
        name = label.casefold()
        is_judged = memory is not None and memory.labelled.get(label) == ()
        if page_ids or is_judged or census is None or name not in census.used_labels:
            continue
        archived = (ref.id for ref in selection.chosen if ref.status is PageStatus.ARCHIVED)
        if name not in seen and not any(name in _captured_labels(library, page_id) for page_id in archived):
            message = f"something in space {selection.space_key} has the label {label!r}, and no page is listed with it"
            yield RuleProblem(("labels", label), message, matches=False)


def _captured_labels(library: Library, page_id: str) -> tuple[str, ...]:
    bag, entry = library.find_bag_of(page_id), library.find_entry(page_id)
    with suppress(EvidenceError):  # a record of this run is not in its place yet; `verify` reports a damaged one
        return library.load_record(bag, entry).labels if bag and entry else ()
    return ()
