"""Compare the pages and build the plan. Pages are read in bulk, histories only for pages that differ."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from bot.config.policy import SafetySettings
from bot.errors import PageNotFoundError, RegionError, StorageFormatError, WikiAnswerError, WikiError
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.meaning import is_same
from bot.storage.placement import list_headings
from bot.storage.regions import Region, find_region, find_regions
from bot.storage.visible_text import count_characters, lines_of
from bot.sync.drift import LastApplied, Verdict, digest_of, judge
from bot.sync.ledger import Ledger, PageLedger
from bot.sync.plan import Action, Change, PagePlan, Plan, PlanProblem, Scope, decide
from bot.sync.wanted import Assignment, TargetPage, WantedRegion, without_rivals
from bot.wiki.gateway import Page, PageStatus, WikiGateway

_WAR_WINDOW = timedelta(hours=24)


def build_plan(
    gateway: WikiGateway,
    assignments: Iterable[Assignment],
    safety: SafetySettings,
    *,
    now: datetime,
    take_over: frozenset[str] = frozenset(),
) -> Plan:
    """Compare live and desired regions; *take_over* names the regions whose live text may be overwritten.

    Pages in sync need only the bulk read. A page that cannot be read or compared becomes a problem in the plan. An
    error of the bulk read is raised, unless it is an invalid answer.
    """
    surveys = [_Survey(gateway, assignment, safety, take_over, now) for assignment in without_rivals(assignments)]
    for survey in surveys:
        survey.run()
    return Plan(
        wiki=gateway.base_url,
        created=now,
        scopes=tuple(survey.scope() for survey in surveys),
        pages=tuple(chain.from_iterable(survey.pages for survey in surveys)),
        problems=tuple(chain.from_iterable(survey.problems for survey in surveys)),
        notices=tuple(chain.from_iterable(survey.notices for survey in surveys)),
    )


class _Survey:
    """Compares the targets of one workspace."""

    def __init__(
        self,
        gateway: WikiGateway,
        assignment: Assignment,
        safety: SafetySettings,
        take_over: frozenset[str],
        now: datetime,
    ) -> None:
        self._gateway, self._assignment, self._safety, self._now = gateway, assignment, safety, now
        self._take_over = take_over
        self._ledger = Ledger(gateway)
        self._live_characters = self._desired_characters = 0
        self.pages: list[PagePlan] = []
        self.problems: list[PlanProblem] = list(assignment.problems)
        self.notices: list[str] = list(assignment.notices)

    def scope(self) -> Scope:
        targets = self._assignment.targets
        regions = sum(region.text is not None for target in targets for region in target.regions)
        return Scope(
            self._assignment.workspace,
            self._assignment.revision,
            len(targets),
            regions,
            self._live_characters,
            self._desired_characters,
        )

    def run(self) -> None:
        for target, page, is_fresh in self._read(self._assignment.targets):
            try:
                if not is_fresh and not self._is_in_sync(page, target):
                    page = self._gateway.fetch_page(page.id)  # bulk listings can be stale
                self._look_at(page, target)
            except (WikiError, StorageFormatError) as error:
                self._report(target, str(error))

    def _read(self, targets: Sequence[TargetPage]) -> Iterator[tuple[TargetPage, Page, bool]]:
        """Yield each target with its page, and whether the page was read by a single request."""
        bulk: dict[str, Page] = {}
        if len(targets) > 1:
            try:
                bulk = self._gateway.fetch_pages([target.page_id for target in targets])
            except WikiAnswerError:
                bulk = {}  # one bad page makes the whole listing fail: read the pages one by one
        for target in targets:
            if target.page_id in bulk:
                yield target, bulk[target.page_id], False
                continue
            try:
                page = self._fetch(target)
            except WikiError as error:
                self._report(target, str(error))
                continue
            yield target, page, True

    def _fetch(self, target: TargetPage) -> Page:
        """Fetch a single page; if the page is gone, fetch the page that has its title now."""
        try:
            page = self._gateway.fetch_page(target.page_id)
            if page.ref.status is not PageStatus.TRASHED:
                return page
        except PageNotFoundError:
            if target.title is None:
                raise
        other = self._assignment.find_again(target.title) if target.title else None
        if other is None:
            raise PageNotFoundError(
                target.stated, reason=self._assignment.explain_missing(target.title or target.stated)
            )
        return self._gateway.fetch_page(other)

    def _report(self, target: TargetPage, message: str, region: str | None = None) -> None:
        self.problems.append(PlanProblem(self._assignment.workspace, target.stated, message, region))

    def _is_in_sync(self, page: Page, target: TargetPage) -> bool:
        try:
            regions = find_regions(page.body, [wanted.marker for wanted in target.regions])
        except StorageFormatError:
            return False
        return page.ref.status is PageStatus.CURRENT and all(
            wanted.text is not None
            and wanted.marker.name in regions
            and is_same(regions[wanted.marker.name].text(page.body), wanted.text, space_key=page.ref.space_key)
            for wanted in target.regions
        )

    def _look_at(self, page: Page, target: TargetPage) -> None:
        if page.ref.status is not PageStatus.CURRENT:
            self._report(target, f"page {page.title!r} is {page.ref.status} and cannot be written; restore it first")
            return
        if target.title not in (None, page.title):
            self.notices.append(f"page {target.title!r} is now called {page.title!r}; write that, or its id {page.id}")
        if self._is_excluded(page, target):
            return
        found = self._find_regions(page, target)
        if target.is_home:
            self._measure(page, found)
        ledger = self._ledger.open(page)
        changes = tuple(
            self._judge(page, wanted, wanted.text, region, ledger)
            for wanted, region in found
            if wanted.text is not None
        )
        if all(change.verdict is Verdict.IN_SYNC for change in changes):
            return
        creates = any(change.action is Action.CREATE for change in changes)
        self.pages.append(
            PagePlan(
                self._assignment.workspace,
                page.id,
                page.title,
                page.ref.url,
                page.version,
                changes,
                self._assignment.revision,
                is_first_run=creates and not ledger.has_any_record(),
            )
        )

    def _is_excluded(self, page: Page, target: TargetPage) -> bool:
        label = self._safety.exclude_label
        if not label or self._is_in_sync(page, target) or label not in self._gateway.fetch_labels(page.id):
            return False
        self.notices.append(f"{page.title}: has the label {label!r} and is not written")
        return True

    def _find_regions(self, page: Page, target: TargetPage) -> list[tuple[WantedRegion, Region | None]]:
        """Find the wanted regions; if one has broken markers, find the others one by one."""
        try:
            regions = find_regions(page.body, [wanted.marker for wanted in target.regions])
            found = [(wanted, regions.get(wanted.marker.name)) for wanted in target.regions]
        except RegionError:
            found = self._without_overlaps(target, list(self._find_one_by_one(page, target)))
        for wanted, region in found:
            self.notices += [f"{page.title}: {remark}" for remark in region.remarks] if region else []
            if wanted.text is None and region is not None:
                self.notices.append(
                    f"{page.title}: the data file has no section for {wanted.marker.name!r}; "
                    "the region on the page is unchanged"
                )
        return found

    def _find_one_by_one(self, page: Page, target: TargetPage) -> Iterator[tuple[WantedRegion, Region | None]]:
        for wanted in target.regions:
            try:
                yield wanted, find_region(page.body, wanted.marker)
            except RegionError as error:
                self._report(target, str(error), wanted.marker.name)

    def _without_overlaps(
        self, target: TargetPage, found: list[tuple[WantedRegion, Region | None]]
    ) -> list[tuple[WantedRegion, Region | None]]:
        """Remove regions that overlap another region: writing one would change the other."""
        clear: list[tuple[WantedRegion, Region | None]] = []
        for wanted, region in found:
            rivals = [other for _, other in found if other is not None and other is not region]
            rival = next((other for other in rivals if region is not None and _overlap(region, other)), None)
            if rival is None:
                clear.append((wanted, region))
                continue
            message = f"region {wanted.marker.name!r} overlaps region {rival.marker.name!r}; move one out of the other"
            self._report(target, message, wanted.marker.name)
        return clear

    def _measure(self, page: Page, found: Iterable[tuple[WantedRegion, Region | None]]) -> None:
        """Count the live and desired characters of the regions on the page, to detect a truncated data file."""
        for wanted, region in found:
            if region is not None and wanted.says_data:
                self._live_characters += count_characters(region.text(page.body))
                self._desired_characters += count_characters(wanted.text or "")

    def _judge(
        self, page: Page, wanted: WantedRegion, desired: str, region: Region | None, ledger: PageLedger
    ) -> Change:
        name = wanted.marker.name
        live = None if region is None else region.text(page.body)
        last: LastApplied | None = None
        if live is None or not is_same(live, desired, space_key=page.ref.space_key):
            last = ledger.find_last_applied(wanted.marker)
        verdict = judge(desired, live, last, space_key=page.ref.space_key)
        if verdict is Verdict.BEHIND and last is not None and self._would_lose_adopted(last, desired):
            verdict = Verdict.CONFLICT
        change = Change(
            region=name,
            marker=wanted.marker,
            verdict=verdict,
            action=Action.NONE,
            desired=desired,
            live=live,
            last_applied=last,
            policy=wanted.policy,
            place=wanted.place,
        )
        if verdict is Verdict.IN_SYNC:
            return change
        return self._settle(change, ledger, list_headings(page.body) if live is None else ())

    def _would_lose_adopted(self, last: LastApplied, desired: str) -> bool:
        """Return whether *desired* is from a data file without the words of people that an adoption took to it."""
        if last.adopted is None:
            return False
        is_lost = self._assignment.has_lost_adoption(last.adopted)
        if is_lost is not None:
            return is_lost
        return not set(lines_of(last.text)) <= set(lines_of(desired))

    def _settle(self, change: Change, ledger: PageLedger, headings: Sequence[str]) -> Change:
        """Add the edits of people to the change, and decide on the action."""
        since = self._now - _WAR_WINDOW
        has_people_edits = change.verdict in (Verdict.DRIFTED, Verdict.CONFLICT) and change.last_applied is not None
        edits = (
            ledger.find_edits(change.marker, change.last_applied) if has_people_edits and change.last_applied else ()
        )
        is_repair = change.verdict is Verdict.DRIFTED or (
            change.verdict is Verdict.BEHIND
            and ledger.is_undone_by_another_bot(
                change.region, digest_of(change.desired), revision=self._assignment.revision, since=since
            )
        )
        change = replace(change, edits=edits, is_repair=is_repair)
        repairs = ledger.count_repairs(change.region, since=since) if is_repair else 0
        action, note = decide(
            change,
            take_over=self._take_over,
            repairs_left=self._safety.max_repairs_a_day - repairs,
            headings=headings,
        )
        lost: tuple[str, ...] = ()
        if action is Action.WRITE and change.live is not None:
            lost = tuple(keep_comment_markers(change.live, change.desired).lost)
        return replace(change, action=action, note=note, lost_comments=lost)


def _overlap(one: Region, other: Region) -> bool:
    return one.span.start < other.span.end and other.span.start < one.span.end
