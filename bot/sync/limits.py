"""The safety limits of an unattended run: how much a plan may change, in all and in each workspace (pure).

A limit counts distinct changes: one new text of a region is one change, on however many pages it is written. Pages that
the bot has never written do not count, because only a review lets them be written.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from bot.config.policy import SafetySettings
from bot.errors import UnsafePlanError
from bot.plural import counted
from bot.sync.drift import digest_of
from bot.sync.plan import Plan, Scope

Locate = Callable[[str], str]
"""Returns where a key of `safety` is set, for messages."""
_MIN_SIZE_SHARE = 0.5
_MIN_SIZE_CHARACTERS = 200
"""If the live text is at least this long and would lose more than half, the data file may be truncated."""
_MIN_REPLACED_LINES = 20
_ADVICE = (
    "review the plan with `wikibot plan --out FILE` and carry it out with `wikibot apply --plan FILE`, raise the "
    "limit, or use --force once"
)


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that a plan exceeds; *workspace* is the workspace that exceeds it, or None for the whole plan."""

    message: str
    workspace: str | None = None


def name_limit(key: str) -> str:
    """Return the name of a key of `safety`, where its place is unknown."""
    return f"`safety.{key}`"


def find_excesses(plan: Plan, limits: SafetySettings, locate: Locate = name_limit) -> Iterator[Excess]:
    """Yield the limits that *plan* exceeds."""
    changed = {workspace: len(list(keys)) for workspace, keys in groupby(sorted(_changes(plan)), lambda key: key[0])}
    managed = {scope.workspace: scope.distinct_regions for scope in plan.scopes}
    known = sum(1 for regions in managed.values() if regions)
    yield from _check_share(sum(changed.values()), sum(managed.values()), "managed region", limits, locate)
    yield from _check_share(len(changed), known, "workspace", limits, locate)
    for scope in plan.scopes:
        for message in _check_workspace(scope, changed, limits, locate):
            yield Excess(message, scope.workspace)


def raise_if_unsafe(plan: Plan, limits: SafetySettings, locate: Locate = name_limit) -> dict[str, str]:
    """Return the workspaces that may not be written, each with the reason.

    Raises `UnsafePlanError` if that concerns the whole plan, or every workspace that it writes.
    """
    excesses = list(find_excesses(plan, limits, locate))
    refused: dict[str, list[str]] = {}
    for excess in excesses:
        refused.setdefault(excess.workspace or "", []).append(excess.message)
    written = {page.workspace for page in plan.page_writes}
    if excesses and ("" in refused or written <= refused.keys()):
        reasons = "; ".join(excess.message for excess in excesses)
        raise UnsafePlanError(f"{reasons}. Nothing was written; {_ADVICE}")
    return {name: f"{'; '.join(messages)}; {_ADVICE}" for name, messages in refused.items() if name in written}


def _changes(plan: Plan) -> set[tuple[str, str, str]]:
    """Return the distinct changes: workspace, region and digest of the new text."""
    return {
        (page.workspace, change.region, digest_of(change.own_desired))
        for page in plan.page_writes
        if not page.is_first_run
        for change in page.writes
    }


def _check_share(count: int, of: int, noun: str, limits: SafetySettings, locate: Locate) -> Iterator[Excess]:
    if count > limits.max_changed_regions and count > limits.max_changed_share * of:
        yield Excess(
            f"{count} of {counted(of, noun)} would change, which is more than {limits.max_changed_regions} "
            f"({locate('max_changed_regions')}) and more than {limits.max_changed_share:.0%} "
            f"({locate('max_changed_share')})"
        )


def _check_workspace(scope: Scope, changed: Mapping[str, int], limits: SafetySettings, locate: Locate) -> Iterator[str]:
    name = scope.workspace
    for excess in _check_share(changed.get(name, 0), scope.distinct_regions, "region", limits, locate):
        yield f"workspace {name!r}: {excess.message}"
    if scope.live_characters >= _MIN_SIZE_CHARACTERS and (
        scope.desired_characters < _MIN_SIZE_SHARE * scope.live_characters
    ):
        yield (
            f"the data file of workspace {name!r} says {scope.desired_characters} characters where its page says "
            f"{scope.live_characters}; it may be cut or empty"
        )
    if scope.replaced_lines >= _MIN_REPLACED_LINES and (
        scope.replaced_lines > limits.max_replaced_share * scope.live_lines
    ):
        yield (
            f"the data file of workspace {name!r} replaces {scope.replaced_lines} of the {scope.live_lines} lines that "
            f"its pages say, which is more than {limits.max_replaced_share:.0%} ({locate('max_replaced_share')}); it "
            "may be the wrong file"
        )
