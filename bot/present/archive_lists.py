"""Lists about snapshots as CSV (pure)."""

from collections.abc import Iterable
from dataclasses import astuple

from bot.present.csv_table import csv_table
from bot.snapshot.query.report import Report
from bot.snapshot.query.search import Hit
from bot.snapshot.query.timeline import Timeline
from bot.snapshot.verify.verification import Verification

_REPORT_HEADINGS = ("list", "run", "day", "kind", "detail", "expected", "captured", "unchanged", "gone", "missing")


def hits_as_csv(hits: Iterable[Hit]) -> str:
    """Return the hits of a search."""
    rows = ((hit.page_id, hit.title, hit.path, hit.status, hit.plain_snippet) for hit in hits)
    return csv_table(("page_id", "title", "path", "status", "snippet"), rows)


def history_as_csv(timeline: Timeline) -> str:
    """Return versions and events of a page, one after the other: the first column says which."""
    versions = ((held.version, bool(held.paths)) for held in timeline.versions)
    rows: list[tuple[object, ...]] = [
        ("version", each.number, each.when.isoformat(), "", each.author.display_name, each.message, is_held)
        for each, is_held in versions
    ]
    rows += [("event", each.run, each.when.isoformat(), each.type, "", each.detail, "") for each in timeline.happenings]
    return csv_table(("list", "number", "when", "type", "who", "what", "captured"), rows)


def report_as_csv(report: Report) -> str:
    """Return runs and lines of a report, one after the other: the first column says which."""
    rows: list[tuple[object, ...]] = []
    for run in report.runs:
        numbers = (run.expected, run.captured, run.unchanged, run.gone, run.missing)
        rows.append(("runs", run.run, run.day, run.verdict, run.detail, *numbers))
    lists = {
        "missing": report.troubles,
        "not captured": report.not_capturable,
        "holds": report.holds,
        "changes": report.pages,
    }
    for name, lines in lists.items():
        rows += [(name, *astuple(line), "", "", "", "", "") for line in lines]
    return csv_table(_REPORT_HEADINGS, rows)


def findings_as_csv(checked: Verification) -> str:
    """Return the findings of a verification."""
    return csv_table(("kind", "path", "message"), ((each.kind, each.path, each.message) for each in checked.findings))
