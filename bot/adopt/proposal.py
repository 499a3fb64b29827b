"""Propose regions on an unmanaged page with their values; read a live region as a value of the data file (pure).

No content is lost. A place is refused, and not changed, if it contains anything that the data file cannot represent
or if the rendered value would show different words, icons or links.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.adopt.blocks import PageBlock, TextLine, read_blocks
from bot.adopt.data_targets import CannotSayError, LinkTarget, Pages
from bot.adopt.dates import parse_day
from bot.adopt.impression import Impression, impression_of
from bot.adopt.labels import is_label
from bot.adopt.merge import learn_references, merge
from bot.adopt.phrases import Context, Words, say
from bot.adopt.sections import Section, find_sections
from bot.adopt.values import ADOPTABLE, Value, to_value
from bot.errors import RegionError
from bot.splice import Span, splice
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.markers import Marker, MarkerKind, render_marked
from bot.storage.reader import read_strictly
from bot.storage.regions import Region, find_region

_WORDS_AROUND = 4


@dataclass(frozen=True, slots=True)
class Claim:
    """A place on the page that becomes a region, and its content as a value.

    *how* describes how the place was found. *notes* list changes of formatting; words, icons and links do not change.
    *marker* is the marker from the settings. Where a Page Properties block is not allowed, for example in a table or a
    panel, its kind is anchors.
    """

    region: str
    marker: Marker
    span: Span
    value: Value
    how: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why a region is not adopted; *is_absent* if the page has no matching place: it must be created."""

    region: str
    reason: str
    is_absent: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposal for a page; *managed* regions have markers on the page already."""

    body: str
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    managed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """The body with the new regions, and the claims and refusals of the proposal."""

    body: str
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    lost_comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A live region as a value of the data file; *notes* list formatting that the value does not preserve."""

    value: Value
    notes: tuple[str, ...] = ()


def propose(body: str, markers: Sequence[Marker], pages: Pages) -> Proposal:
    """Find regions that have no markers yet; generated regions such as the page index are ignored.

    Raises `MalformedBodyError`.
    """
    markers = [marker for marker in markers if marker.name in ADOPTABLE]
    claims: list[Claim] = []
    refusals: list[Refusal] = []
    managed: dict[str, Region] = {}
    for marker in markers:
        try:
            region = find_region(body, marker)
        except RegionError as error:
            refusals.append(Refusal(marker.name, str(error)))
            continue
        if region is not None and marker.kind is not MarkerKind.HEADING:
            managed[marker.name] = region
    taken = [region.span for region in managed.values()]
    settled = {*managed, *(refusal.region for refusal in refusals)}
    for marker in markers:
        if marker.name in settled:
            continue
        found = _propose_region(body, marker, pages, taken)
        if isinstance(found, Claim):
            claims.append(found)
            taken.append(found.span)
        else:
            refusals.append(found)
    return Proposal(body, tuple(claims), tuple(refusals), tuple(managed))


def carry_over(adoption: Proposal, rendered: Mapping[str, str], pages: Pages) -> Adopted:
    """Replace each claimed place by a region with the *rendered* text of its value; all other bytes are preserved.

    A claim is refused, and its place not changed, if the page would show different words, icons or links.
    """
    replacements: dict[Span, str] = {}
    carried: list[Claim] = []
    refusals = list(adoption.refusals)
    lost: list[str] = []
    for claim in adoption.claims:
        kept = keep_comment_markers(claim.span.of(adoption.body), rendered[claim.region])
        is_heading = claim.marker.kind is MarkerKind.HEADING
        markup = kept.text if is_heading else render_marked(claim.marker, kept.text)
        trouble = _find_trouble(adoption.body, claim, kept.text, markup, pages)
        if trouble is not None:
            refusals.append(Refusal(claim.region, trouble))
            continue
        replacements[claim.span] = markup
        carried.append(claim)
        lost += kept.lost
    return Adopted(splice(adoption.body, replacements), tuple(carried), tuple(refusals), tuple(lost))


def read_region(
    region: str,
    fragment: str,
    pages: Pages,
    *,
    base: Value | None = None,
    now: dt.datetime | None = None,
    zone: dt.tzinfo = dt.UTC,
) -> Reading:
    """Read the live text of a region; *base* is the value in the data file, rendered at *now* with days in *zone*.

    Raises `CannotSayError` for content that the data file cannot represent, and `MalformedBodyError`.
    """
    if base is not None:
        learn_references(base, pages)
    context = Context(pages)
    blocks = read_blocks(read_strictly(fragment).root.nodes, context)
    heading, level = _read_heading(region, blocks, base)
    value = to_value(region, blocks[1:] if heading else blocks, context, heading=heading, heading_level=level)
    if base is not None and now is not None:
        value = merge(value, base, pages, now=now, zone=zone)
    return Reading(value, tuple(context.notes))


def _propose_region(body: str, marker: Marker, pages: Pages, taken: Sequence[Span]) -> Claim | Refusal:
    if marker.kind is MarkerKind.HEADING:
        return _propose_under_heading(body, marker, pages)
    claims: list[Claim] = []
    reasons: list[str] = []
    for section in find_sections(read_strictly(body), marker.name, excluded=taken):
        try:
            claims.append(_claim(section, marker, pages))
        except CannotSayError as error:
            reasons.append(f"{section.how} contains something that the data file cannot represent: {error}")
    if len(claims) == 1:
        return claims[0]
    if claims:
        places = ", ".join(claim.how for claim in claims)
        return Refusal(marker.name, f"several places look like it ({places}); mark the right one by hand")
    if reasons:
        return Refusal(marker.name, "; ".join(reasons))
    return Refusal(marker.name, "nothing on the page looks like it", is_absent=True)


def _claim(section: Section, marker: Marker, pages: Pages) -> Claim:
    context = Context(pages, keeps_hard_spaces=False)
    value = to_value(
        section.region,
        read_blocks(section.nodes, context),
        context,
        heading=section.heading,
        heading_level=section.heading_level,
    )
    if section.has_styled_heading:
        context.note("the heading loses its colours and other styles")
    if section.is_boxed and marker.kind is MarkerKind.DETAILS:
        marker = replace(marker, kind=MarkerKind.ANCHORS)
        context.note("marked by anchors, because a Page Properties block is not allowed there")
    return Claim(section.region, marker, section.span, value, section.how, tuple(context.notes))


def _propose_under_heading(body: str, marker: Marker, pages: Pages) -> Claim | Refusal:
    region = find_region(body, marker)
    if region is None:
        return Refusal(marker.name, f"the page has no heading {marker.heading!r}", is_absent=True)
    try:
        reading = read_region(marker.name, region.text(body), pages)
    except CannotSayError as error:
        return Refusal(marker.name, f"the content under its heading cannot be represented in the data file: {error}")
    return Claim(marker.name, marker, region.content, reading.value, f"the heading {marker.heading!r}", reading.notes)


def _read_heading(region: str, blocks: Sequence[PageBlock], base: Value | None) -> tuple[str | None, int]:
    first = blocks[0] if len(blocks) > 1 else None
    if not isinstance(first, TextLine) or not (first.level or first.is_bold):
        return None, 0
    text = say(first.phrases)
    is_expected = is_label(text) or (base is not None and base.heading is not None)
    may_be_line = region == "status" and not first.level and not (is_expected and first.is_only_bold)
    if parse_day(text) or may_be_line:
        return None, 0
    if any(isinstance(mark, LinkTarget) for each in first.phrases if isinstance(each, Words) for mark in each.marks):
        raise CannotSayError("a link in the heading")
    return text, first.level


def _find_trouble(body: str, claim: Claim, content: str, markup: str, pages: Pages) -> str | None:
    """Return why *markup* in the claimed place would change what the page shows, or None."""
    before = impression_of(claim.span.of(body), pages)
    after = impression_of(content, pages)
    if before != after:
        return f"the text of the page would change: {_describe_difference(before, after)}"
    changed = splice(body, {claim.span: markup})
    try:
        region = find_region(changed, claim.marker)
    except RegionError as error:
        return str(error)
    if region is None or region.text(changed) != content:
        return "the region would include adjacent content"
    return None


def _describe_difference(before: Impression, after: Impression) -> str:
    if before.words == after.words:
        return "the target of a link would change"
    shared = next(
        (n for n, (a, b) in enumerate(zip(before.words, after.words, strict=False)) if a != b),
        min(len(before.words), len(after.words)),
    )
    around = slice(max(shared - _WORDS_AROUND, 0), shared + _WORDS_AROUND)
    return f"“{' '.join(before.words[around])}” would become “{' '.join(after.words[around])}”"
