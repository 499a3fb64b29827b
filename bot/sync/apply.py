"""Apply a plan page by page. A region is written only if its live text is still what the plan recorded."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.errors import (
    AuthenticationError,
    BotError,
    PageConflictError,
    RateLimitedError,
    RegionError,
    StoppedError,
    WikiError,
    WikiUnreachableError,
    WritesForbiddenError,
)
from bot.storage.regions import find_region
from bot.sync.attention import is_loud
from bot.sync.drift import Verdict, digest_of
from bot.sync.file_uploads import FileUploads, ReadUpload, UploadRefusedError
from bot.sync.guard import Guard, Obstacle, ObstacleKind
from bot.sync.ledger import Tag, TagEntry
from bot.sync.news_moves import describe_unmet, find_missing_lines
from bot.sync.plan import Action, Change, PagePlan, Plan, Requirement
from bot.sync.rewrite import rewrite
from bot.sync.rollout import Rollouts
from bot.wiki.gateway import ContentState, Page, PageStatus, WikiGateway
from bot.wiki.write_order import put_back, read_no_older, read_state, write_in_order

Keep = Callable[[PagePlan, Change, Page], None]
"""Records what people wrote in a region before the change replaces it; raises `BotError` if that is not possible."""

_FAILURES_IN_A_ROW = 3


class Result(StrEnum):
    """The result of applying a plan to one page."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    """The live regions already match the desired text."""
    SKIPPED = "skipped"
    """Not written, for example because of a draft or a changed region; the next plan includes the page again."""
    EXCLUDED = "excluded"
    FAILED = "failed"


_RESULTS = {ObstacleKind.EXCLUDED: Result.EXCLUDED, ObstacleKind.DRAFT: Result.SKIPPED}


@dataclass(frozen=True, slots=True)
class PageReport:
    """The result for one page: *regions* were written as *version*; *reasons* say why others were not.

    *remarks* say what the write did besides, such as inline comments that lost their place.
    """

    workspace: str
    id: str
    title: str
    url: str
    result: Result
    version: int | None = None
    regions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """The result of applying a plan; *stopped* has one message for each workspace whose writes were stopped.

    *halted* has one message for each change that is not written on further pages. *refused* has one message for each
    workspace that exceeds a limit. *postponed* are the pages for the next run.
    """

    pages: tuple[PageReport, ...] = ()
    stopped: tuple[str, ...] = ()
    not_tried: tuple[str, ...] = ()
    halted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    postponed: tuple[str, ...] = ()

    def count(self, result: Result) -> int:
        """Return the number of pages with *result*; workspaces may have regions on the same page."""
        return len({page.id for page in self.pages if page.result is result})

    @property
    def has_failed(self) -> bool:
        """Whether a page failed, or pages were not tried although no workspace was stopped."""
        return self.count(Result.FAILED) > 0 or bool(self.halted) or (bool(self.not_tried) and not self.stopped)

    @property
    def has_left_undone(self) -> bool:
        """Whether a page was skipped, postponed, or written without some of its planned regions."""
        return bool(self.postponed) or any(
            page.result is Result.SKIPPED or (page.result is Result.WRITTEN and page.reasons) for page in self.pages
        )


def apply_plan(
    plan: Plan,
    gateway: WikiGateway,
    guard: Guard,
    *,
    is_reviewed: bool,
    max_writes: int | None = None,
    canary_seconds: float = 0,
    sleep: Callable[[float], None] = time.sleep,
    on_page: Callable[[PageReport], None] = lambda _: None,
    keep: Keep = lambda _plan, _change, _page: None,
    read_upload: ReadUpload = lambda _plan, _upload: b"",
) -> ApplyReport:
    """Write the regions of *plan* whose live text is still what the plan recorded.

    A failure of one page does not affect the other pages. The run ends early if authentication fails or if the wiki
    is unreachable or rate-limits the bot for three pages in a row. The stop label ends the writes to its workspace. A
    page that the bot has never written is written only if *is_reviewed*. At most *max_writes* pages are written;
    pages that are skipped do not count, so that they never keep the pages after them from their turn.
    """
    writer = _PageWriter(gateway, guard, keep, FileUploads(gateway, read_upload), is_reviewed=is_reviewed)
    run = _Run(writer, Rollouts(plan, gateway, seconds=canary_seconds, sleep=sleep), on_page, max_writes)
    run.write(join_pages(plan.page_writes))
    return ApplyReport(
        tuple(run.reports),
        tuple(run.stopped.values()),
        tuple(run.not_tried),
        tuple(run.rollouts.halted.values()),
        postponed=tuple(run.postponed),
    )


def join_pages(plans: Iterable[PagePlan]) -> list[tuple[PagePlan, ...]]:
    """Return the plans in groups that are written as one version each: workspaces may have regions on the same page.

    A plan whose changes require another page first stays at its place in the order.
    """
    groups: dict[str, tuple[PagePlan, ...]] = {}
    for plan in plans:
        needs_order = any(change.requires for change in plan.writes)
        key = plan.id if not needs_order else f"{plan.id} {plan.workspace}"
        known = {change.region for each in groups.get(key, ()) for change in each.changes}
        if not known.isdisjoint(change.region for change in plan.changes):
            key = f"{plan.id} {plan.workspace}"
        groups[key] = (*groups.get(key, ()), plan)
    return list(groups.values())


class _Run:
    """Writes one group of plans after the other, and decides what is not tried any more."""

    def __init__(
        self,
        writer: "_PageWriter",
        rollouts: Rollouts,
        on_page: Callable[[PageReport], None],
        max_writes: int | None,
    ) -> None:
        self._writer, self.rollouts, self._on_page, self._max_writes = writer, rollouts, on_page, max_writes
        self._patience = _Patience()
        self._tried: set[str] = set()
        self.postponed: list[str] = []
        self.reports: list[PageReport] = []
        self.not_tried: list[str] = []
        self.stopped: dict[str, str] = {}

    def write(self, groups: Iterable[tuple[PagePlan, ...]]) -> None:
        for group in groups:
            plans = tuple(plan for plan in group if self._is_open(plan))
            self.not_tried += [plan.title for plan in group if plan not in plans]
            if self._is_full:
                self.postponed += [plan.title for plan in plans]
            elif plans:
                self._write(plans)

    @property
    def _is_full(self) -> bool:
        return self._max_writes is not None and len(self._tried) >= self._max_writes

    def _is_open(self, plan: PagePlan) -> bool:
        return not (plan.workspace in self.stopped or self._patience.is_over or self.rollouts.is_halted(plan))

    def _write(self, plans: tuple[PagePlan, ...]) -> None:
        try:
            reports = self._writer.write(plans)
            self._patience.restore()
        except StoppedError as error:
            if len(plans) > 1:  # only one of the workspaces is stopped
                self.write((plan,) for plan in plans)
                return
            self.stopped[plans[0].workspace] = str(error)
            self.not_tried.append(plans[0].title)
            return
        except WritesForbiddenError:
            raise
        except BotError as error:
            reports = [_failed(error).report(plan) for plan in plans]
            self._patience.lose(error)
        for plan, report in zip(plans, reports, strict=True):
            self.rollouts.note(plan, report.regions, report.version, failure=_failure(report))
            self.reports.append(report)
            if report.result in {Result.WRITTEN, Result.FAILED}:
                self._tried.add(plan.id)
            self._on_page(report)


def _failure(report: PageReport) -> str | None:
    return "; ".join(report.reasons) if report.result is Result.FAILED else None


class _Patience:
    """Decides when to end the run: at once after a failed authentication, else after three pages without an answer."""

    def __init__(self) -> None:
        self._left = _FAILURES_IN_A_ROW

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    def restore(self) -> None:
        self._left = _FAILURES_IN_A_ROW

    def lose(self, error: BotError) -> None:
        if isinstance(error, AuthenticationError):
            self._left = 0
        elif isinstance(error, WikiUnreachableError | RateLimitedError):
            self._left -= 1


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a page, which may have regions of several workspaces.

    *reasons* and *remarks* are by region; those of the region `""` are about the whole page.
    """

    result: Result
    version: int | None = None
    regions: tuple[str, ...] = ()
    reasons: Sequence[tuple[str, str]] = ()
    remarks: Sequence[tuple[str, str]] = ()

    def report(self, plan: PagePlan) -> PageReport:
        """Return what this says about *plan*, one of the plans of the page."""
        own = {change.region for change in plan.changes}
        regions = tuple(region for region in self.regions if region in own)
        reasons, remarks = (
            tuple(text for region, text in texts if not region or region in own)
            for texts in (self.reasons, self.remarks)
        )
        result, version = self.result, self.version
        if result in (Result.WRITTEN, Result.SKIPPED) and not regions:
            result, version = Result.SKIPPED if reasons else Result.UNCHANGED, None
        return PageReport(plan.workspace, plan.id, plan.title, plan.url, result, version, regions, reasons, remarks)


def _failed(error: BotError) -> _Outcome:
    return _Outcome(Result.FAILED, reasons=[("", str(error))])


def _skipped(reason: str) -> _Outcome:
    return _Outcome(Result.SKIPPED, reasons=[("", reason)])


class _PageWriter:
    """Writes single pages."""

    def __init__(
        self, gateway: WikiGateway, guard: Guard, keep: Keep, uploads: FileUploads, *, is_reviewed: bool
    ) -> None:
        self._gateway, self._guard, self._keep, self._is_reviewed = gateway, guard, keep, is_reviewed
        self._uploads = uploads
        self._state: ContentState | None = None
        self._unmet: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._owners: dict[str, PagePlan] = {}

    def write(self, plans: tuple[PagePlan, ...]) -> list[PageReport]:
        """Write a page in the order of `write_in_order`: slot, obstacles, read, splice, write.

        All *plans* are of this page, each of another workspace. Returns a report for each.
        """
        first = plans[0]
        whole = replace(first, changes=tuple(change for plan in plans for change in plan.changes))
        self._owners = {change.region: plan for plan in plans for change in plan.changes}
        outcome = self._write(plans, whole)
        return [outcome.report(plan) for plan in plans]

    def _write(self, plans: tuple[PagePlan, ...], whole: PagePlan) -> _Outcome:
        if any(plan.is_first_run for plan in plans) and not self._is_reviewed:
            return _skipped("the bot has never written this page; review the plan, then apply it with --plan or --yes")
        uploaded: tuple[str, ...] = ()
        try:
            if whole.uploads:
                obstacle = self._find_obstacle(whole)
                if obstacle is not None:
                    return obstacle
                uploaded = self._upload(plans, whole)
                if not whole.writes:
                    return self._only_uploaded(whole, uploaded)
            outcome = write_in_order(
                self._gateway,
                whole.id,
                check=lambda: self._find_obstacle(whole),
                attempt=lambda page: self._try(whole, page),
                at_least=max(plan.base_version for plan in plans),
            )
            return replace(outcome, remarks=(*(("", text) for text in uploaded), *outcome.remarks))
        except UploadRefusedError as error:
            return _skipped(str(error))
        except PageConflictError:
            return _skipped("somebody saved the page each time that it was about to be written")

    def _upload(self, plans: tuple[PagePlan, ...], whole: PagePlan) -> tuple[str, ...]:
        """Upload the files that the page needs, unless the write would be refused; return what was done."""
        page = self._gateway.fetch_page(whole.id)
        refused = self._refuse(whole, page)
        if refused is not None:
            raise UploadRefusedError(refused)
        new = rewrite(page.body, self._open_writes(whole), space_key=page.ref.space_key)
        blocked = {*new.reasons, *self._unmet}
        done: list[str] = []
        for plan in plans:
            for change in plan.changes:
                if change.region not in blocked:
                    done += self._uploads.upload(plan, change.uploads)
        return tuple(dict.fromkeys(done))

    def _only_uploaded(self, plan: PagePlan, uploaded: tuple[str, ...]) -> _Outcome:
        """Return the outcome for a page whose text has the links already."""
        if not uploaded:
            return _Outcome(Result.UNCHANGED)
        regions = tuple(change.region for change in plan.changes if change.uploads)
        version = self._gateway.fetch_page(plan.id).version
        return _Outcome(Result.WRITTEN, version, regions, remarks=[("", text) for text in uploaded])

    def _open_writes(self, plan: PagePlan) -> list[Change]:
        return [change for change in plan.writes if change.region not in self._unmet]

    def _refuse(self, plan: PagePlan, page: Page) -> str | None:
        """Return why the page as it is now is not written."""
        if page.ref.status is not PageStatus.CURRENT:
            return f"the page is now {page.ref.status}"
        if plan.space_key and page.ref.space_key != plan.space_key:
            return f"the page was moved to space {page.ref.space_key} since the plan was made; plan again"
        return None

    def _look(self, page_id: str) -> Obstacle | None:
        """Return the obstacle to writing the page; raises `StoppedError` if one of its workspaces is stopped."""
        workspaces = dict.fromkeys(plan.workspace for plan in self._owners.values())
        found = (self._guard.find_obstacle(workspace, page_id) for workspace in workspaces)
        return next((obstacle for obstacle in found if obstacle is not None), None)

    def _find_obstacle(self, plan: PagePlan) -> _Outcome | None:
        self._state = read_state(self._gateway, plan.id)
        obstacle = self._look(plan.id)
        if obstacle is not None:
            return _Outcome(_RESULTS[obstacle.kind], reasons=[("", obstacle.reason)])
        unmet = ((change.region, self._find_unmet(change.requires)) for change in plan.writes if change.requires)
        self._unmet = {region: reason for region, reason in unmet if reason}
        if len(self._unmet) < len(plan.writes) or not plan.writes:
            return None
        return _Outcome(Result.SKIPPED, reasons=[*self._unmet.items()])

    def _find_unmet(self, needed: Requirement) -> str:
        """Read the other page, and return why it does not have the lines that it must have; empty if it has them."""
        try:
            page = read_no_older(self._gateway, needed.page_id, at_least=self._versions.get(needed.page_id, 0))
            region = find_region(page.body, needed.marker) if page.ref.status is PageStatus.CURRENT else None
        except (WikiError, RegionError) as error:
            return describe_unmet(needed, str(error))
        missing = find_missing_lines(needed, "" if region is None else region.text(page.body))
        return describe_unmet(replace(needed, lines=missing)) if missing else ""

    def _try(self, plan: PagePlan, page: Page) -> _Outcome:
        refused = self._refuse(plan, page)
        if refused is not None:
            return _skipped(refused)
        new = rewrite(page.body, self._open_writes(plan), space_key=page.ref.space_key)
        reasons = [*new.reasons.items(), *self._unmet.items()]
        if not new.written:
            return _Outcome(Result.SKIPPED if reasons else Result.UNCHANGED, reasons=reasons)
        for change in new.written:
            if change.verdict is not Verdict.BEHIND and change.live is not None:
                self._keep(self._owners[change.region], change, page)
        revisions = dict.fromkeys(self._owners[change.region].revision for change in new.written)
        message = _message("+".join(filter(None, revisions)), new.written, page)
        version = self._gateway.update_page(
            page, new.body, message=message, is_minor=not any(map(is_loud, new.written))
        )
        self._versions[page.id] = version.number
        regions = tuple(change.region for change in new.written)
        remarks = [*_describe_orphans(new.written), *(("", text) for text in self._restore(plan, page))]
        return _Outcome(Result.WRITTEN, version.number, regions, reasons, remarks)

    def _restore(self, plan: PagePlan, base: Page) -> Iterator[str]:
        def check() -> str | None:
            obstacle = self._look(plan.id)
            if obstacle is None:
                return None
            return f"inline comments made during the write were not put back: {obstacle.reason}"

        return put_back(self._gateway, base, self._state, check=check)


def _describe_orphans(written: Sequence[Change]) -> Iterator[tuple[str, str]]:
    for change in written:
        for orphan in change.orphans:
            yield change.region, f"{change.region}: the inline comment of {orphan} lost its place"


def _message(revision: str, written: Sequence[Change], base: Page) -> str:
    """Return the version message: the tag for the ledger, then words for readers of the history."""
    entries = {each.region: TagEntry(digest_of(each.own_desired), each.is_repair) for each in written}
    verbs: dict[str, list[str]] = {}
    for each in written:
        verbs.setdefault(_verb(each), []).append(each.region)
    words = "; ".join(f"{verb} {', '.join(regions)}" for verb, regions in verbs.items())
    return Tag(entries, revision).message(words, base=base)


def _verb(change: Change) -> str:
    if change.action is Action.CREATE:
        return "added"
    return "repaired" if change.is_repair else "updated"
