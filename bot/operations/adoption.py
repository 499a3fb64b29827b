"""Adopt an unmanaged page: create markers and the data file, and copy the live text of regions to the data file."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from bot.adopt.data_targets import CannotSayError
from bot.adopt.entry_merge import Clash, MergedRegion, merge_entries
from bot.adopt.merge import merge
from bot.adopt.proposal import Claim, Refusal, carry_over, compare, propose, read_region
from bot.adopt.values import ADOPTABLE, Value
from bot.adopt.wiki_pages import WikiPages
from bot.config.data_file import SCHEMA_NAME, DataFile
from bot.config.data_model import Home, WorkspaceData
from bot.config.schemas import write_schemas
from bot.errors import (
    BotError,
    MalformedBodyError,
    SettingsError,
)
from bot.operations.edit import Edit
from bot.operations.workspace import Workspace
from bot.render import has_region
from bot.storage.addresses import may_be_id
from bot.storage.markers import Marker, MarkerKind
from bot.storage.meaning import is_same
from bot.storage.placement import Place, insert_region, list_headings
from bot.storage.regions import find_region, is_absent
from bot.sync.drift import LastApplied
from bot.sync.ledger import PageLedger
from bot.sync.target_pages import marker_of
from bot.wiki.gateway import Page, PageStatus, WikiGateway
from bot.wiki.page_lookup import find_home

ClashSide = Literal["page", "file"]
"""A side of a clash: the page, or the data file."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """The proposed result of adopting a page; nothing is written yet.

    *claims* are places that become regions. *read* are regions whose live text is copied to the data file, each with
    the formatting that is lost. *texts* is the new desired text of each of these regions. *missing* are the regions
    that the page lacks, each with the place that the settings name for it. *recorded* are regions without a change: the
    page says what the data file says already, and only the history lacks a record of it. *labels* are the headings,
    bold lines and titles of panels that a person can name as the start of a region.
    """

    workspace: Workspace
    page: Page
    body: str
    edit: Edit
    claims: tuple[Claim, ...] = ()
    read: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    lost_comments: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str | None] = field(default_factory=dict)
    recorded: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def homeless(self) -> tuple[str, ...]:
        """The missing regions that have no place in the settings."""
        return tuple(region for region, place in self.missing.items() if place is None)

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of the page that a region can be created before or after."""
        return list_headings(self.body)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to adopt."""
        return not self.texts


def plan_adoption(
    gateway: WikiGateway,
    workspace: Workspace,
    reference: str | None = None,
    *,
    space_key: str | None = None,
    named: Mapping[str, str] = MappingProxyType({}),
    in_clash: ClashSide | None = None,
    now: datetime,
) -> Adoption:
    """Read a page, by default the home page, and propose what to adopt; writes nothing.

    *space_key* is needed if there is no data file yet and the page is given by its title. *named* has the label or the
    first words of the regions that a person pointed at. *in_clash* is the side whose wording is taken where an entry
    has a new wording on both sides; without it, such a region is refused.
    """
    path = workspace.data_path
    before = workspace.shared_data.read() if path.exists() else None
    page = _find_page(gateway, workspace, before, reference, space_key)
    document = before or DataFile.create(WorkspaceData(workspace=Home(space=page.ref.space_key, home=page.title)), path)
    finder = workspace.page_finder(gateway, document.data)
    pages = WikiPages(gateway, finder)
    ledger = PageLedger(page, gateway)

    def find_last(marker: Marker) -> LastApplied | None:
        last = ledger.find_last_applied(marker)
        if last is None or last.adopted is None:
            return last
        is_lost = workspace.shared_data.history.load().has_lost_adoption(last.adopted, document.revision)
        return last if is_lost is False else None  # else what the data file lacks was not removed there

    adopter = _Adopter(workspace, page, document, pages, now, find_last, in_clash)
    adoption = adopter.run(named)
    unrecorded = {
        marker.name: text for marker, text in adopter.agreed.items() if ledger.find_last_applied(marker) is None
    }
    finder.know(page.ref)
    finder.save()
    texts = {**adoption.texts, **unrecorded}
    return replace(adoption, edit=Edit(before, adoption.edit.after), texts=texts, recorded=tuple(unrecorded))


def start_data_file(adoption: Adoption) -> bool:
    """Write the data file of a page on which nothing was adopted, unless it exists; return whether it was written."""
    path = adoption.edit.after.path
    if adoption.edit.before is not None or path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    adoption.edit.save(adoption.workspace.shared_data)
    if not (path.parent / SCHEMA_NAME).exists():
        write_schemas(path.parent)
    return True


class _Adopter:
    """Builds the adoption of one page."""

    def __init__(
        self,
        workspace: Workspace,
        page: Page,
        document: DataFile,
        pages: WikiPages,
        now: datetime,
        find_last: Callable[[Marker], LastApplied | None],
        in_clash: ClashSide | None,
    ) -> None:
        self._workspace, self._page, self._pages = workspace, page, pages
        self._find_last, self._in_clash = find_last, in_clash
        self._page_texts: dict[str, str] = {}
        self._document, self._now = document, now
        self._renderer = workspace.load_renderer()
        self._zone = ZoneInfo(document.data.workspace.timezone)
        self._read: dict[str, tuple[str, ...]] = {}
        self._refusals: list[Refusal] = []
        self.agreed: dict[Marker, str] = {}

    def run(self, named: Mapping[str, str]) -> Adoption:
        markers = [marker_of(name, region) for name, region in self._workspace.settings.regions.items()]
        proposal = propose(self._page.body, markers, self._pages, named=named)
        self._refusals += [refusal for refusal in proposal.refusals if refusal.is_absent]
        proposal = replace(proposal, refusals=tuple(each for each in proposal.refusals if not each.is_absent))
        for marker in markers:
            if marker.name in proposal.managed:
                self._take_in(marker)
        proposal = replace(proposal, claims=tuple(c for c in proposal.claims if not self._says_already(c)))
        original = self._document
        claimed = {claim.region: self._merged(claim.region, claim.value) for claim in proposal.claims}
        for region, value in claimed.items():
            self._document = self._document.set_region(region, value)
        adopted = carry_over(proposal, {region: self._render(region) for region in claimed}, self._pages)
        carried = {claim.region for claim in adopted.claims}
        if carried != set(claimed):  # a claim that could not be applied to the page is not written to the file either
            self._document = original
            for region in carried:
                self._document = self._document.set_region(region, claimed[region])
        return Adoption(
            self._workspace,
            self._page,
            adopted.body,
            Edit(None, self._document),
            adopted.claims,
            self._read,
            (*adopted.refusals, *self._refusals),
            adopted.lost_comments,
            {
                region: self._page_texts.get(region) or self._render(region)
                for region in sorted({*carried, *self._read})
            },
            self._find_missing(markers, carried),
            labels=proposal.labels,
        )

    def _texts(self, regions: Iterable[str]) -> dict[str, str]:
        """Return what the page says in each region; new entries of the data file follow with the next sync."""
        return {region: self._page_texts.get(region) or self._render(region) for region in sorted(regions)}

    def _find_missing(self, markers: Sequence[Marker], carried: Container[str]) -> dict[str, str | None]:
        """Return the regions that the home page neither has nor gets, each with its place."""
        if self._document.data.workspace.home not in (self._page.title, self._page.id):
            return {}
        absent = {refusal.region for refusal in self._refusals if refusal.is_absent}
        return {
            marker.name: self._workspace.settings.regions[marker.name].place
            for marker in markers
            if self._workspace.settings.regions[marker.name].home
            and marker.name not in carried
            and (marker.name in absent or marker.name not in ADOPTABLE)
            and is_absent(self._page.body, marker)
        }

    def _take_in(self, marker: Marker) -> None:
        """Copy the live text of a marked region to the data file, if the two differ."""
        region = find_region(self._page.body, marker)
        live = "" if region is None else region.text(self._page.body)
        has_value = getattr(self._document.data, marker.name) is not None
        if has_value and self._is_same(live, self._render(marker.name)):
            return
        base = getattr(self._document.data, marker.name)
        try:
            reading = read_region(marker.name, live, self._pages, base=base, now=self._now, zone=self._zone)
            merged = None if base is None else self._merge_entries(marker, live, base)
        except (CannotSayError, MalformedBodyError) as error:
            self._refusals.append(
                Refusal(marker.name, f"the page has content that the data file cannot represent: {error}")
            )
            return
        before, self._document = self._document, self._document.set_region(marker.name, reading.value)
        change = compare(live, self._render(marker.name), self._pages)
        if change.trouble is not None:
            self._document = before
            self._refusals.append(Refusal(marker.name, change.trouble))
            return
        self._page_texts[marker.name] = self._render(marker.name)
        if merged is None:
            self._read[marker.name] = change.notes
            return
        self._document = before
        if merged.value == base and not merged.clashes:  # only the data file has changed
            return
        if merged.clashes and self._in_clash is None:
            self._refusals.append(Refusal(marker.name, _explain(merged.clashes)))
            return
        if merged.value != base:
            self._document = before.set_region(marker.name, merged.value)
        removed = tuple(f"removed on the page, so removed from the data file: “{words}”" for words in merged.removed)
        self._read[marker.name] = (*change.notes, *removed)

    def _merge_entries(self, marker: Marker, live: str, base: Value) -> MergedRegion:
        read = read_region(marker.name, live, self._pages, base=base).value
        last = self._find_last(marker)
        try:
            written = None if last is None else read_region(marker.name, last.text, self._pages, base=base).value
        except (CannotSayError, MalformedBodyError):
            written = None
        return merge_entries(
            read, base, written, self._pages, now=self._now, zone=self._zone, prefers_file=self._in_clash == "file"
        )

    def _says_already(self, claim: Claim) -> bool:
        """Return whether the page has the text of the data file in a HEADING region, which needs no markers."""
        if claim.marker.kind is not MarkerKind.HEADING or getattr(self._document.data, claim.region) is None:
            return False
        text = self._render(claim.region)
        is_agreed = self._is_same(claim.span.of(self._page.body), text)
        if is_agreed:
            self.agreed[claim.marker] = text
        return is_agreed

    def _is_same(self, live: str, desired: str) -> bool:
        return is_same(live, desired, space_key=self._page.ref.space_key)

    def _merged(self, region: str, value: Value) -> Value:
        base = getattr(self._document.data, region)
        return value if base is None else merge(value, base, self._pages, now=self._now, zone=self._zone)

    def _render(self, region: str) -> str:
        return self._renderer.render(region, self._document.data, now=self._now, links=self._pages)


def check_place(adoption: Adoption, region: str, place: str) -> None:
    """Raise an error if *region* cannot be created at *place* of the page."""
    workspace = adoption.workspace.settings
    if region not in workspace.regions:
        known = ", ".join(workspace.regions)
        raise SettingsError(f"workspace {workspace.name!r} has no region {region!r}; it has: {known}")
    try:
        parsed = Place.parse(place)
    except ValueError as error:
        raise SettingsError(f"{region}: {error}") from error
    marker = marker_of(region, workspace.regions[region])
    insert_region(adoption.body, marker, "<p>text</p>", parsed)


def has_data(adoption: Adoption, region: str) -> bool:
    """Return whether the data file has a value for *region*."""
    return has_region(adoption.edit.after.data, region)


def _find_page(
    gateway: WikiGateway,
    workspace: Workspace,
    document: DataFile | None,
    reference: str | None,
    space_key: str | None,
) -> Page:
    if document is not None:
        home = document.data.workspace
        if space_key not in (None, home.space):
            raise SettingsError(f"the data file is for space {home.space}, not {space_key}", path=document.path)
        page_id = workspace.page_finder(gateway, document.data).get_id(reference or home.home)
    elif reference is None:
        raise SettingsError("there is no data file yet; name the page to adopt")
    elif space_key is not None:
        page_id = find_home(gateway, space_key, reference).id
    elif may_be_id(reference):
        page_id = reference
    else:
        raise SettingsError(
            "there is no data file yet; give the space of the page with --space, or give the id of the page"
        )
    page = gateway.fetch_page(page_id)
    if page.ref.status is not PageStatus.CURRENT:
        raise BotError(f"page {page.title!r} is {page.ref.status} and cannot be edited; restore it first")
    return page


def _explain(clashes: Sequence[Clash]) -> str:
    wordings = "; ".join(f"page “{clash.page}”, data file “{clash.file}”" for clash in clashes)
    return (
        f"the page and the data file both have a new wording of an entry ({wordings}); "
        "choose one with --in-clash page or --in-clash file"
    )
