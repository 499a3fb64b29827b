"""Plans for tests."""

import datetime as dt
from typing import Any

from bot.storage.regions import Marker
from bot.sync.drift import LastApplied, ManualEdit, Verdict, digest_of
from bot.sync.plan import Action, Change, PagePlan, Plan, PlanProblem, Scope

NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


def change(region: str = "news", **values: Any) -> Change:
    defaults: dict[str, Any] = {
        "marker": Marker(region),
        "verdict": Verdict.BEHIND,
        "action": Action.WRITE,
        "desired": "<p>new words</p>",
        "live": "<p>old words</p>",
        "last_applied": LastApplied(3, "<p>old words</p>", digest_of("<p>old words</p>")),
    }
    return Change(region=region, **(defaults | values))


def page(*changes: Change, page_id: str = "7", title: str = "Home", **values: Any) -> PagePlan:
    return PagePlan("ws2", page_id, title, f"http://wiki.test/pages/{page_id}", 4, changes, "9c0ffee12345", **values)


def plan(*pages: PagePlan, regions: int = 3, **values: Any) -> Plan:
    defaults: dict[str, Any] = {
        "wiki": "http://wiki.test",
        "created": NOW,
        "scopes": (Scope("ws2", "9c0ffee12345", max(len(pages), 1), regions),),
    }
    return Plan(pages=pages, **(defaults | values))


def drifted(region: str = "status", **values: Any) -> Change:
    edit = ManualEdit(5, NOW, "Ana Núñez", "small fix")
    defaults: dict[str, Any] = {
        "verdict": Verdict.DRIFTED,
        "action": Action.NONE,
        "desired": "<p>as agreed</p>",
        "live": "<p>as Ana likes it</p>",
        "last_applied": LastApplied(3, "<p>as agreed</p>", digest_of("<p>as agreed</p>")),
        "edits": (edit,),
        "note": "people changed it",
    }
    return change(region, **(defaults | values))


def problem(message: str = "is broken", **values: Any) -> PlanProblem:
    return PlanProblem("ws2", "Home", message, **values)
