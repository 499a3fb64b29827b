"""Adopt an unmanaged page: create markers and the data file, and copy the live text of regions to the data file."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.adopt.data_targets import CannotSayError
from bot.adopt.entry_merge import (
    Choice,
    Dispute,
    LastWritten,
    MergedRegion,
    PartialMerge,
    choose_nothing,
    find_open,
    merge_entries,
)
from bot.adopt.merge import merge
from bot.adopt.proposal import Claim, Proposal, Refusal, carry_over, compare, propose, read_region
from bot.adopt.values import ADOPTABLE, Value
from bot.adopt.wiki_pages import WikiPages
from bot.config.data_file import DataFile
from bot.config.data_model import OLDER_NEWS, Home, WorkspaceData
from bot.config.policy import DeadLinks
from bot.config.schemas import add_schemas
from bot.errors import (
    BotError,
    ContentError,
    MalformedBodyError,
    SettingsError,
)
from bot.operations.edit import Edit
from bot.operations.workspace import Workspace
from bot.render import has_region, section_of
from bot.storage.addresses import may_be_id
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.markers import Marker, MarkerKind
from bot.storage.meaning import is_same
from bot.storage.place import Place
from bot.storage.placement import insert_region, list_headings
from bot.storage.regions import find_region, is_absent, replace_regions
from bot.storage.visible_text import lines_of
from bot.sync.adopted_words import AdoptedWords, entry_texts
from bot.sync.attention import is_loud
from bot.sync.clock_difference import render_safely
from bot.sync.data_links import iter_links, resolve_links
from bot.sync.drift import LastApplied, Verdict
from bot.sync.ledger import PageLedger
from bot.sync.page_finder import PageFinder
from bot.sync.plan import Action, Change
from bot.sync.target_pages import marker_of
from bot.wiki.gateway import Page, PageStatus, WikiGateway
from bot.wiki.page_lookup import find_home

ChooseInRegion = Callable[[str, Dispute], Choice]
"""Decides about a dispute in the region with that name."""


def leave_open(_region: str, dispute: Dispute) -> Choice:
    """Decide nothing."""
    return choose_nothing(dispute)


_WAY_ON_FROM_CONTENT = "move that part on the page above or below the frame of the region, then adopt again"
_WAY_ON_FROM_CHANGE = (
    "if a template or a setting changed at the same time: put the old one back, adopt, then change it again"
)


@dataclass(frozen=True, slots=True)
class Adoption:
    """The proposed result of adopting a page; nothing is written yet.

    *claims* are places that become regions. *read* are regions whose live text is copied to the data file, each with
    the formatting that is lost. *texts* is the new desired text of each of these regions. *missing* are the regions
    that the page lacks, each with the place that the settings name for it. *recorded* are regions without a change: the
    page says what the data file says already, and only the history lacks a record of it. *labels* are the headings,
    bold lines and titles of panels that a person can name as the start of a region. *open* are the disputes that nobody
    decided, by region: there, page and data file stay different; *open_entries* are their numbers on the page.
    *left_out* are the numbers of the lines on the page that the data file does not have, because somebody decided so.
    *taken* describes what comes from the page, *people* are those who wrote it. *is_loud* is set if the version should
    send notifications.
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
    open: Mapping[str, tuple[Dispute, ...]] = field(default_factory=dict)
    open_entries: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    left_out: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    taken: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    is_loud: bool = False

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
    choose: ChooseInRegion = leave_open,
    only: Container[str] | None = None,
    now: datetime,
) -> Adoption:
    """Read a page, by default the home page, and propose what to adopt; writes nothing.

    *space_key* is needed if there is no data file yet and the page is given by its title. *named* has the label or the
    first words of the regions that a person pointed at. *choose* decides where page and data file disagree. With *only*
    the other regions are left alone.
    """
    path = workspace.data_path
    before = workspace.shared_data.read() if path.exists() else None
    page = _find_page(gateway, workspace, before, reference, space_key)
    if before is not None and reference in (None, before.data.workspace.home):
        _raise_if_moved(page, before)
    document = before or DataFile.create(WorkspaceData(workspace=Home(space=page.ref.space_key, home=page.title)), path)
    finder = workspace.page_finder(gateway, document.data)
    adoption = _Adopter(workspace, page, document, gateway, finder, now, choose).run(named, only)
    finder.know(page.ref)
    finder.save()
    return replace(adoption, edit=Edit(before, adoption.edit.after))


def _raise_if_moved(page: Page, document: DataFile) -> None:
    """Raise `ContentError` if the home page is in another space than the data file says."""
    stated, found = document.data.workspace.space, page.ref.space_key
    if stated.casefold() != found.casefold():
        raise ContentError(
            f"page {page.title!r} was moved to space {found}, but the data file says {stated}; nothing is written on "
            f"it: move the page back, or write `space: {found}` there",
            path=document.path,
            line=document.source.line_of(("workspace", "space")),
        )


def plan_merge(
    gateway: WikiGateway, workspace: Workspace, page_id: str, regions: Container[str], *, now: datetime
) -> Adoption:
    """Propose to merge *regions* of a page as far as nothing is in dispute; the page gets the merged text at once.

    A region that the bot has no record of is left alone, and so is one whose data file was rolled back.
    """
    before = workspace.shared_data.read()
    page = gateway.fetch_page(page_id)
    finder = workspace.page_finder(gateway, before.data)
    adoption = _Adopter(workspace, page, before, gateway, finder, now, leave_open).merge(regions)
    finder.save()
    return replace(adoption, edit=Edit(before, adoption.edit.after))


def start_data_file(adoption: Adoption) -> bool:
    """Write the data file of a page on which nothing was adopted, unless it exists; return whether it was written."""
    path = adoption.edit.after.path
    if adoption.edit.before is not None or path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    adoption.edit.save(adoption.workspace.shared_data)
    add_schemas(path.parent)
    return True


class _Adopter:
    """Builds the adoption of one page."""

    def __init__(
        self,
        workspace: Workspace,
        page: Page,
        document: DataFile,
        gateway: WikiGateway,
        finder: PageFinder,
        now: datetime,
        choose: ChooseInRegion,
    ) -> None:
        self._workspace, self._page, self._finder, self._choose = workspace, page, finder, choose
        self._pages, self._ledger = WikiPages(gateway, finder), PageLedger(page, gateway, self._markers())
        self._before = self._document = document
        self._body = page.body
        self._now, self._wiki_time = now, gateway.wiki_time
        self._renderer = workspace.load_renderer()
        self._zone = ZoneInfo(document.data.workspace.timezone)
        self._page_texts: dict[str, str] = {}
        self._read: dict[str, tuple[str, ...]] = {}
        self._refusals: list[Refusal] = []
        self._open: dict[str, tuple[Dispute, ...]] = {}
        self._taken: dict[str, tuple[str, ...]] = {}
        self._recorded: list[str] = []
        self._people: list[str] = []
        self._is_loud = False
        self._published: dict[Marker, Value] = {}

    def run(self, named: Mapping[str, str], only: Container[str] | None) -> Adoption:
        markers = self._markers()
        chosen = [marker.name for marker in markers if only is None or marker.name in only]
        known = {marker.name for marker in markers if self._value_of(marker.name) is not None}
        proposal = propose(self._page.body, markers, self._pages, named=named, known=known)
        refusals = [refusal for refusal in proposal.refusals if refusal.region in chosen]
        self._refusals += [refusal for refusal in refusals if refusal.is_absent]
        proposal = replace(
            proposal,
            claims=tuple(claim for claim in proposal.claims if claim.region in chosen),
            refusals=tuple(each for each in refusals if not each.is_absent),
        )
        for marker in markers:
            if marker.name in proposal.managed and marker.name in chosen:
                self._take_in(marker)
        adopted = carry_over(proposal, self._render_claims(proposal), self._pages)
        carried = {claim.region for claim in adopted.claims}
        for claim in adopted.claims:
            self._document = self._document.set_region(claim.region, self._value_for_file(claim))
        self._body = adopted.body
        for marker, value in self._published.items():
            self._publish(marker, value)
        return replace(
            self._adoption(carried),
            claims=adopted.claims,
            refusals=(*adopted.refusals, *self._refusals),
            lost_comments=adopted.lost_comments,
            missing=self._find_missing([marker for marker in markers if marker.name in chosen], carried),
            labels=proposal.labels,
        )

    def merge(self, regions: Container[str]) -> Adoption:
        """Merge *regions* as far as nothing is in dispute, and put the merged text on the page."""
        for marker in self._markers():
            if marker.name in regions and marker.name in ADOPTABLE and self._find_last(marker) is not None:
                self._take_in(marker, changes_page=True)
        for marker, value in self._published.items():
            self._publish(marker, value)
        return self._adoption(())

    def _publish(self, marker: Marker, value: Value) -> None:
        """Put the merged text on the page, unless it has a dead link, or words would go that people commented on.

        A text from which news moves to the page of older news is left to `sync`, which writes that page first.
        """
        merged = self._document.set_region(marker.name, value)
        text, region = self._render(marker.name, merged), find_region(self._body, marker)
        live = "" if region is None else region.text(self._body)
        kept = keep_comment_markers(live, text)
        if region is None or self._is_same(live, text) or kept.lost:
            return
        if self._has_dead_links(merged, marker.name) or self._moves_news(marker.name, merged, live, text):
            return
        self._page_texts[marker.name] = text
        self._body = replace_regions(self._body, [(region, kept.text)])
        notify = self._workspace.settings.regions[marker.name].notify
        self._is_loud |= is_loud(Change(marker.name, marker, Verdict.BEHIND, Action.WRITE, text, live, notify=notify))

    def _moves_news(self, region: str, document: DataFile, live: str, text: str) -> bool:
        """Return whether items leave the page for the page of older news."""
        if region != "news" or not _has_older_news(document.data):
            return False
        leaving = set(lines_of(live)) - set(lines_of(text))
        return not leaving.isdisjoint(lines_of(self._render(OLDER_NEWS, document)))

    def _has_dead_links(self, document: DataFile, region: str) -> bool:
        """Return whether *region* has a link to a page that does not exist, for which the settings hold the region."""
        if self._workspace.settings.dead_links is not DeadLinks.HOLD:
            return False
        links = [link for link in iter_links(document.data) if link.location[0] == section_of(region)]
        return any(problem.is_dead for problem in resolve_links(links, self._finder).problems)

    def _adoption(self, carried: Iterable[str]) -> Adoption:
        regions = sorted({*carried, *self._read, *self._recorded})
        return Adoption(
            self._workspace,
            self._page,
            self._body,
            Edit(None, self._document),
            read=self._read,
            refusals=tuple(self._refusals),
            texts={region: self._page_texts[region] for region in regions},
            recorded=tuple(self._recorded),
            open=self._open,
            open_entries={region: self._find_open(region) for region in regions if region in self._open},
            left_out={region: self._find_left_out(region) for region in regions if region not in self._open},
            taken=self._taken,
            people=tuple(dict.fromkeys(self._people)),
            is_loud=self._is_loud,
        )

    def _find_open(self, region: str) -> tuple[int, ...]:
        """Return the numbers of the entries on the page, as it will be, that are left open."""
        base = self._value_of(region)
        if base is None:
            return ()
        text = read_region(region, self._page_texts[region], self._pages, base=base).value
        return find_open(text, base, self._open[region], self._pages, self._zone)

    def _find_left_out(self, region: str) -> tuple[int, ...]:
        """Return the numbers of the lines on the page, as it will be, that the data file will not have."""
        return self._words_of(self._document, region).find_missing(self._page_texts[region])

    def _words_of(self, document: DataFile, region: str) -> AdoptedWords:
        names = [region, OLDER_NEWS] if _has_older_news(document.data) else [region]
        return AdoptedWords(
            tuple(self._render(name, document) for name in names if has_region(document.data, name)),
            lambda: entry_texts(document.source.value),
            lambda adopted: self._workspace.shared_data.history.load().has_lost_adoption(adopted, document.revision),
        )

    def _markers(self) -> list[Marker]:
        return [marker_of(name, region) for name, region in self._workspace.settings.regions.items()]

    def _value_of(self, region: str) -> Value | None:
        value: Value | None = getattr(self._document.data, region)
        return value

    def _render_claims(self, proposal: Proposal) -> dict[str, str]:
        """Return the text of each claimed place, as the page has it."""
        for claim in proposal.claims:
            base = self._value_of(claim.region)
            value = claim.value
            if base is not None:
                value = merge(value, base, self._pages, now=self._now, zone=self._zone)
            shown = self._document.set_region(claim.region, value)
            self._page_texts[claim.region] = self._render(claim.region, shown)
        return {claim.region: self._page_texts[claim.region] for claim in proposal.claims}

    def _value_for_file(self, claim: Claim) -> Value:
        """Return the value of a claimed place, merged with the data file if that has the region already."""
        base = self._value_of(claim.region)
        if base is None:
            return claim.value
        merged = merge_entries(
            claim.value,
            base,
            None,
            self._pages,
            now=self._now,
            zone=self._zone,
            choose=partial(self._choose, claim.region),
        )
        if merged.open:
            self._open[claim.region] = merged.open
        return merged.value

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

    def _take_in(self, marker: Marker, *, changes_page: bool = False) -> None:
        """Copy the live text of a marked region to the data file, if the two differ.

        With *changes_page* the page gets the merged text, which it also gets after a decision.
        """
        name, base = marker.name, self._value_of(marker.name)
        region = find_region(self._page.body, marker)
        live = "" if region is None else region.text(self._page.body)
        if base is not None and self._is_same(live, self._render(name)):
            self._record(marker)
            return
        try:
            reading = read_region(name, live, self._pages, base=base, now=self._now, zone=self._zone)
            merged = None if base is None else self._merge_entries(marker, live, base)
        except (CannotSayError, MalformedBodyError) as error:
            reason = f"the page has content that the data file cannot represent: {error}"
            self._refusals.append(Refusal(name, reason, _WAY_ON_FROM_CONTENT))
            return
        shown = self._document.set_region(name, reading.value)
        change = compare(live, self._render(name, shown), self._pages)
        if change.trouble is not None:
            self._refusals.append(Refusal(name, change.trouble, _WAY_ON_FROM_CHANGE))
            return
        self._page_texts[name] = self._render(name, shown)
        if merged is None:
            self._document, self._read[name] = shown, change.notes
        else:
            self._settle(marker, merged, live, change.notes, changes_page=changes_page or merged.is_decided)

    def _settle(
        self, marker: Marker, merged: MergedRegion, live: str, notes: Sequence[str], *, changes_page: bool
    ) -> None:
        """Remember what becomes of a region that was merged.

        If people changed something that is in no entry, such as a link by the old title of a page, the page gets the
        merged text. Otherwise the region would stay in conflict.
        """
        name, is_new = marker.name, merged.value != self._value_of(marker.name)
        if merged.open:
            self._open[name] = merged.open
        if is_new:
            self._document = self._document.set_region(name, merged.value)
        shown = self._render(name, self._document.set_region(name, merged.page_value))
        last = self._ledger.find_last_applied(marker)
        is_settled = last is not None and not is_new and not merged.is_decided
        if is_settled and last is not None and not merged.open and not self._is_same(live, last.text):
            changes_page, is_settled = True, False
        if is_settled and not (changes_page and not self._is_same(self._page_texts[name], shown)):
            return
        if changes_page and not merged.moves_off:  # the page of older news has to be written before
            self._published[marker] = merged.page_value
        removed = tuple(f"removed on the page, so removed from the data file: “{words}”" for words in merged.removed)
        self._read[name] = (*notes, *removed)
        self._taken[name] = (*merged.taken, *(f"removed: “{words}”" for words in merged.removed))
        if last is not None:
            self._people += [edit.author for edit in self._ledger.find_edits(marker, last)]

    def _record(self, marker: Marker) -> None:
        """Give the history a record of a HEADING region that agrees with the data file: it needs no markers."""
        if marker.kind is MarkerKind.HEADING and self._ledger.find_last_applied(marker) is None:
            self._recorded.append(marker.name)
            self._page_texts[marker.name] = self._render(marker.name)

    def _merge_entries(self, marker: Marker, live: str, base: Value) -> MergedRegion:
        def read(text: str) -> Value:
            return read_region(marker.name, text, self._pages, base=base).value

        return merge_entries(
            read(live),
            base,
            self._read_last(marker, read),
            self._pages,
            now=self._now,
            zone=self._zone,
            choose=partial(self._choose, marker.name),
            is_page_newer=self._is_rolled_back(marker),
        )

    def _is_rolled_back(self, marker: Marker) -> bool:
        """Return whether the data file has lost what an adoption took from the page."""
        return self._ledger.find_last_applied(marker) is not None and self._find_last(marker) is None

    def _read_last(self, marker: Marker, read: Callable[[str], Value]) -> LastWritten | None:
        last = self._find_last(marker)
        if last is None:
            return None
        try:
            partials = (PartialMerge(read(each.text), each.open_entries) for each in self._ledger.find_partials(marker))
            return LastWritten(read(last.text), tuple(partials))
        except (CannotSayError, MalformedBodyError):
            return None

    def _find_last(self, marker: Marker) -> LastApplied | None:
        """Return what the bot wrote last, unless the data file has lost what an adoption took from the page."""
        last = self._ledger.find_last_applied(marker)
        newest = self._ledger.find_partials(marker)[-1:]
        written = [each for each in (last, *newest) if each is not None and each.adopted]
        words = self._words_of(self._before, marker.name) if written else None
        if words is not None and any(map(words.lacks, written)):
            return None  # what the data file lacks was not removed there
        return last

    def _is_same(self, live: str, desired: str) -> bool:
        return is_same(live, desired, space_key=self._page.ref.space_key)

    def _render(self, region: str, document: DataFile | None = None) -> str:
        data = (document or self._document).data
        notice = self._workspace.settings.notice_of(region)
        return render_safely(
            lambda moment: self._renderer.render(region, data, now=moment, links=self._pages, notice=notice),
            self._now,
            self._wiki_time,
            written=self._page.ref.version.when,
        )


def _has_older_news(data: WorkspaceData) -> bool:
    """Return whether the older news is on a page of its own."""
    return data.news is not None and data.news.older is not None and data.news.show is not None


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
