"""The plan as a file: JSON of a stable shape, bound by its digest (pure; its shape is told in docs/plan-file.md)."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.errors import BotError, PlanError
from bot.sync.drift import digest_of
from bot.sync.plan import Plan

FORMAT = "wikibot-plan/1"
_DERIVED = {"format", "digest", "summary"}
_DERIVED_OF_CHANGE = {"desired_digest", "live_digest"}
_PLAN = TypeAdapter(Plan)


def as_document(plan: Plan) -> dict[str, Any]:
    """Return the plan as values that JSON can hold."""
    content = _PLAN.dump_python(plan, mode="json")
    for page in content["pages"]:
        page["changes"] = [_with_digests(change) for change in page["changes"]]
    summary = {
        "pages_to_write": len(plan.page_writes),
        "regions_to_write": sum(len(page.writes) for page in plan.pages),
        "regions_in_dispute": len(plan.disputed),
        "problems": len(plan.problems),
    }
    return {"format": FORMAT, "digest": plan.digest, "summary": summary, **content}


def dump_plan(plan: Plan) -> str:
    """Return the plan file's text."""
    return json.dumps(as_document(plan), indent=2, ensure_ascii=False) + "\n"


def load_plan(text: str, *, digest: str | None = None) -> Plan:
    """Read a plan file. Raises `PlanError` when it is none, was changed by hand, or is not the one of *digest*."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PlanError(f"the plan file is not JSON: {error}; write one with `wikibot plan --out FILE`") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PlanError(f"the file is no plan of the format {FORMAT}; write one with `wikibot plan --out FILE`")
    try:
        plan = _PLAN.validate_python(_without_derived(document))
    except (ValidationError, BotError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(f"the plan file is damaged: {_first_line(error)}; make the plan again") from error
    if plan.digest != document.get("digest"):
        raise PlanError("the plan file was changed after it was written: its digest does not fit; make the plan again")
    check_digest(plan, digest)
    return plan


def check_digest(plan: Plan, digest: str | None) -> None:
    """Raise `PlanError` when a digest is given and it is not that of *plan*; its first 12 digits suffice."""
    if digest is None:
        return
    wanted = digest.removeprefix("sha256:").lower()
    if len(wanted) < 12 or not plan.digest.removeprefix("sha256:").startswith(wanted):
        raise PlanError(
            f"this is not the plan that was reviewed: its digest is {plan.digest}, not {digest}; review it again"
        )


def _with_digests(change: dict[str, Any]) -> dict[str, Any]:
    live = change["live"]
    return {
        **change,
        "desired_digest": digest_of(change["desired"]),
        "live_digest": None if live is None else digest_of(live),
    }


def _without_derived(document: Mapping[str, Any]) -> dict[str, Any]:
    content = {key: value for key, value in document.items() if key not in _DERIVED}
    content["pages"] = [
        {**page, "changes": [_without_digests(change) for change in page["changes"]]} for page in document["pages"]
    ]
    return content


def _without_digests(change: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in change.items() if key not in _DERIVED_OF_CHANGE}


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error)
