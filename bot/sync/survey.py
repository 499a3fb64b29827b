"""Compare the pages and build the plan. Pages are read in bulk, histories only for pages that differ."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, islice

from bot.config.data_model import OLDER_NEWS
from bot.config.policy import CommentPolicy, DriftPolicy, MergePolicy, SafetySettings
from bot.errors import PageNotFoundError, RegionError, StorageFormatError, WikiAnswerError, WikiError
from bot.storage.addresses import stated_title
from bot.storage.comment_markers import keep_comment_markers
from bot.storage.markers import MarkerKind
from bot.storage.meaning import is_same
from bot.storage.notice import without_notice
from bot.storage.page_links import iter_page_links
from bot.storage.placement import list_headings
from bot.storage.reader import read_leniently
from bot.storage.regions import Region, find_region, find_regions
from bot.storage.visible_text import count_characters, lines_of
from bot.sync.adopted_words import AdoptedWords
from bot.sync.attention import may_wait
from bot.sync.clock_difference import describe_difference, find_doubt
from bot.sync.drift import LastApplied, Verdict, digest_of, judge
from bot.sync.emptied import Emptied, find_emptied
from bot.sync.guard import describe_draft
from bot.sync.ledger import PageLedger
from bot.sync.news_moves import Judged, order_moves
from bot.sync.own_blocks import OwnBlocks, find_own_blocks
from bot.sync.page_files import PageFiles, needs_files
from bot.sync.page_memory import KnownVersions
from bot.sync.plan import (
    EVERY_REGION,
    HELD_BY_DEAD_LINK,
    Action,
    Change,
    PagePlan,
    Plan,
    PlanProblem,
    Scope,
    Upload,
    advise_keeping,
    decide,
    is_generated,
)
from bot.sync.wanted import Assignment, TargetPage, WantedRegion, without_rivals
from bot.wiki.gateway import Page, PageStatus, WikiGateway
from bot.wiki.write_order import confirm, read_for_writing

_HELD = HELD_BY_DEAD_LINK + ": {}; or set `dead_links: warn`"
_RESTORED = "version {} put the text of people back, so it is not repaired; to keep it, {}"
_MAX_DEPTH = 200
_OTHER_HOST = (
    "region {} was written in version {} with the account of the bot, but not by this host, which knows the page up to "
    "version {}"
)
_STAND_BACK = (
    "nothing is written there, so that two hosts do not overwrite each other: stop one of them, or give both the same "
    "data file. If this host is the right one, look at `wikibot plan`, then run `wikibot apply`"
)
_WAR_WINDOW = timedelta(hours=24)
MAX_REQUEST_BYTES = 5 * 2**20
"""The largest page that wikis take (Cloud v2 createPage: 413 over 5 MB; Data Center: 5,242,880 bytes)."""
_LARGE_SHARE = 0.8
_PAGES_AT_ONCE = 250
"""As many as Cloud sends at a time."""


def build_plan(
    gateway: WikiGateway,
    assignments: Iterable[Assignment],
    safety: SafetySettings,
    *,
    now: datetime,
    take_over: frozenset[str] = frozenset(),
    known: KnownVersions | None = None,
    stands_back: bool = False,
) -> Plan:
    """Compare live and desired regions; *take_over* names the regions whose live text may be overwritten.

    *known* has the versions of the pages that this bot wrote or agreed with, and gets those it agrees with now. A newer
    record is of another host: with *stands_back* the region is left alone, else the plan has a notice.

    Pages in sync need only the bulk read, which is one for all assignments. A page that cannot be read or compared
    becomes a problem in the plan. An error of the bulk read is raised, unless it is an invalid answer.
    """
    wanted = [*without_rivals(assignments)]
    bulk = _BulkRead(gateway, [target.page_id for assignment in wanted for target in assignment.targets])
    surveys = [
        _Survey(gateway, bulk, assignment, safety, take_over, now, known, stands_back=stands_back)
        for assignment in wanted
    ]
    for survey in surveys:
        survey.run()
    return Plan(
        wiki=gateway.base_url,
        created=gateway.wiki_time or now,
        scopes=tuple(survey.scope() for survey in surveys),
        pages=tuple(chain.from_iterable(survey.pages for survey in surveys)),
        problems=tuple(chain.from_iterable(survey.problems for survey in surveys)),
        notices=tuple(chain.from_iterable(survey.notices for survey in surveys)),
        drafts=tuple(chain.from_iterable(survey.drafts for survey in surveys)),
        attention=tuple(dict.fromkeys(chain.from_iterable(survey.attention for survey in surveys))),
    )


class _BulkRead:
    """Reads pages before they are needed, so many at a time that few requests suffice and the memory is bounded.

    A single page is not read in bulk, because what a bulk read returns can be stale.
    """

    def __init__(self, gateway: WikiGateway, page_ids: Iterable[str]) -> None:
        self._gateway = gateway
        self._found: dict[str, Page] = {}
        self._waiting = dict.fromkeys(page_ids)
        if len(self._waiting) == 1:
            self._waiting.clear()

    def get(self, page_id: str) -> Page | None:
        """Return a page; None if it must be read by a request of its own."""
        if page_id in self._waiting:
            del self._waiting[page_id]
            batch = [page_id, *islice(self._waiting, _PAGES_AT_ONCE - 1)]
            for each in batch[1:]:
                del self._waiting[each]
            try:
                self._found = self._gateway.fetch_pages(batch)
            except WikiAnswerError:
                self._found = {}  # one bad page makes the whole listing fail: read the pages one by one
        return self._found.get(page_id)


class _Survey:
    """Compares the targets of one workspace."""

    def __init__(
        self,
        gateway: WikiGateway,
        bulk: _BulkRead,
        assignment: Assignment,
        safety: SafetySettings,
        take_over: frozenset[str],
        now: datetime,
        known: KnownVersions | None,
        *,
        stands_back: bool,
    ) -> None:
        self._known, self._stands_back, self._bulk = known, stands_back, bulk
        self._gateway, self._assignment, self._safety, self._now = gateway, assignment, safety, now
        self._take_over = take_over
        self._live_characters = self._desired_characters = 0
        self.pages: list[PagePlan] = []
        self.problems: list[PlanProblem] = list(assignment.problems)
        self.notices: list[str] = list(assignment.notices)
        self.drafts: list[str] = []
        self.attention: list[str] = []
        self._judged: list[Judged] = []

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
            len({region.marker.name for target in targets for region in target.regions if region.text is not None}),
            *self._count_lines(),
        )

    def _count_lines(self) -> tuple[int, int]:
        """Return how many lines the pages have in the regions that the bot wrote, and how many of them are replaced."""
        data = {each.marker.name for target in self._assignment.targets for each in target.regions if each.says_data}
        judged = [each.change for each in self._judged if each.change.region in data]
        known = [each for each in judged if each.verdict is Verdict.IN_SYNC or each.last_applied is not None]
        live = _all_lines(each.live for each in known)
        written = _all_lines(each.live for each in known if each.action is Action.WRITE)
        return len(live), len(written - _all_lines(each.desired for each in judged))

    def run(self) -> None:
        for target, page, is_fresh in self._read(self._assignment.targets):
            try:
                ledger = self._ledger_of(page, target)
                if not self._is_in_sync(page, target):
                    # bulk listings can be stale
                    ledger = self._confirm(page if is_fresh else self._gateway.fetch_page(page.id), target)
                self._look_at(ledger, target)
                ledger.save()
            except (WikiError, StorageFormatError) as error:
                self._report(target, str(error))
        difference = describe_difference(self._now, self._wiki_time)
        self.attention += [difference] if difference else []
        if self._assignment.news_move is not None:
            self.pages = order_moves(self.pages, self._judged, self._assignment.news_move)

    def _ledger_of(self, page: Page, target: TargetPage) -> PageLedger:
        markers = [wanted.marker for wanted in target.regions]
        return PageLedger(page, self._gateway, markers, memory=self._assignment.memory_of(page.id))

    def _confirm(self, page: Page, target: TargetPage) -> PageLedger:
        """Return the ledger of *page* after a second read, and after a wait if the history has a newer version."""
        ledger = self._ledger_of(confirm(self._gateway, page), target)
        newest = ledger.newest_number()
        if newest <= ledger.page.version:
            return ledger
        return self._ledger_of(read_for_writing(self._gateway, page.id, at_least=newest), target)

    def _read(self, targets: Sequence[TargetPage]) -> Iterator[tuple[TargetPage, Page, bool]]:
        """Yield each target with its page, and whether the page was read by a single request."""
        for target in targets:
            listed = self._bulk.get(target.page_id)
            if listed is not None:
                yield target, listed, False
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

    def _look_at(self, ledger: PageLedger, target: TargetPage) -> None:
        page = ledger.page
        if page.ref.status is not PageStatus.CURRENT:
            self._report(target, f"page {page.title!r} is {page.ref.status} and cannot be written; restore it first")
            return
        if self._has_moved(page, target):
            return
        if target.title not in (None, page.title):
            self._say_renamed(page, target, str(target.title))
        if self._is_excluded(page, target):
            return
        found = self._find_regions(page, target)
        if target.is_home:
            self._measure(page, found)
        managed = [(wanted, wanted.text, region) for wanted, region in found if wanted.text is not None]
        changes = tuple(self._judge(page, wanted, text, region, ledger) for wanted, text, region in managed)
        missing = [wanted.marker.name for wanted, _, region in managed if region is None]
        emptied = find_emptied(ledger, missing, wanted=len(managed)) if missing else None
        if emptied is not None:
            changes = tuple(self._hold(change, emptied) for change in changes)
        changes = self._let_wait(changes)
        changes = self._with_uploads(page, target, changes)
        self._judged += [Judged(page.id, page.title, change) for change in changes]
        if all(change.verdict is Verdict.IN_SYNC and not change.uploads for change in changes):
            if changes and self._known is not None:
                self._known.note(page.id, page.version)
            return
        self._check_size(page, target, changes)
        creates = any(change.action is Action.CREATE for change in changes)
        planned = PagePlan(
            self._assignment.workspace,
            page.id,
            page.title,
            page.ref.url,
            page.version,
            changes,
            self._assignment.revision,
            is_first_run=creates and not ledger.has_any_record(),
            space_key=page.ref.space_key,
        )
        self.pages.append(planned)
        draft = describe_draft(self._gateway, page.id) if planned.writes or planned.uploads else None
        if draft is not None:
            self.drafts.append(f"{page.title}: {draft}")

    def _with_uploads(self, page: Page, target: TargetPage, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Add the files that the page needs; a region whose file cannot be uploaded is held back."""
        files = {wanted.marker.name: wanted.files for wanted in target.regions if wanted.files}
        needy = [each for each in changes if each.region in files and needs_files(each)]
        if not needy:
            return changes
        on_page = PageFiles(self._gateway, page.id)
        found = {each.region: on_page.compare(files[each.region]) for each in needy}
        return tuple(self._with_files(page, each, *found.get(each.region, ((), ()))) for each in changes)

    def _with_files(self, page: Page, change: Change, uploads: tuple[Upload, ...], problems: tuple[str, ...]) -> Change:
        if not problems:
            return replace(change, uploads=uploads) if uploads else change
        if change.verdict is Verdict.IN_SYNC:
            self.attention += [f"{page.title}: {problem}" for problem in problems]
            return change
        return replace(change, action=Action.NONE, note=f"held back: {'; '.join(problems)}")

    @cached_property
    def _wiki_time(self) -> datetime | None:
        """The time on the wiki's clock; None if the wiki does not say it."""
        return self._gateway.wiki_time

    def _clock_doubt(self, wanted: WantedRegion, page: Page) -> str:
        """Return why the clocks do not allow the text of the region; nothing if it is the same at the wiki's time."""
        if wanted.text_at is None:
            return ""
        return find_doubt(wanted.text_at, self._now, self._wiki_time, written=page.ref.version.when)

    def _has_moved(self, page: Page, target: TargetPage) -> bool:
        """Report a page that is in another space than the data file says. A page named by its id may be anywhere."""
        wanted, found = self._assignment.space_key, page.ref.space_key
        is_bound = target.is_home or target.title is not None
        if not wanted or not is_bound or found.casefold() == wanted.casefold():
            return False
        place = self._assignment.place_of("space")
        advice = f"write `space: {found}` there" if target.is_home else f"name the page by its id {page.id}"
        self._report(
            target,
            f"{place}: page {page.title!r} was moved to space {found}, but the data file says {wanted}; nothing is "
            f"written on it: move the page back, or {advice}",
        )
        return True

    def _say_renamed(self, page: Page, target: TargetPage, title: str) -> None:
        """Report a new title; it needs a person if another page has the old title now."""
        other = self._gateway.find_page(page.ref.space_key, title)
        if other is None or other.id == page.id or other.status is not PageStatus.CURRENT:
            self.notices.append(f"page {title!r} is now called {page.title!r}; write that, or its id {page.id}")
            return
        place = f"{self._assignment.place_of('home')}: " if target.is_home else ""
        self.attention.append(
            f"{place}page {title!r} is now called {page.title!r}, and another page has the old title: {other.url}; the "
            f"bot goes on with {page.title!r}: write its id {page.id}, or the id {other.id} of the other page"
        )

    def _hold(self, change: Change, emptied: Emptied) -> Change:
        """Return *change* without its action, because the page lost its text."""
        is_insisted = not emptied.is_certain and self._is_insisted(change.region)
        if change.verdict is Verdict.IN_SYNC or is_insisted:
            return change
        return replace(change, action=Action.NONE, note=emptied.reason)

    def _check_size(self, page: Page, target: TargetPage, changes: Sequence[Change]) -> None:
        """Warn before a write makes the page larger than wikis take."""
        written = [change for change in changes if change.action is not Action.NONE]
        size = _sent_bytes(page.body)
        size += sum(_sent_bytes(change.desired) - _sent_bytes(change.live or "") for change in written)
        if not written or size < _LARGE_SHARE * MAX_REQUEST_BYTES:
            return
        largest = max(written, key=lambda change: len(change.desired)).region
        message = (
            f"page {page.title!r} would have {size / 2**20:.1f} MiB; wikis refuse pages over "
            f"{MAX_REQUEST_BYTES / 2**20:.0f} MiB. The largest region is {largest}: shorten it, or move part of the "
            "page to another page"
        )
        if size > MAX_REQUEST_BYTES:
            self._report(target, message)
        else:
            self.notices.append(message)

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
                self._live_characters += count_characters(without_notice(region.text(page.body)))
                self._desired_characters += count_characters(without_notice(wanted.text or ""))

    def _judge(
        self, page: Page, wanted: WantedRegion, desired: str, region: Region | None, ledger: PageLedger
    ) -> Change:
        name = wanted.marker.name
        live = None if region is None else region.text(page.body)
        last: LastApplied | None = None
        if live is None or not is_same(live, desired, space_key=page.ref.space_key):
            last = ledger.find_last_applied(wanted.marker)
        own = _find_own(wanted, live, last)
        before = last if own is None or last is None else replace(last, text=own.last)
        verdict = judge(desired, live if own is None else own.text, before, space_key=page.ref.space_key)
        if verdict is Verdict.BEHIND and before is not None and self._would_lose_adopted(before, desired):
            verdict = Verdict.CONFLICT
        if live is None and verdict is Verdict.UNMANAGED and ledger.find_record(name) is not None:
            verdict = Verdict.DRIFTED  # the bot wrote the region, but the wiki does not send its text
        change = Change(
            region=name,
            marker=wanted.marker,
            verdict=verdict,
            action=Action.NONE,
            desired=desired if own is None else own.around(desired),
            live=live,
            own=own,
            last_applied=last,
            policy=wanted.policy,
            place=wanted.place,
            notify=wanted.notify,
            merges=wanted.merge is MergePolicy.AUTO and wanted.policy is DriftPolicy.REPORT and not is_generated(name),
        )
        if verdict is Verdict.IN_SYNC:
            return change
        change = self._settle(change, ledger, list_headings(page.body) if live is None else ())
        change = self._weigh_comments(change, page, wanted)
        is_written = change.action is not Action.NONE or change.merges
        if is_written and (doubt := self._clock_doubt(wanted, page)):
            return replace(change, action=Action.NONE, merges=False, note=f"held, because {doubt}")
        dead = self._new_dead_links(wanted, change.live or "") if change.action is not Action.NONE else []
        return replace(change, action=Action.NONE, note=_HELD.format("; ".join(dead))) if dead else change

    def _new_dead_links(self, wanted: WantedRegion, live: str) -> list[str]:
        """Return the messages about the dead links of the region.

        A dead link that is on the page already does not count if the bot has never seen its target: people make such
        links to pages that they will write later.
        """
        if not wanted.dead_links:
            return []
        links = iter_page_links(read_leniently(live, max_depth=_MAX_DEPTH), *self._gateway.addresses)
        shown = {link.target.page_id or link.target.title for link in links}
        return [
            dead.message
            for dead in wanted.dead_links
            if dead.is_gone or not shown & {dead.reference, stated_title(dead.reference)}
        ]

    def _would_lose_adopted(self, last: LastApplied, desired: str) -> bool:
        """Return whether *desired* is from a data file without the words of people that an adoption took to it."""
        regions = (wanted for target in self._assignment.targets for wanted in target.regions)
        older = (wanted.text or "" for wanted in regions if wanted.marker.name == OLDER_NEWS)
        assignment = self._assignment
        return AdoptedWords((desired, *older), assignment.entry_texts, assignment.has_lost_adoption).lacks(last)

    def _settle(self, change: Change, ledger: PageLedger, headings: Sequence[str]) -> Change:
        """Add the edits of people to the change, and decide on the action."""
        now = self._gateway.wiki_time or min(self._now, ledger.page.ref.version.when)
        since = now - _WAR_WINDOW
        has_people_edits = change.verdict in (Verdict.DRIFTED, Verdict.CONFLICT) and change.last_applied is not None
        edits = (
            ledger.find_edits(change.marker, change.last_applied) if has_people_edits and change.last_applied else ()
        )
        is_repair = change.verdict is Verdict.DRIFTED or (
            change.verdict is Verdict.BEHIND
            and ledger.is_undone_by_another_bot(
                change.region, digest_of(change.own_desired), revision=self._assignment.revision, since=since
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
        other = ledger.find_other_writer(change.marker) if change.verdict is Verdict.UNMANAGED else None
        if other is not None and action is Action.NONE:
            note = (
                f"{other.display_name} wrote this as a bot, as the history says, and not the account of the bot; if "
                f"that is a former account of the bot, add `former_accounts: [{other.username or other.id}]` to `wiki` "
                "in bot.yaml: nothing is lost by that"
            )
        restored = (
            ledger.find_restored(change.region, since=change.last_applied.version)
            if edits and change.last_applied
            else None
        )
        if restored is not None and not self._is_insisted(change.region):
            action, note = Action.NONE, _RESTORED.format(restored.number, advise_keeping(change.region))
        return self._heed_other_host(replace(change, action=action, note=note), ledger)

    def _heed_other_host(self, change: Change, ledger: PageLedger) -> Change:
        """Hold or report a change of a region that another host with this account wrote since this one did."""
        page, wanted = ledger.page, self._assignment
        known = self._known.get(page.id) if self._known is not None else None
        is_idle = change.action is Action.NONE and not change.merges
        if known is None or change.last_applied is None or is_idle or self._is_insisted(change.region):
            return change
        version = change.last_applied.version
        if version <= known or not ledger.is_of_other_data(
            change.region,
            change.last_applied,
            digest_of(change.own_desired),
            revision=wanted.revision,
            has_had=wanted.has_had_revision,
        ):
            return change
        if not self._stands_back:
            self.notices.append(f"{page.title}: {_OTHER_HOST.format(change.region, version, known)}")
            return change
        self.attention.append(f"{page.title}: {_OTHER_HOST.format(change.region, version, known)}; {_STAND_BACK}")
        return replace(change, action=Action.NONE, merges=False, note="held, because another host wrote it")

    def _weigh_comments(self, change: Change, page: Page, wanted: WantedRegion) -> Change:
        """Name the open inline comments that the write removes; hold the region if the settings say so."""
        if change.action is not Action.WRITE or change.live is None:
            return change
        kept = keep_comment_markers(change.live, change.desired)
        if not kept.lost:
            return change
        orphans = tuple(self._find_orphans(page, kept.lost_by_ref))
        change = replace(change, lost_comments=kept.lost, orphans=orphans)
        if not orphans or wanted.comments is not CommentPolicy.HOLD or self._is_insisted(change.region):
            return change
        note = (
            f"held, because the write removes words that people commented on: {'; '.join(orphans)}; resolve the "
            "comments on the page"
        )
        return replace(change, action=Action.NONE, note=note)

    def _find_orphans(self, page: Page, lost: Mapping[str, str]) -> Iterator[str]:
        """Yield author and words of each open comment that loses its place."""
        comments = {each.inline_ref: each for each in self._gateway.fetch_comments(page.id) if each.parent_id is None}
        for ref, words in lost.items():
            comment = comments.get(ref)
            if comment is None:
                yield f"somebody on “{words}”"
            elif not comment.is_resolved:
                yield f"{comment.version.author.display_name} on “{words}”"

    def _is_insisted(self, region: str) -> bool:
        return not self._take_over.isdisjoint({region, EVERY_REGION})

    def _let_wait(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Let repairs and expiries wait for the quiet window, unless the page is written anyway."""
        until = self._assignment.waits_until
        writes = [change for change in changes if change.action is not Action.NONE]
        if not until or not all(may_wait(each) and not self._is_insisted(each.region) for each in writes):
            return changes
        note = f"waits for the quiet window {until}"
        return tuple(
            replace(change, action=Action.NONE, is_waiting=True, note=note) if change in writes else change
            for change in changes
        )


def _all_lines(texts: Iterable[str | None]) -> set[str]:
    return set(chain.from_iterable(map(lines_of, {text for text in texts if text})))


def _find_own(wanted: WantedRegion, live: str | None, last: LastApplied | None) -> OwnBlocks | None:
    """Return the blocks of the bot in a region below a heading, if people put blocks of their own there.

    With `drift: report` a new block of people is a change of the region.
    """
    if wanted.marker.kind is not MarkerKind.HEADING or live is None or last is None:
        return None
    own = find_own_blocks(live, last)
    is_known = wanted.policy is DriftPolicy.REPAIR or own.last != last.text
    return own if own.has_others and is_known else None


def _sent_bytes(text: str) -> int:
    """Return the size of a text in a request, where JSON escapes quotes and all letters outside ASCII."""
    return len(json.dumps(text))


def _overlap(one: Region, other: Region) -> bool:
    return one.span.start < other.span.end and other.span.start < one.span.end
