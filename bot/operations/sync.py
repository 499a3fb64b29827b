"""Synchronise pages with the data files: plan, apply, drift."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.advice import complete
from bot.config.data_model import OLDER_NEWS, NewsFile
from bot.config.policy import SafetySettings
from bot.errors import BotError, OutdatedPlanError
from bot.log import logger
from bot.operations.assignment import assign
from bot.operations.feeds import write_feeds
from bot.operations.last_check import keep_check
from bot.operations.unattended_merge import PageMerge, merge_pages, with_open
from bot.operations.workspace import Connect, Folders, Workspace
from bot.plural import counted
from bot.storage.meaning import is_same
from bot.suggestion import did_you_mean
from bot.sync.apply import ApplyReport, PageReport, Result, apply_plan
from bot.sync.clock_difference import MAX_DIFFERENCE
from bot.sync.drift import Verdict
from bot.sync.guard import Guard
from bot.sync.limits import Locate, name_limit, raise_if_unsafe
from bot.sync.own_blocks import OwnBlocks, find_own_blocks
from bot.sync.plan import EVERY_REGION, Action, Change, PagePlan, Plan, PlanProblem, Upload
from bot.sync.survey import build_plan
from bot.sync.wanted import Assignment, WantedFile, WantedRegion
from bot.wiki.gateway import WikiGateway


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """A plan and its result, and what was merged before."""

    plan: Plan
    report: ApplyReport
    merges: tuple[PageMerge, ...] = ()


def make_plan(
    gateway: WikiGateway,
    workspaces: Sequence[Workspace],
    safety: SafetySettings,
    *,
    now: datetime,
    take_over: frozenset[str] = frozenset(),
    stands_back: bool = False,
) -> Plan:
    """Compare the pages of all *workspaces* with their data files; writes nothing to the wiki.

    With *stands_back*, regions are left alone that another host wrote since this one did.

    *take_over* names regions whose live text may be replaced although people changed it, or `all`. If there are several
    workspaces, a workspace that cannot be read becomes a problem of the plan.
    """
    _check_names(workspaces, take_over)
    assignments: list[Assignment] = []
    for workspace in workspaces:
        try:
            assignments.append(assign(gateway, workspace, now))
        except BotError as error:
            if len(workspaces) == 1:
                raise
            problem = PlanProblem(workspace.name, workspace.name, str(error))
            assignments.append(Assignment(workspace.name, "", (), (problem,)))
    known = workspaces[0].folders.known_versions(gateway.base_url)
    plan = build_plan(gateway, assignments, safety, now=now, take_over=take_over, known=known, stands_back=stands_back)
    known.save()
    return _with_complete_advice(plan, workspaces)


def carry_out(
    gateway: WikiGateway,
    workspaces: Sequence[Workspace],
    safety: SafetySettings,
    plan: Plan,
    *,
    folders: Folders,
    now: datetime,
    is_reviewed: bool,
    is_loaded: bool = False,
    force: bool = False,
    locate_limit: Locate = name_limit,
    writes_over_drafts: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    on_page: Callable[[PageReport], None] = lambda _: None,
) -> ApplyReport:
    """Apply *plan*, and write nothing else; *workspaces* are those that the plan may write.

    *force* disables the safety limits, for a plan that was reviewed; *locate_limit* returns where a limit is set. A
    workspace that exceeds a limit of its own is not written, and the others are. *is_reviewed* permits writing to
    pages that the bot has never written before. With *is_loaded* the plan comes from a file: its age is checked, and
    it is compared with the plan that the bot makes now.
    Raises `UnsafePlanError`, `LockedError`, `BotError` (a plan for another wiki), `OutdatedPlanError` (the data file
    has changed) before anything is written.
    """
    if plan.wiki != gateway.base_url:
        raise BotError(f"the plan was made for {plan.wiki}, but the settings name {gateway.base_url}")
    refused = {} if force else raise_if_unsafe(plan, safety, locate_limit)
    chosen = replace(plan, pages=tuple(page for page in plan.pages if page.workspace not in refused))
    names = {scope.workspace for scope in plan.scopes}
    planned = [workspace for workspace in workspaces if workspace.name in names]
    held: tuple[PageReport, ...] = ()
    if not plan.page_writes:
        write_feeds(gateway, planned, now=now)
        keep_check(folders, plan, now)
        return ApplyReport()
    from bot.operations.restore import keep_replaced  # most runs have nothing to write and do not need it

    with folders.writer_lock(gateway.base_url):
        _raise_if_outdated(plan, planned)
        if is_loaded:
            from bot.operations.plan_check import confirm_plan, names_of_writes

            gateway.fetch_current_user()  # the first answer has the time of the wiki
            _raise_if_too_old(plan, gateway.wiki_time or now, safety, locate_limit)
            assignments = [assign(gateway, workspace, now) for workspace in planned]
            _raise_if_not_rendered(plan, assignments)
            current = build_plan(gateway, assignments, safety, now=now, take_over=names_of_writes(plan))
            chosen, held = confirm_plan(chosen, current)
        guard = Guard(
            gateway,
            safety,
            stop_pages=_find_homes(gateway, workspaces, plan),
            orders=folders.stop_orders,
            writes_over_drafts=writes_over_drafts,
            sleep=sleep,
        )
        report = apply_plan(
            chosen,
            gateway,
            guard,
            is_reviewed=is_reviewed,
            max_writes=None if force else safety.max_writes,
            canary_seconds=safety.canary,
            sleep=sleep,
            on_page=on_page,
            keep=partial(keep_replaced, folders, now),
            read_upload=partial(_read_upload, {workspace.name: workspace for workspace in planned}),
        )
    report = replace(report, pages=(*report.pages, *held), refused=tuple(refused.values()))
    known = folders.known_versions(gateway.base_url)
    for page in report.pages:
        if page.version is not None:
            known.note(page.id, page.version)
    known.save()
    write_feeds(gateway, planned, now=now)
    keep_check(folders, plan, now, report)
    _log(report, plan)
    return report


def sync(
    connect: Connect,
    workspaces: Sequence[Workspace],
    safety: SafetySettings,
    *,
    folders: Folders,
    now: datetime,
    force: bool = False,
    locate_limit: Locate = name_limit,
    sleep: Callable[[float], None] = time.sleep,
    on_page: Callable[[PageReport], None] = lambda _: None,
) -> SyncOutcome:
    """Merge, plan and apply without review: pages that the bot has never written are planned but not written."""
    gateway = connect(may_write=True)
    merges: list[PageMerge] = []
    for is_last in (False, True):
        plan = make_plan(connect(), workspaces, safety, now=now, stands_back=True)
        found = merge_pages(gateway, workspaces, safety, plan, now=now)
        merges += [merge for merge in found if merge.version is not None]
        if merges:
            plan = make_plan(connect(), workspaces, safety, now=now, stands_back=True)
        plan = with_open(plan, found)
        try:
            report = carry_out(
                gateway,
                workspaces,
                safety,
                plan,
                folders=folders,
                now=now,
                is_reviewed=False,
                force=force,
                locate_limit=locate_limit,
                sleep=sleep,
                on_page=on_page,
            )
        except OutdatedPlanError:
            if is_last:
                raise
            continue
        break
    return SyncOutcome(plan, report, tuple(merges))


def find_drift(gateway: WikiGateway, workspaces: Sequence[Workspace], safety: SafetySettings, *, now: datetime) -> Plan:
    """Return the part of the plan that shows what people changed, and which regions are missing or held back."""
    plan = make_plan(gateway, workspaces, safety, now=now)
    kinds = {Verdict.DRIFTED, Verdict.CONFLICT}

    def belongs(change: Change) -> bool:
        return change.verdict in kinds or change.live is None or change.needs_a_person

    pages = (replace(page, changes=tuple(filter(belongs, page.changes))) for page in plan.pages)
    return replace(plan, pages=tuple(page for page in pages if page.changes))


def _with_complete_advice(plan: Plan, workspaces: Iterable[Workspace]) -> Plan:
    """Return *plan* with commands in its advice that choose the workspace of the page."""
    choices = {each.name: each.choice for each in workspaces}
    if not any(choices.values()):
        return plan

    def of_page(page: PagePlan) -> PagePlan:
        changes = (replace(each, note=complete(each.note, choices[page.workspace])) for each in page.changes)
        return replace(page, changes=tuple(changes))

    problems = (replace(each, message=complete(each.message, choices[each.workspace])) for each in plan.problems)
    return replace(plan, pages=tuple(map(of_page, plan.pages)), problems=tuple(problems))


def _raise_if_outdated(plan: Plan, workspaces: Iterable[Workspace]) -> None:
    """Raise an error if a data file has changed since the plan was made: the plan would undo the newer edit."""
    revisions = {scope.workspace: scope.revision for scope in plan.scopes}
    written = {page.workspace for page in plan.page_writes}
    for workspace in workspaces:
        if workspace.name in written and workspace.shared_data.revision() != revisions[workspace.name]:
            raise OutdatedPlanError(
                f"the plan was made from revision {revisions[workspace.name]} of {workspace.data_path}, which has "
                "changed since; nothing was written: plan again"
            )


def _raise_if_too_old(plan: Plan, now: datetime, safety: SafetySettings, locate: Locate) -> None:
    age = now - plan.created
    if age > timedelta(days=safety.max_plan_age):
        raise OutdatedPlanError(
            f"the plan is {age / timedelta(days=1):.1f} days old, more than {safety.max_plan_age:g} "
            f"({locate('max_plan_age')}); nothing was written: plan again, and review the new plan"
        )
    if age < -MAX_DIFFERENCE:
        raise OutdatedPlanError(
            f"the plan was made at {plan.created:%Y-%m-%d %H:%M %Z}, which is in the future of the wiki's clock; "
            "nothing was written: correct the clock of the machine that made it, and plan again"
        )


def _raise_if_not_rendered(plan: Plan, assignments: Iterable[Assignment]) -> None:
    """Raise an error for the first text of the plan that the data file does not render to: it may be forged."""
    wanted = {
        (assignment.workspace, target.page_id, region.marker): (assignment, region)
        for assignment in assignments
        for target in assignment.targets
        for region in target.regions
    }
    for page in plan.page_writes:
        for change in page.changes:
            if change.action is Action.NONE and not change.uploads:
                continue
            found = wanted.get((page.workspace, page.id, change.marker))
            _raise_if_other_files(page, change, found[1].files if found else ())
            if found is None or not _is_rendered(change, *found, space_key=page.space_key):
                raise OutdatedPlanError(
                    f"page {page.title!r}, region {change.region!r}: the plan has another text than the data file of "
                    f"workspace {page.workspace!r} renders to now, or writes it elsewhere; nothing was written: plan "
                    "again, and review the new plan"
                )


def _raise_if_other_files(page: PagePlan, change: Change, files: Sequence[WantedFile]) -> None:
    """Raise an error for a file of the plan that the region does not need."""
    needed = {(file.name, file.sha256, file.size) for file in files}
    for upload in change.uploads:
        if (upload.name, upload.sha256, upload.size) not in needed:
            raise OutdatedPlanError(
                f"page {page.title!r}, region {change.region!r}: the plan uploads a file {upload.name!r} that the data "
                f"file of workspace {page.workspace!r} does not name; nothing was written: plan again"
            )


def _is_rendered(change: Change, assignment: Assignment, region: WantedRegion, *, space_key: str) -> bool:
    if change.region != change.marker.name or change.place != region.place or region.text is None:
        return False
    if change.own is not None and not _keeps_blocks_of_people(change, change.own):
        return False
    if is_same(change.own_desired, region.text, space_key=space_key):
        return True
    move = assignment.news_move
    is_interim = move is not None and change.region == move.older_region
    return is_interim and move is not None and is_same(change.desired, move.interim(), space_key=space_key)


def _keeps_blocks_of_people(change: Change, own: OwnBlocks) -> bool:
    """Return whether the blocks of people in the plan are those of its live text, which the page must have."""
    if change.live is None or change.last_applied is None:
        return False
    is_found = find_own_blocks(change.live, change.last_applied) == own
    return is_found and change.desired == own.around(change.own_desired)


def _read_upload(workspaces: Mapping[str, Workspace], page: PagePlan, upload: Upload) -> bytes:
    from bot.operations.news_files import read_bytes

    file = NewsFile(name=upload.name, size=upload.size, sha256=upload.sha256)
    return read_bytes(workspaces[page.workspace].data_path, file)


def _check_names(workspaces: Iterable[Workspace], take_over: frozenset[str]) -> None:
    """Raise an error for an unknown region name, which would otherwise be ignored silently."""
    known = {OLDER_NEWS, *(name for workspace in workspaces for name in workspace.settings.regions)}
    strangers = sorted(take_over - known - {EVERY_REGION})
    if strangers:
        hint = did_you_mean(strangers[0], known)
        raise BotError(f"no region is named {', '.join(strangers)}{hint}; regions: {', '.join(sorted(known))}, or all")


def _find_homes(gateway: WikiGateway, workspaces: Iterable[Workspace], plan: Plan) -> dict[str, str]:
    """Return the home page id of each workspace of *plan*, according to the current settings."""
    homes: dict[str, str] = {}
    configured = {workspace.name: workspace for workspace in workspaces}
    for name in {page.workspace for page in plan.page_writes}:
        if name not in configured:
            raise BotError(f"the plan writes workspace {name!r}, which the settings do not have")
        data = configured[name].load_data_file().data
        homes[name] = configured[name].page_finder(gateway, data).get_id(data.workspace.home)
    return homes


def _log(report: ApplyReport, plan: Plan) -> None:
    from bot.sync.plan_file import plan_digest

    for page in report.pages:
        for reason in page.reasons:
            logger.warning("{}: {}: {}", page.title, page.result, reason)
        for remark in page.remarks:
            logger.warning("{}: {}", page.title, remark)
    for reason in report.stopped:
        logger.warning("stopped: {}", reason)
    for reason in (*report.halted, *report.refused):
        logger.warning("{}", reason)
    if report.postponed:
        logger.warning("{} left for the next run (safety.max_writes)", counted(len(report.postponed), "page"))
    logger.info("wrote {} of plan {}", counted(report.count(Result.WRITTEN), "page"), plan_digest(plan))
