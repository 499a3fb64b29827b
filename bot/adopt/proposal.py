"""Propose regions on an unmanaged page with their values; read a live region as a value of the data file (pure).

No content is lost. A place is refused, and not changed, if it contains anything that the data file cannot represent
or if the rendered value would show different words, icons, links or colours. What else would look different is named.
"""

import datetime as dt
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.adopt.blocks import PageBlock, TextLine, read_blocks
from bot.adopt.data_targets import CannotSayError, Pages
from bot.adopt.dates import parse_day
from bot.adopt.impression import find_change, impression_of, name_changes
from bot.adopt.labels import guess_language, is_label, suggests
from bot.adopt.merge import learn_references, merge
from bot.adopt.phrases import Context, Phrase, Style, Words, find_target, marks_of, say, settle
from bot.adopt.sections import Section, Wanted, find_sections, find_strips, list_labels
from bot.adopt.values import ADOPTABLE, Value, to_value
from bot.config.data_model import News, QuickLinks, StatusBanner
from bot.errors import RegionError
from bot.splice import Span, splice
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.markers import Marker, MarkerKind, render_marked
from bot.storage.notice import without_notice
from bot.storage.reader import read_strictly
from bot.storage.regions import Region, find_region

OPTIONS = {"status": "--status", "quick_links": "--links", "news": "--news"}
"""The option of `wikibot adopt` that names the place of a region."""


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
    """The reason why a region is not adopted, and what a person can do.

    *is_absent* if the page has no matching place: it must be named or created. *choices* are the places to choose from.
    """

    region: str
    reason: str
    way_on: str = ""
    is_absent: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposal for a page; *managed* regions have markers on the page already.

    *labels* are the headings, bold lines and titles of panels that a person can name as the start of a region.
    """

    body: str
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    managed: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopted:
    """The body with the new regions, and the claims and refusals of the proposal."""

    body: str
    claims: tuple[Claim, ...]
    refusals: tuple[Refusal, ...]
    lost_comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A live region as a value of the data file."""

    value: Value


def propose(
    body: str,
    markers: Sequence[Marker],
    pages: Pages,
    *,
    named: Mapping[str, str] = MappingProxyType({}),
    known: Container[str] = (),
) -> Proposal:
    """Find regions that have no markers yet; generated regions such as the page index are ignored.

    *known* are regions that the data file has: below its heading, such a region counts as managed. *named* has the
    label or the first words of regions that a person pointed at. Raises `MalformedBodyError`.
    """
    markers = [marker for marker in markers if marker.name in ADOPTABLE]
    refusals: list[Refusal] = []
    managed: dict[str, Region] = {}
    for marker in markers:
        try:
            region = find_region(body, marker)
        except RegionError as error:
            refusals.append(Refusal(marker.name, str(error)))
            continue
        if region is not None and (marker.kind is not MarkerKind.HEADING or marker.name in known):
            managed[marker.name] = region
    finder = _Finder(body, pages, named, [region.span for region in managed.values()])
    settled = {*managed, *(refusal.region for refusal in refusals)}
    found = finder.find([marker for marker in markers if marker.name not in settled])
    claims = tuple(each for each in found if isinstance(each, Claim))
    refusals += [each for each in found if isinstance(each, Refusal)]
    return Proposal(body, claims, tuple(refusals), tuple(managed), finder.labels)


def carry_over(proposal: Proposal, rendered: Mapping[str, str], pages: Pages) -> Adopted:
    """Replace each claimed place by a region with the *rendered* text of its value; all other bytes are preserved.

    A claim is refused, and its place not changed, if the page would show different words, icons, links or colours.
    """
    replacements: dict[Span, str] = {}
    carried: list[Claim] = []
    refusals = list(proposal.refusals)
    lost: list[str] = []
    for claim in proposal.claims:
        source = claim.span.of(proposal.body)
        kept = keep_comment_markers(source, rendered[claim.region])
        is_heading = claim.marker.kind is MarkerKind.HEADING
        markup = kept.text if is_heading else render_marked(claim.marker, kept.text)
        change = compare(source, kept.text, pages)
        trouble = change.trouble or _find_misplacement(proposal.body, claim, kept.text, markup)
        if trouble is not None:
            refusals.append(Refusal(claim.region, trouble, _way_on(claim.region, proposal.labels)))
            continue
        replacements[claim.span] = markup
        carried.append(replace(claim, notes=(*claim.notes, *change.notes)))
        lost += kept.lost
    return Adopted(splice(proposal.body, replacements), tuple(carried), tuple(refusals), tuple(lost))


@dataclass(frozen=True, slots=True)
class SeenChange:
    """What a reader would see change: *trouble* must not happen, *notes* must be named before."""

    trouble: str | None
    notes: tuple[str, ...] = ()


def compare(before: str, after: str, pages: Pages) -> SeenChange:
    """Compare two fragments as a reader sees them."""
    old, new = (impression_of(without_notice(each), pages) for each in (before, after))
    change = find_change(old, new)
    if change is not None:
        return SeenChange(f"the text of the page would change: {change}")
    return SeenChange(None, tuple(name_changes(old, new)))


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
    language = base.language if isinstance(base, News) else "en"
    context = Context(pages, language, keeps_hard_spaces=_has_hard_spaces(base), base=base)
    heading, level, blocks = _split_heading(
        region, read_blocks(read_strictly(without_notice(fragment)).root.nodes, context), base
    )
    is_inline = heading is not None and level is None
    value = to_value(region, blocks, context, heading=heading, heading_level=level or 0)
    if is_inline:
        value = value.model_copy(update={"layout": "line"})
    if base is not None and now is not None:
        value = merge(value, base, pages, now=now, zone=zone)
    return Reading(value)


def _has_hard_spaces(base: Value | None) -> bool:
    """Return whether the data file uses non-breaking spaces in the region: then those of the page count."""
    text = "" if base is None else base.model_dump_json()
    return "\u00a0" in text or "&nbsp;" in text


class _Finder:
    """Finds the regions of one body."""

    def __init__(self, body: str, pages: Pages, named: Mapping[str, str], taken: Sequence[Span]) -> None:
        self._body, self._pages, self._named = body, pages, named
        self._taken = list(taken)
        self._tree = read_strictly(body)
        self.labels = tuple(list_labels(self._tree, excluded=taken))
        self._context = Context(pages, guess_language(self.labels), keeps_hard_spaces=False)

    def find(self, markers: Sequence[Marker]) -> list[Claim | Refusal]:
        """Return a claim or a refusal for each marker."""
        found: list[Claim | Refusal] = []
        for marker in sorted(markers, key=lambda each: each.name not in self._named):
            found.append(self._find_region(marker))
            if isinstance(found[-1], Claim):
                self._taken.append(found[-1].span)
        order = [marker.name for marker in markers]
        found.sort(key=lambda each: order.index(each.region))
        return [self._find_strip(each, markers, found) for each in found]

    def _find_region(self, marker: Marker) -> Claim | Refusal:
        if marker.kind is MarkerKind.HEADING:
            return self._find_under_heading(marker)
        name = self._named.get(marker.name)
        sections = find_sections(self._tree, Wanted(marker.name, name), excluded=self._taken)
        claims: list[tuple[Section, Claim]] = []
        reasons: list[str] = []
        for section in sections:
            try:
                claims.append((section, self._claim(section, marker)))
            except CannotSayError as error:
                reasons.append(f"{section.how} contains {error}, which the data file cannot represent")
        claims = [each for each in claims if not any(_is_inside(each[0], other) for other, _ in claims)]
        if len(claims) == 1:
            return claims[0][1]
        if claims:
            return _ambiguous(marker.name, [section for section, _ in claims])
        if reasons:
            return Refusal(marker.name, "; ".join(reasons), _way_on(marker.name, self.labels, sections))
        return self._nothing(marker.name, name)

    def _find_strip(
        self, refusal: Claim | Refusal, markers: Sequence[Marker], found: Sequence[Claim | Refusal]
    ) -> Claim | Refusal:
        """Return a line of links without a label if it is next to another region and the only one there."""
        if isinstance(refusal, Claim) or not refusal.is_absent or refusal.region != "quick_links":
            return refusal
        spans = [each.span for each in found if isinstance(each, Claim)]
        strips = find_strips(self._tree, next_to=spans, excluded=self._taken)
        marker = next(marker for marker in markers if marker.name == refusal.region)
        if len(strips) > 1:
            return _ambiguous(refusal.region, strips)
        try:
            return self._claim(strips[0], marker) if strips else refusal
        except CannotSayError:
            return refusal

    def _claim(self, section: Section, marker: Marker) -> Claim:
        if not section.nodes:
            raise CannotSayError("nothing that looks like it right below")
        value = to_value(
            section.region,
            read_blocks(section.nodes, self._context),
            self._context,
            heading=section.heading,
            heading_level=section.heading_level,
        )
        if section.is_inline and isinstance(value, StatusBanner) and value.layout in ("paragraphs", "breaks"):
            value = value.model_copy(update={"layout": "line"})
        notes = (f"ends before “{section.rest}”, which is left as it is",) if section.rest else ()
        if section.is_boxed and marker.kind is MarkerKind.DETAILS:
            marker = replace(marker, kind=MarkerKind.ANCHORS)
            notes = (*notes, "marked by anchors, because a Page Properties block is not allowed there")
        return Claim(section.region, marker, section.span, value, section.how, notes)

    def _find_under_heading(self, marker: Marker) -> Claim | Refusal:
        region = find_region(self._body, marker)
        if region is None:
            return Refusal(marker.name, f"the page has no heading {marker.heading!r}", is_absent=True)
        try:
            reading = read_region(marker.name, region.text(self._body), self._pages)
        except CannotSayError as error:
            reason = f"the section under its heading contains {error}, which the data file cannot represent"
            return Refusal(marker.name, reason, _way_on(marker.name, self.labels))
        return Claim(marker.name, marker, region.content, reading.value, f"the heading {marker.heading!r}")

    def _nothing(self, region: str, name: str | None) -> Refusal:
        """Return the refusal for a region that was not found; *name* is what a person pointed at."""
        if name is not None:
            shown = ", ".join(f"“{label}”" for label in self.labels) or "no headings"
            return Refusal(region, f"no section of the page begins with {name!r}", f"the page has: {shown}")
        likely = tuple(label for label in self.labels if suggests(region, label))
        way_on = f'if it is “{likely[0]}”: {OPTIONS[region]} "{likely[0]}"' if likely else ""
        return Refusal(region, "nothing on the page looks like it", way_on, is_absent=True, choices=likely)


def _is_inside(section: Section, other: Section) -> bool:
    """Return whether *section* is part of *other*, such as a table with the column “Status” below “Project status”."""
    span, whole = section.span, other.span
    return span != whole and whole.start <= span.start and span.end <= whole.end


def _ambiguous(region: str, sections: Sequence[Section]) -> Refusal:
    names = tuple(dict.fromkeys(section.name for section in sections))
    places = ", ".join(section.how for section in sections)
    reason = f"several places look like it: {places}"
    if len(names) < len(sections):
        return Refusal(region, reason, "two have the same label: rename one, or mark the right one by hand")
    options = " or ".join(f'{OPTIONS[region]} "{name}"' for name in names)
    return Refusal(region, reason, f"say which: {options}", choices=names)


def _way_on(region: str, labels: Sequence[str], sections: Sequence[Section] = ()) -> str:
    """Return what a person can do about a section that is left alone."""
    heading = next((section.heading for section in sections if section.heading_level), None)
    place = f"after:{heading}" if heading else "end"
    other = f', or name another section with {OPTIONS[region]} "…"' if len(labels) > 1 else ""
    return (
        f"take that out of the section and adopt again{other}, or mark a part of it by hand (see “Mark a region by "
        f'hand” in the documents), or create a region of its own: --place "{region}={place}"'
    )


def _split_heading(
    region: str, blocks: list[PageBlock], base: Value | None
) -> tuple[str | None, int | None, list[PageBlock]]:
    """Return heading, level and the other blocks; the level is None if the heading is in the line of the content."""
    first = blocks[0] if blocks else None
    if not isinstance(first, TextLine):
        return None, 0, blocks
    inline_heading = _split_inline_heading(first, base) if region == "status" else None
    if inline_heading is not None:
        text, rest = inline_heading
        return text, None, [TextLine(rest), *blocks[1:]]
    if len(blocks) < 2 or not (first.level or first.is_bold):
        return None, 0, blocks
    text = say(first.phrases)
    is_expected = is_label(text) or (base is not None and base.heading is not None)
    may_be_line = region == "status" and not first.level and isinstance(blocks[1], TextLine)
    may_be_line = may_be_line and not (is_expected and first.is_only_bold)
    if parse_day(text) or may_be_line or _starts_with_group(first, blocks[1], base):
        return None, 0, blocks
    if first.has_link:
        raise CannotSayError("a link in the heading")
    return text, first.level, blocks[1:]


def _starts_with_group(first: TextLine, following: PageBlock, base: Value | None) -> bool:
    """Return whether a first caption is a sub-heading, because the data file has sub-headings and no heading."""
    if not isinstance(base, QuickLinks | News) or base.heading is not None or first.level != base.group_level:
        return False
    entries = base.links if isinstance(base, QuickLinks) else base.items
    group, text = (entries[0].group if entries else None), say(first.phrases)
    return group is not None and (group == text or not (is_label(text) or isinstance(following, TextLine)))


def _split_inline_heading(line: TextLine, base: Value | None) -> tuple[str, list[Phrase]] | None:
    """Split `**Status:** words` if the first line of the data file is in the line of its heading."""
    if line.level or not isinstance(base, StatusBanner) or base.layout != "line" or find_target(line.phrases[0]):
        return None
    first, *others = line.phrases
    if (
        base.heading
        and isinstance(first, Words)
        and Style.STRONG in first.marks
        and first.text.startswith(base.heading)
    ):
        rest = settle([replace(first, text=first.text[len(base.heading) :]), *others])  # the line can be bold too
        return (base.heading, rest) if rest else None
    count = next((n for n, each in enumerate(line.phrases) if marks_of(each) != (Style.STRONG,)), 0)
    text = say(line.phrases[:count])
    return (text, settle(line.phrases[count:])) if text and is_label(text) else None


def _find_misplacement(body: str, claim: Claim, content: str, markup: str) -> str | None:
    """Return why *markup* in the claimed place would not be found again as the same region, or None."""
    changed = splice(body, {claim.span: markup})
    try:
        region = find_region(changed, claim.marker)
    except RegionError as error:
        return str(error)
    if region is None or region.text(changed) != content:
        return "the region would include what is next to it"
    return None
