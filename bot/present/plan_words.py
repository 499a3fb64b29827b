"""The texts of a plan for people: verdicts, edits, comparisons, the summary (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from bot.escape import visible
from bot.plural import counted
from bot.storage.visible_text import lines_of
from bot.sync.drift import ManualEdit, Verdict
from bot.sync.plan import Action, Change, Plan
from bot.text_diff import DiffLine, diff_lines, split_source

_VERDICTS = {
    Verdict.IN_SYNC: "in sync",
    Verdict.BEHIND: "behind the data file",
    Verdict.DRIFTED: "changed on the page",
    Verdict.CONFLICT: "changed on the page and in the data file",
    Verdict.UNMANAGED: "not managed yet",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a region: the visible text, and the storage format."""

    caption: str
    seen: list[DiffLine]
    source: list[DiffLine]


def headline(change: Change) -> str:
    """Describe briefly the state of a region and what will be done."""
    verdict = _VERDICTS[change.verdict]
    match change.action:
        case Action.CREATE:
            return f"{verdict}; will be added at: {change.place}"
        case Action.WRITE if change.is_repair:
            return f"{verdict}; will be restored"
        case Action.WRITE:
            return f"{verdict}; will be written"
        case Action.NONE if change.uploads:
            return f"{verdict}; a file is uploaded"
        case _ if change.live is None:
            return "not on the page yet" if change.verdict is Verdict.UNMANAGED else f"{verdict}; missing on the page"
        case _:
            return verdict


def compare(change: Change) -> list[Comparison]:
    """Return the comparisons that a person needs to review a change."""
    comparisons = []
    has_people_changes = change.verdict in (Verdict.DRIFTED, Verdict.CONFLICT)
    if has_people_changes and change.last_applied is not None:
        comparisons.append(compare_texts("what people changed", change.last_applied.text, change.live or ""))
    if change.action is not Action.NONE:
        comparisons.append(compare_texts("what will change", change.live or "", change.desired))
    elif change.verdict is Verdict.CONFLICT and change.last_applied is not None:
        comparisons.append(compare_texts("what the data file changes", change.last_applied.text, change.desired))
    elif change.verdict in (Verdict.CONFLICT, Verdict.UNMANAGED, Verdict.BEHIND):
        comparisons.append(compare_texts("what the data file would change", change.live or "", change.desired))
    return comparisons


def describe_edit(edit: ManualEdit) -> str:
    """Describe who changed a region, when, and in which version."""
    when = edit.when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    doubt = "" if edit.is_certain else "perhaps "
    message = f": {edit.message}" if edit.message else ""
    return f"{doubt}{edit.author}, {when}, version {edit.version}{message}"


def describe_lost_comments(change: Change) -> list[str]:
    """List the inline comments that lose their place."""
    named = [f"the inline comment of {orphan} loses its place in the text" for orphan in change.orphans]
    return named or [f"the inline comment on “{words}” loses its place in the text" for words in change.lost_comments]


def summarise(plan: Plan) -> str:
    """Summarise the plan on one line."""
    regions = sum(len(page.writes) for page in plan.pages)
    parts = [
        f"{regions} of {counted(plan.managed_regions, 'region')} to write on {counted(len(plan.page_writes), 'page')}"
    ]
    if plan.disputed:
        parts.append(f"{len(plan.disputed)} waiting for a person")
    if plan.attention:
        parts.append(f"{counted(len(plan.attention), 'message')} for a person")
    if plan.problems:
        parts.append(counted(len(plan.problems), "problem"))
    uploads = sum(len(page.uploads) for page in plan.pages)
    if uploads:
        parts.append(f"{counted(uploads, 'file')} to upload")
    if regions == 0 and len(parts) == 1:
        pages = sum(scope.pages for scope in plan.scopes)
        return f"in sync: {counted(plan.managed_regions, 'region')} on {counted(pages, 'page')}"
    return ", ".join(parts)


def compare_texts(caption: str, before: str, after: str) -> Comparison:
    """Compare two texts in storage format, line by line and word by word."""
    return Comparison(
        caption, _diff(lines_of(before), lines_of(after)), _diff(split_source(before), split_source(after))
    )


def _diff(before: Sequence[str], after: Sequence[str]) -> list[DiffLine]:
    return diff_lines([visible(line) for line in before], [visible(line) for line in after])
