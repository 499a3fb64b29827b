"""Apply a plan page by page. A region is written only if its live text is still what the plan recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import (
    AuthenticationError,
    BotError,
    PageConflictError,
    RateLimitedError,
    StoppedError,
    WikiUnreachableError,
    WritesForbiddenError,
)
from bot.sync.drift import digest_of
from bot.sync.guard import Guard, ObstacleKind
from bot.sync.ledger import Tag, TagEntry
from bot.sync.plan import Action, Change, PagePlan, Plan
from bot.sync.plan_file import plan_digest
from bot.sync.rewrite import rewrite
from bot.wiki.gateway import PageStatus, WikiGateway

_ATTEMPTS = 3
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
    """The result for one page: *regions* were written as *version*; *reasons* say why others were not."""

    workspace: str
    id: str
    title: str
    url: str
    result: Result
    version: int | None = None
    regions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """The result of applying a plan; *stopped* has one message for each workspace whose writes were stopped."""

    digest: str
    pages: tuple[PageReport, ...] = ()
    stopped: tuple[str, ...] = ()
    not_tried: tuple[str, ...] = ()

    def count(self, result: Result) -> int:
        """Return the number of pages with *result*."""
        return sum(page.result is result for page in self.pages)

    @property
    def has_failed(self) -> bool:
        """Whether a page failed, or pages were not tried although no workspace was stopped."""
        return self.count(Result.FAILED) > 0 or (bool(self.not_tried) and not self.stopped)

    @property
    def has_left_undone(self) -> bool:
        """Whether a page was skipped, or written without some of its planned regions."""
        return any(
            page.result is Result.SKIPPED or (page.result is Result.WRITTEN and page.reasons) for page in self.pages
        )


def apply_plan(
    plan: Plan,
    gateway: WikiGateway,
    guard: Guard,
    *,
    is_reviewed: bool,
    is_minor: bool = True,
    on_page: Callable[[PageReport], None] = lambda _: None,
) -> ApplyReport:
    """Write the regions of *plan* whose live text is still what the plan recorded.

    A failure of one page does not affect the other pages. The run ends early if authentication fails or if the wiki
    is unreachable or rate-limits the bot for three pages in a row. The stop label ends the writes to its workspace. A
    page that the bot has never written is written only if *is_reviewed*.
    """
    writer = _PageWriter(gateway, guard, is_reviewed=is_reviewed, is_minor=is_minor)
    reports: list[PageReport] = []
    not_tried: list[str] = []
    stopped: dict[str, str] = {}
    patience = _Patience()
    for page_plan in plan.page_writes:
        if page_plan.workspace in stopped or patience.is_over:
            not_tried.append(page_plan.title)
            continue
        try:
            report = writer.write(page_plan)
            patience.restore()
        except StoppedError as error:
            stopped[page_plan.workspace] = str(error)
            not_tried.append(page_plan.title)
            continue
        except WritesForbiddenError:
            raise
        except BotError as error:
            report = _report(page_plan, Result.FAILED, reasons=(str(error),))
            patience.lose(error)
        reports.append(report)
        on_page(report)
    return ApplyReport(plan_digest(plan), tuple(reports), tuple(stopped.values()), tuple(not_tried))


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


def _report(
    plan: PagePlan,
    result: Result,
    *,
    version: int | None = None,
    regions: tuple[str, ...] = (),
    reasons: tuple[str, ...] = (),
) -> PageReport:
    return PageReport(plan.workspace, plan.id, plan.title, plan.url, result, version, regions, reasons)


class _PageWriter:
    """Writes single pages."""

    def __init__(self, gateway: WikiGateway, guard: Guard, *, is_reviewed: bool, is_minor: bool) -> None:
        self._gateway, self._guard = gateway, guard
        self._is_reviewed, self._is_minor = is_reviewed, is_minor

    def write(self, plan: PagePlan) -> PageReport:
        """Check for obstacles, read the page, splice and write; repeat all steps after an edit conflict."""
        if plan.is_first_run and not self._is_reviewed:
            reason = "the bot has never written this page; review the plan, then apply it with --plan or --yes"
            return _report(plan, Result.SKIPPED, reasons=(reason,))
        for _ in range(_ATTEMPTS):
            obstacle = self._guard.find_obstacle(plan.workspace, plan.id)
            if obstacle is not None:
                return _report(plan, _RESULTS[obstacle.kind], reasons=(obstacle.reason,))
            try:
                return self._try(plan)
            except PageConflictError:
                continue
        reason = f"somebody saved the page each of the {_ATTEMPTS} times that it was about to be written"
        return _report(plan, Result.SKIPPED, reasons=(reason,))

    def _try(self, plan: PagePlan) -> PageReport:
        page = self._gateway.fetch_page(plan.id)
        if page.ref.status is not PageStatus.CURRENT:
            return _report(plan, Result.SKIPPED, reasons=(f"the page is now {page.ref.status}",))
        new = rewrite(page.body, plan.writes, space_key=page.ref.space_key)
        if not new.written:
            return _report(plan, Result.SKIPPED if new.reasons else Result.UNCHANGED, reasons=new.reasons)
        message = _message(plan, new.written)
        version = self._gateway.update_page(page, new.body, message=message, is_minor=self._is_minor)
        regions = tuple(change.region for change in new.written)
        return _report(plan, Result.WRITTEN, version=version.number, regions=regions, reasons=new.reasons)


def _message(plan: PagePlan, written: Sequence[Change]) -> str:
    """Return the version message: the tag for the ledger, then words for readers of the history."""
    entries = {each.region: TagEntry(digest_of(each.desired), each.is_repair) for each in written}
    verbs: dict[str, list[str]] = {}
    for each in written:
        verbs.setdefault(_verb(each), []).append(each.region)
    words = "; ".join(f"{verb} {', '.join(regions)}" for verb, regions in verbs.items())
    return Tag(entries, plan.revision).message(words)


def _verb(change: Change) -> str:
    if change.action is Action.CREATE:
        return "added"
    return "repaired" if change.is_repair else "updated"
