"""Render the report on a period of captures as Markdown, or as a self-contained HTML page (pure)."""

from bot.plural import counted
from bot.present import chart
from bot.present.environment import render
from bot.snapshot.archive.proof import Proof
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import Report

_BLOCKS = "▁▂▃▄▅▆▇█"


def report_as_markdown(report: Report) -> str:
    """Return the report as Markdown, with a chart of block characters."""
    return render("period_report.md", **_values(report), sparkline=_sparkline(report))


def report_as_html(report: Report) -> str:
    """Return the report as an HTML page that loads no external resources."""
    return render(
        "period_report.html",
        **_values(report),
        chart=chart.build_chart(report.bars),
        series=chart.SERIES,
        chart_width=chart.WIDTH,
        chart_height=chart.HEIGHT,
        chart_left=chart.LEFT,
        chart_floor=chart.FLOOR,
    )


def _values(report: Report) -> dict[str, object]:
    return {
        "report": report,
        "verdicts": state_verdicts(report),
        "totals": _totals(report),
        "lists": [
            ("Missing", report.troubles),
            ("Not captured", report.not_capturable),
            ("Holds", report.holds),
            ("Changes", report.pages),
        ],
    }


def state_verdicts(report: Report) -> list[tuple[bool, str]]:
    """Return what the check and the last run of the period say, each with whether it is good."""
    chain = f"{report.proof}: every file agrees with the lists and the log."
    if not report.is_consistent:
        chain = f"The check has {counted(len(report.findings), 'finding')}; the first is {report.findings[0]}."
    last = "The last capture" if report.period == str(Period()) else "The last run of the period"
    complete = f"{last} has every page that it expected."
    if not report.runs:
        complete = "No run changed anything in the period."
    elif report.runs[-1].missing:
        complete = f"{last} was not complete: {counted(report.runs[-1].missing, 'shortfall')}."
    elif not report.is_complete:
        complete = f"Nothing is known to be missing from {last.lower()}, but its completeness is unconfirmed."
    is_unchecked = report.is_signed and report.proof is Proof.CONSISTENT
    signed = "The head is signed." if report.is_signed else "The head is not signed: nothing proves who wrote it."
    if is_unchecked:
        signed = "The head has a signature, but no key was given to check it: nothing proves who wrote it."
    return [
        (report.is_consistent, chain),
        (report.is_complete, complete),
        (report.is_signed and not is_unchecked, signed),
    ]


def _totals(report: Report) -> list[tuple[str, int]]:
    return [
        ("In the snapshots", report.pages_held),
        ("Captured for the first time", report.captured),
        ("Changed", report.changed),
        ("Gone from the wiki", report.gone),
        ("Redacted", report.redacted),
        ("Missing", report.missing),
        ("Left out, because only some people may read them", report.left_out),
    ]


def _sparkline(report: Report) -> str:
    totals = [bar.captured + bar.changed + bar.gone + bar.missing for bar in report.bars]
    top = max(totals, default=0) or 1
    return "".join(_BLOCKS[round(total / top * (len(_BLOCKS) - 1))] for total in totals)
