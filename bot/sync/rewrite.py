"""Splice the planned texts into a fresh body, if the live regions are still what the plan recorded (pure)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.errors import RegionError, StorageFormatError
from bot.splice import Span
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.meaning import is_same
from bot.storage.place import Place
from bot.storage.placement import insert_region
from bot.storage.regions import Region, find_region, replace_regions
from bot.sync.plan import Action, Change

_OUTSIDE = "not written: the page outside the regions would change, which is a bug; please report it"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A new body, the changes in it, and by region the reasons why other changes are not in it."""

    body: str
    written: tuple[Change, ...]
    reasons: Mapping[str, str]


def rewrite(body: str, changes: Sequence[Change], *, space_key: str = "") -> Rewrite:
    """Return *body* with the planned texts; a region that changed since the plan stays unchanged.

    Links to pages of *space_key* are the same with and without the key.

    Raises `StorageFormatError` if anything outside the regions would change.
    """
    contents: list[tuple[Region, str]] = []
    creations: list[Change] = []
    written: list[Change] = []
    reasons: dict[str, str] = {}
    for change in changes:
        try:
            region = find_region(body, change.marker)
        except RegionError as error:
            reasons[change.region] = str(error)
            continue
        live = None if region is None else region.text(body)
        if live is not None and is_same(live, change.desired, space_key=space_key):
            continue
        obstacle = _find_obstacle(live, change, space_key)
        if obstacle is not None:
            reasons[change.region] = obstacle
        elif region is None or live is None:
            creations.append(change)
        else:
            contents.append((region, keep_comment_markers(live, change.desired).text))
            written.append(change)
    new_body = replace_regions(body, contents)
    _check_outside(body, new_body, contents)
    for change in creations:
        try:
            new_body = _create(new_body, change)
        except RegionError as error:
            reasons[change.region] = str(error)
            continue
        written.append(change)
    return Rewrite(new_body, tuple(written), reasons)


def _find_obstacle(live: str | None, change: Change, space_key: str) -> str | None:
    """Return why the region differs from the plan or has new inline comments that would be lost, or None."""
    moved = f"region {change.region!r} was changed since the plan was made; plan again"
    if live is None or change.live is None:
        return None if live is change.live and change.action is Action.CREATE else moved
    if not is_same(live, change.live, space_key=space_key):
        return moved
    if set(keep_comment_markers(live, change.desired).lost) - set(change.lost_comments):
        return f"somebody commented on words of region {change.region!r} that would be removed; plan again"
    return None


def _check_outside(before: str, after: str, contents: Sequence[tuple[Region, str]]) -> None:
    """Find each region in the new body, and compare what is before, between and after the regions of both bodies."""
    old_spans, new_spans = [], []
    for old, content in contents:
        try:
            new = find_region(after, old.marker)
        except RegionError as error:
            raise StorageFormatError(f"not written: the new text would break the page: {error}") from error
        if new is None or new.content.of(after) != content:
            raise StorageFormatError(f"not written: region {old.marker.name!r} would not contain the planned text")
        old_spans.append(old.content)
        new_spans.append(Span(new.content.start - len(old.wrap[0]), new.content.end + len(old.wrap[1])))
    pieces = zip(_iter_outside(before, old_spans), _iter_outside(after, new_spans), strict=True)
    if any(old != new for old, new in pieces):
        raise StorageFormatError(_OUTSIDE)


def _iter_outside(body: str, spans: Sequence[Span]) -> Iterator[str]:
    """Yield the pieces of *body* outside the spans, one at a time: a page can be large."""
    cursor = 0
    for span in sorted(spans):
        if span.start < cursor:
            raise StorageFormatError(_OUTSIDE)
        yield body[cursor : span.start]
        cursor = span.end
    yield body[cursor:]


def _create(body: str, change: Change) -> str:
    new_body = insert_region(body, change.marker, change.desired, Place.parse(change.place or "end"))
    region = find_region(new_body, change.marker)
    if region is None or region.content.of(new_body) != change.desired:
        raise StorageFormatError(f"not written: region {change.region!r} would not contain the planned text")
    if _open_cells("".join(_iter_outside(new_body, [region.span]))) != _open_cells(body):
        raise StorageFormatError(_OUTSIDE)
    return new_body


def _open_cells(body: str) -> str:
    """Write empty layout cells with start and end tag; inserting a region makes the same change."""
    return re.sub(r"<ac:layout-cell([^<>]*?)\s*/>", r"<ac:layout-cell\1></ac:layout-cell>", body)
