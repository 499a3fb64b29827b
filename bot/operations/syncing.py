"""Keep the pages in step with the data files: plan, apply, drift."""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from loguru import logger

from bot.content.model import Workspace
from bot.errors import BotError, PlanError, SettingsError
from bot.lock import InstanceLock
from bot.runtime import Runtime
from bot.settings import RegionSettings, WorkspaceSettings
from bot.storage_format.markers import Marker, MarkerKind
from bot.storage_format.placing import Place
from bot.sync.apply import ApplyReport, PageReport, Result, apply_plan
from bot.sync.drift import Policy, Verdict
from bot.sync.finder import PageFinder
from bot.sync.guard import Guard, GuardRules
from bot.sync.links import Link, LinkKind, LinkProblem, find_missing_attachments, iter_links, resolve_links
from bot.sync.memory import PageMemory
from bot.sync.plan import Limits, Plan, Problem
from bot.sync.survey import Assignment, SurveyRules, build_plan
from bot.sync.targets import RegionRule, choose_targets
from bot.wiki.gateway import WikiGateway


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """A plan and what became of it."""

    plan: Plan
    report: ApplyReport


def make_plan(runtime: Runtime, *, take_over: frozenset[str] = frozenset()) -> Plan:
    """Compare the pages of all chosen workspaces with their data files; writes nothing to the wiki.

    *take_over* names regions whose text on the page may be replaced although people changed it, or `all`. With several
    workspaces, one that cannot be read becomes a problem of the plan.
    """
    gateway = runtime.gateway()
    now = runtime.clock()
    safety = runtime.settings.safety
    assignments: list[Assignment] = []
    for workspace in runtime.workspaces:
        try:
            assignments.append(_assign(runtime, gateway, workspace, now))
        except BotError as error:
            if len(runtime.workspaces) == 1:
                raise
            problem = Problem(workspace.name, workspace.name, str(error))
            assignments.append(Assignment(workspace.name, "", (), (problem,)))
    rules = SurveyRules(take_over, safety.max_repairs_a_day, safety.exclude_label)
    return build_plan(gateway, assignments, rules, now=now)


def carry_out(
    runtime: Runtime,
    plan: Plan,
    *,
    is_reviewed: bool,
    force: bool = False,
    writes_over_drafts: bool = False,
    on_page: Callable[[PageReport], None] = lambda _: None,
) -> ApplyReport:
    """Write what *plan* says, and nothing else.

    *force* lifts the safety limits; *is_reviewed* lets the bot write pages that it has never written before. Raises
    `UnsafePlanError`, `LockedError`, `PlanError` (a plan for another wiki) before anything is written.
    """
    gateway = runtime.gateway(may_write=True)
    safety = runtime.settings.safety
    if plan.wiki != gateway.base_url:
        raise PlanError(f"the plan was made for {plan.wiki}, but the settings name {gateway.base_url}")
    if not force:
        plan.raise_if_unsafe(Limits(safety.max_changed_share, safety.max_changed_regions, safety.max_writes))
    if not plan.page_writes:
        return ApplyReport(plan.digest)
    with writer_lock(runtime, gateway.base_url):
        rules = GuardRules(
            _find_homes(runtime, gateway, plan),
            safety.stop_label,
            safety.exclude_label,
            safety.draft_wait_seconds,
            writes_over_drafts,
        )
        report = apply_plan(plan, gateway, Guard(gateway, rules), is_reviewed=is_reviewed, on_page=on_page)
    _log(report)
    return report


def sync(runtime: Runtime, *, force: bool = False) -> SyncOutcome:
    """Plan and apply unattended: pages that the bot has never written are only planned."""
    plan = make_plan(runtime)
    return SyncOutcome(plan, carry_out(runtime, plan, is_reviewed=False, force=force))


def find_drift(runtime: Runtime) -> Plan:
    """Return the part of the plan that tells what people changed inside regions."""
    plan = make_plan(runtime)
    kinds = {Verdict.DRIFTED, Verdict.CONFLICT}
    pages = (
        replace(page, changes=tuple(change for change in page.changes if change.verdict in kinds))
        for page in plan.pages
    )
    return replace(plan, pages=tuple(page for page in pages if page.changes))


def check_links(runtime: Runtime, workspace: WorkspaceSettings) -> list[LinkProblem]:
    """Return what is wrong with the page and attachment links of a workspace's data."""
    gateway = runtime.gateway()
    data = runtime.document(workspace).workspace
    finder = page_finder(runtime, gateway, data)
    links = list(iter_links(data))
    problems = [*resolve_links(links, finder).problems, *_check_attachments(gateway, finder, data, links)]
    finder.save()
    return problems


def _assign(runtime: Runtime, gateway: WikiGateway, workspace: WorkspaceSettings, now: dt.datetime) -> Assignment:
    """Put together what one workspace wants: texts, targets, and what is wrong with its links."""
    document = runtime.document(workspace)
    data = document.workspace
    finder = page_finder(runtime, gateway, data)
    links = list(iter_links(data))
    finder.expect((), wants_tree=any(region.also.under for region in workspace.regions.values()))
    resolved = resolve_links(links, finder)
    rules = [region_rule(runtime, workspace, name, region) for name, region in workspace.regions.items()]
    texts: dict[str, str | None] = {
        rule.marker.name: runtime.renderer.render(rule.marker.name, data, now=now, links=resolved)
        for rule in rules
        if getattr(data, rule.marker.name) is not None
    }
    targets, problems = choose_targets(
        gateway, finder, rules, texts, workspace=workspace.name, home=data.workspace.home
    )
    link_problems = [*resolved.problems, *_check_attachments(gateway, finder, data, links)]
    finder.save()
    return Assignment(
        workspace.name,
        document.revision,
        tuple(targets),
        tuple(problems),
        tuple(f"{document.path.name}: {problem}" for problem in link_problems),
        finder.find_again,
    )


def page_finder(runtime: Runtime, gateway: WikiGateway, data: Workspace) -> PageFinder:
    """Return what finds the pages that the data of a workspace speaks of."""
    space_key = data.workspace.space
    memory = PageMemory(runtime.state_dir / "pages.json", wiki=gateway.base_url, space_key=space_key)
    return PageFinder(gateway, space_key, memory)


def _check_attachments(
    gateway: WikiGateway, finder: PageFinder, data: Workspace, links: list[Link]
) -> list[LinkProblem]:
    if not any(link.kind is LinkKind.ATTACHMENT for link in links):
        return []
    names = [file.name for file in gateway.fetch_attachments(finder.get_id(data.workspace.home))]
    return find_missing_attachments(links, names)


def region_rule(runtime: Runtime, workspace: WorkspaceSettings, name: str, region: RegionSettings) -> RegionRule:
    if name not in Workspace.model_fields or name == "workspace":
        known = ", ".join(field for field in Workspace.model_fields if field != "workspace")
        raise SettingsError(f"{name!r} is no region; there are: {known}", path=runtime.settings.config_path)
    return RegionRule(
        marker=Marker(name, MarkerKind(region.marker), region.heading),
        policy=Policy(workspace.drift_policy(name)),
        place=_check_place(runtime, region.place),
        is_on_home=region.home,
        pages=region.also.pages,
        labels=region.also.labels,
        under=region.also.under,
    )


def _check_place(runtime: Runtime, place: str | None) -> str | None:
    """Return a place in the words of `Place.parse`; `before:HEADING` is short for `before heading HEADING`."""
    if place is None:
        return None
    side, colon, heading = place.partition(":")
    text = f"{side} heading {heading}" if colon and side in ("before", "after") else place
    try:
        Place.parse(text)
    except ValueError as error:
        raise SettingsError(str(error), path=runtime.settings.config_path) from error
    return text


def writer_lock(runtime: Runtime, wiki: str) -> InstanceLock:
    name = f"writer-{hashlib.sha256(wiki.encode()).hexdigest()[:12]}.lock"
    return InstanceLock(runtime.state_dir / name, purpose=f"writing to {wiki}")


def _find_homes(runtime: Runtime, gateway: WikiGateway, plan: Plan) -> dict[str, str]:
    """Return the home page id of each workspace of *plan*, as the settings have it now."""
    homes: dict[str, str] = {}
    configured = {workspace.name: workspace for workspace in runtime.settings.workspaces}
    for name in {page.workspace for page in plan.page_writes}:
        if name not in configured:
            raise PlanError(f"the plan writes workspace {name!r}, which the settings do not have")
        data = runtime.document(configured[name]).workspace
        homes[name] = page_finder(runtime, gateway, data).get_id(data.workspace.home)
    return homes


def _log(report: ApplyReport) -> None:
    for page in report.pages:
        for reason in page.reasons:
            logger.warning("{}: {}: {}", page.title, page.result, reason)
    for reason in report.stopped:
        logger.warning("stopped: {}", reason)
    logger.info("wrote {} page(s) of plan {}", report.count(Result.WRITTEN), report.digest)
