"""Compare a plan from a file with the plan that the bot makes now: only what both say is written. Pure."""

from dataclasses import replace

from bot.errors import OutdatedPlanError
from bot.storage.meaning import is_same
from bot.sync.apply import PageReport, Result
from bot.sync.news_moves import describe_unmet
from bot.sync.plan import Action, Change, PagePlan, Plan
from bot.sync.plan_file import PlannedChange, PlannedPage

_PAGE_FIELDS = ("title", "url", "space_key", "revision", "is_first_run")
_CHANGE_FIELDS = ("verdict", "policy", "place", "notify", "is_repair", "is_waiting", "last_applied", "own")


def names_of_writes(plan: Plan) -> frozenset[str]:
    """Return the regions that *plan* writes: a person has reviewed that they are written."""
    return frozenset(change.region for page in plan.page_writes for change in page.writes)


def confirm_plan(plan: Plan, current: Plan) -> tuple[Plan, tuple[PageReport, ...]]:
    """Return *plan* with the values of *current* wherever a region is as it was when *plan* was made.

    The reports are about regions that the bot does not write now, for example because a page that has to be written
    first is excluded. Raises `OutdatedPlanError` for the first value that differs although the region of the page is
    the same. A region that changed since is left as it is in *plan*: it is not written, because the live text is
    another.
    """
    confirmed = [_confirm_page(page, current) if page.writes or page.uploads else page for page in plan.pages]
    reports = (
        PageReport(page.workspace, page.id, page.title, page.url, Result.SKIPPED, reasons=(_explain(was, now),))
        for old, page in zip(plan.pages, confirmed, strict=True)
        for was, now in zip(old.changes, page.changes, strict=True)
        if now.action is Action.NONE and was.action is not Action.NONE
    )
    return replace(plan, pages=tuple(confirmed)), tuple(reports)


def _explain(was: Change, now: Change) -> str:
    return describe_unmet(was.requires) if was.requires else f"{now.region}: {now.note}"


def _confirm_page(page: PagePlan, current: Plan) -> PagePlan:
    twins = [each for each in current.pages if (each.workspace, each.id) == (page.workspace, page.id)]
    for twin in twins:
        if twin.base_version == page.base_version:
            _compare(page, twin, _PAGE_FIELDS, page.title)
    changes = tuple(
        _confirm_change(each, page, twins) if each.action is not Action.NONE or each.uploads else each
        for each in page.changes
    )
    first = twins[0] if twins else page
    return replace(page, title=first.title, url=first.url, changes=changes)


def _confirm_change(change: Change, page: PagePlan, twins: list[PagePlan]) -> Change:
    """Return what the bot plans for the region now, if its live text is the one in the plan."""
    now = [each for twin in twins for each in twin.changes if each.marker == change.marker]
    same = [each for each in now if _has_same_live(each, change, page.space_key)]
    if not same:
        return change
    found = next((each for each in same if is_same(each.desired, change.desired, space_key=page.space_key)), same[0])
    about = f"{page.title}, region {change.region}"
    _compare(change, found, _CHANGE_FIELDS, about)
    if not is_same(found.desired, change.desired, space_key=page.space_key):
        raise _differs("desired", about)
    if found.action is Action.NONE and change.action is not Action.NONE:
        return found
    if not set(found.uploads) <= set(change.uploads):  # fewer, if an earlier run was interrupted after an upload
        raise _differs("uploads", about)
    if found.action is not change.action:
        raise _differs("action", about)
    if found.requires is not None and found.requires != change.requires:
        raise _differs("requires", about)
    known = tuple(text for text in change.lost_comments if text in found.lost_comments)
    return replace(found, lost_comments=known)


def _has_same_live(one: Change, other: Change, space_key: str) -> bool:
    if one.live is None or other.live is None:
        return one.live is other.live
    return is_same(one.live, other.live, space_key=space_key)


def _compare(planned: PagePlan | Change, current: PagePlan | Change, names: tuple[str, ...], about: str) -> None:
    """Compare what the plan file contains of two values; raises `OutdatedPlanError` for the first difference."""
    model = PlannedPage if isinstance(planned, PagePlan) else PlannedChange
    here, there = (model.taken_from(each) for each in (planned, current))
    for name in names:
        if getattr(here, name) != getattr(there, name):
            raise _differs(name, about)


def _differs(name: str, about: str) -> OutdatedPlanError:
    return OutdatedPlanError(
        f"{about}: `{name}` in the plan is not what the bot plans now; nothing was written: plan again, and review the "
        "new plan"
    )
