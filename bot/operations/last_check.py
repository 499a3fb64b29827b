"""What the last check of each workspace found: the plan that is left, for those who look without asking the wiki."""

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from bot.errors import BotError
from bot.file_format import FileDocument, FileFormatError
from bot.files import read_file, replace_file
from bot.log import logger
from bot.operations.workspace import Folders, Workspace
from bot.sync.apply import ApplyReport, Result
from bot.sync.drift import Verdict
from bot.sync.plan import Change, PagePlan, Plan, Scope


class LastCheckFile(FileDocument):
    """`checks/NAME.json`: what the last check of the workspace NAME found.

    The file can be deleted; the next check makes it again.
    """

    KIND: ClassVar[str] = "wikibot-check"

    format: Literal["wikibot-check/1"] = "wikibot-check/1"
    """Format of the file."""
    at: datetime | None
    """Time of the check; null if the pages were only adopted so far."""
    regions: int
    """The number of regions that were compared."""
    plan: str | None = None
    """The plan that is left to do, as a sealed plan file; null if all is in sync and there is nothing to say."""
    written: dict[str, datetime] = Field(default_factory=dict)
    """Region → time of the last write that this bot knows."""
    revision: str = ""
    """Revision of the data file that was compared."""
    pages: dict[str, str] = Field(default_factory=dict)
    """Region → address of a page on which this bot wrote it; of several pages, the home page."""


class LastCheck:
    """The plan that is left after the last check of *workspace*, and the verdict on each of its regions.

    *pages* has the address of a page for each region that this bot wrote, *revision* is that of the data file.
    """

    def __init__(self, workspace: Workspace, at: datetime, plan: Plan, file: LastCheckFile) -> None:
        self.workspace, self.at, self.plan, self.written = workspace, at, plan, file.written
        self.pages, self.revision = file.pages, file.revision

    def changes(self, region: str) -> tuple[Change, ...]:
        """Return what is not in sync in a region, for each page that has it."""
        return tuple(change for page in self.plan.pages for change in page.changes if change.region == region)

    def verdict(self, region: str) -> Verdict:
        """Return the verdict on a region; of several pages, the one that needs a person most."""
        order = [Verdict.CONFLICT, Verdict.DRIFTED, Verdict.UNMANAGED, Verdict.BEHIND]
        found = {change.verdict for change in self.changes(region)}
        return next((verdict for verdict in order if verdict in found), Verdict.IN_SYNC)


def keep_check(folders: Folders, plan: Plan, now: datetime, report: ApplyReport | None = None) -> None:
    """Record for each workspace of *plan* what is left of it after *report*.

    A disk that does not allow this is logged: no write to the wiki depends on the record.
    """
    left, done = _left(plan, report or ApplyReport()), _written_regions(report or ApplyReport())
    for scope in plan.scopes:
        path = _path(folders, scope.workspace)
        before = _read(path)
        written = {**(before.written if before else {}), **dict.fromkeys(done.get(scope.workspace, ()), now)}
        own = replace(
            left,
            scopes=(scope,),
            pages=tuple(page for page in left.pages if page.workspace == scope.workspace),
            problems=tuple(problem for problem in left.problems if problem.workspace == scope.workspace),
        )
        pages = {**(before.pages if before else {}), **_addresses(report or ApplyReport(), scope.workspace)}
        try:
            text = _seal(own, folders) if _says_something(own) else None
            file = LastCheckFile(
                at=now, regions=scope.regions, plan=text, written=written, revision=scope.revision, pages=pages
            )
            text = json.dumps(file.content(), ensure_ascii=False) + "\n"
            replace_file(path, text.encode(), is_private=True)
        except (OSError, BotError) as error:
            logger.warning("{}: what the check found cannot be recorded: {}", path, error)


def find_last_check(workspace: Workspace) -> LastCheck | None:
    """Return the last check of a workspace; None if there was none, or if its record cannot be used."""
    file = _read(_path(workspace.folders, workspace.name))
    if file is None or file.at is None:
        return None
    if file.plan is None:
        scope = Scope(workspace.name, "", pages=0, regions=file.regions)
        return LastCheck(workspace, file.at, Plan("", file.at, (scope,)), file)
    from bot.operations.plan_seal import read_plan

    try:
        plan = read_plan(file.plan, workspace.folders.state, digest=None)
    except BotError:
        return None
    return LastCheck(workspace, file.at, plan, file)


def find_written(workspace: Workspace) -> Mapping[str, datetime]:
    """Return for each region of a workspace when this bot wrote it last, as far as it is known."""
    file = _read(_path(workspace.folders, workspace.name))
    return {} if file is None else file.written


def note_adopted(
    workspace: Workspace, page_id: str, regions: Iterable[str], at: datetime, *, still_open: Container[str] = ()
) -> None:
    """Record that an adoption wrote *regions* of a page; those that are not *still_open* need nobody any more.

    A disk that does not allow this is logged.
    """
    path = _path(workspace.folders, workspace.name)
    before = _read(path) or LastCheckFile(at=None, regions=0)
    file = before.replaced(written=before.written | dict.fromkeys(regions, at))
    check = find_last_check(workspace)
    settled = {region for region in regions if region not in still_open}
    try:
        if check is not None and before.plan is not None:
            left = _without(check.plan, page_id, settled)
            file = file.replaced(plan=_seal(left, workspace.folders) if _says_something(left) else None)
        replace_file(path, (json.dumps(file.content(), ensure_ascii=False) + "\n").encode(), is_private=True)
    except (OSError, BotError) as error:
        logger.warning("{}: what was written cannot be recorded: {}", path, error)


def _without(plan: Plan, page_id: str, regions: Container[str]) -> Plan:
    """Return *plan* without what it says about *regions* of a page."""

    def is_left(page: PagePlan, change: Change) -> bool:
        return page.id != page_id or change.region not in regions

    pages = (
        replace(page, changes=tuple(change for change in page.changes if is_left(page, change))) for page in plan.pages
    )
    return replace(plan, pages=tuple(page for page in pages if any(map(_is_out_of_sync, page.changes))))


def _is_out_of_sync(change: Change) -> bool:
    return change.verdict is not Verdict.IN_SYNC


def _says_something(plan: Plan) -> bool:
    return bool(plan.pages or plan.problems or plan.notices or plan.drafts or plan.attention)


def _seal(plan: Plan, folders: Folders) -> str:
    from bot.operations.plan_seal import write_plan  # a run without changes does not need it

    return write_plan(plan, folders.state)


def _path(folders: Folders, workspace: str) -> Path:
    return folders.state / "checks" / f"{workspace}.json"


def _read(path: Path) -> LastCheckFile | None:
    try:
        return LastCheckFile.parse(read_file(path))
    except (OSError, FileFormatError):
        return None


def _left(plan: Plan, report: ApplyReport) -> Plan:
    """Return *plan* without what is done."""
    done = {(page.workspace, page.id): page for page in report.pages}
    pages = []
    for page in plan.pages:
        found = done.get((page.workspace, page.id))
        changes = page.changes
        if found is not None and found.result is Result.UNCHANGED:
            changes = tuple(change for change in changes if change not in page.writes)
        elif found is not None and found.result is Result.WRITTEN:
            changes = tuple(change for change in changes if change.region not in found.regions)
        if any(map(_is_out_of_sync, changes)):
            pages.append(replace(page, changes=changes))
    return replace(plan, pages=tuple(pages))


def _addresses(report: ApplyReport, workspace: str) -> dict[str, str]:
    """Return the address of the first page of *workspace* on which each region was written; the home page is first."""
    found: dict[str, str] = {}
    for page in report.pages:
        if page.result is Result.WRITTEN and page.workspace == workspace:
            found = {**dict.fromkeys(page.regions, page.url), **found}
    return found


def _written_regions(report: ApplyReport) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for page in report.pages:
        if page.result is Result.WRITTEN:
            found.setdefault(page.workspace, set()).update(page.regions)
    return found
