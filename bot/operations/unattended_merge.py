"""Merge what people changed on pages into the data files, as far as nothing is in dispute (`merge: auto`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.advice import complete
from bot.config.policy import SafetySettings
from bot.errors import BotError
from bot.log import logger
from bot.operations.workspace import Workspace
from bot.sync.drift import Verdict
from bot.sync.plan import Change, PagePlan, Plan
from bot.wiki.gateway import WikiGateway

if TYPE_CHECKING:
    from bot.operations.adoption import Adoption


@dataclass(frozen=True, slots=True)
class PageMerge:
    """What a run merged on one page, or why not: *version* is None if nothing was written.

    *people* are those whose text it is, *taken* describes the text. *open* has a message for each region that was left,
    or was merged only in part.
    """

    workspace: str
    page_id: str
    title: str
    version: int | None
    regions: tuple[str, ...]
    people: tuple[str, ...]
    taken: tuple[str, ...]
    open: dict[str, str]

    def __str__(self) -> str:
        """Describe what was merged, in one line."""
        by = f" by {', '.join(self.people)}" if self.people else ""
        taken = f": {'; '.join(self.taken)}" if self.taken else ""
        return f"merged {', '.join(self.regions)}{by} on {self.title} (version {self.version}){taken}"


def merge_pages(
    gateway: WikiGateway, workspaces: Iterable[Workspace], safety: SafetySettings, plan: Plan, *, now: datetime
) -> list[PageMerge]:
    """Merge the regions of *plan* for which the settings say so, each page in one version and one adoption.

    A page that cannot be merged now is left as it is; the reason is in the result.
    """
    by_name = {workspace.name: workspace for workspace in workspaces}
    merges = []
    for page in plan.pages:
        changes = [change for change in page.changes if _is_mergeable(change)]
        if changes and page.workspace in by_name:
            merges.append(_merge(gateway, by_name[page.workspace], safety, page, changes, now))
    for merge in merges:
        if merge.version is not None:
            logger.info("{}", merge)
    return merges


def with_open(plan: Plan, merges: Sequence[PageMerge]) -> Plan:
    """Return *plan* with the reasons why regions were not merged, or only in part."""
    notes = {(merge.workspace, merge.page_id, region): note for merge in merges for region, note in merge.open.items()}

    def explain(page: PagePlan, change: Change) -> Change:
        note = notes.get((page.workspace, page.id, change.region))
        return replace(change, note=note) if note and _is_mergeable(change) else change

    pages = (replace(page, changes=tuple(explain(page, each) for each in page.changes)) for page in plan.pages)
    return replace(plan, pages=tuple(pages))


def _is_mergeable(change: Change) -> bool:
    return (
        change.merges
        and change.needs_a_person
        and change.verdict in (Verdict.DRIFTED, Verdict.CONFLICT)
        and change.live is not None
        and bool(change.edits)
    )


def _merge(
    gateway: WikiGateway,
    workspace: Workspace,
    safety: SafetySettings,
    page: PagePlan,
    changes: Sequence[Change],
    now: datetime,
) -> PageMerge:
    from bot.operations.adoption import plan_merge
    from bot.operations.adoption_commit import carry_out_adoption

    names = [change.region for change in changes]
    try:
        adoption = plan_merge(gateway, workspace, page.id, names, now=now)
        version = carry_out_adoption(gateway, safety, adoption)
    except BotError as error:
        note = complete(f"not merged: {error}", workspace.choice)
        return PageMerge(workspace.name, page.id, page.title, None, (), (), (), dict.fromkeys(names, note))
    return PageMerge(
        workspace.name,
        page.id,
        page.title,
        None if version is None else version.number,
        tuple(adoption.texts),
        adoption.people,
        tuple(words for taken in adoption.taken.values() for words in taken),
        {change.region: complete(_explain(adoption, change), workspace.choice) for change in changes},
    )


def _explain(adoption: "Adoption", change: Change) -> str:
    """Return why a region waits for a person after the merge."""
    people = ", ".join(dict.fromkeys(edit.author for edit in change.edits))
    refusals = [refusal.reason for refusal in adoption.refusals if refusal.region == change.region]
    disputes = [str(dispute) for dispute in adoption.open.get(change.region, ())]
    if not (refusals or disputes):
        return "the bot has no record of a common text of page and data file; `wikibot adopt` merges the two"
    reasons = "; ".join((*refusals, *disputes))
    return f"not merged, because only a person can decide ({people}): {reasons}; `wikibot adopt` asks about each"
