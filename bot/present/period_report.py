"""A report for people: Markdown, or a page of HTML that stands on its own. Pure."""

from collections.abc import Iterable, Sequence
from html import escape

from bot.present.chart import draw_chart
from bot.snapshot.archive.indexes import plain_markdown
from bot.snapshot.query.report import PageLine, Report

_BLOCKS = "▁▂▃▄▅▆▇█"

_STYLE = """
:root { --captured: #1a7f37; --changed: #0969da; --gone: #9a6700; --missing: #b42318; --ink: #1c1c1c; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --captured: #3fb950; --changed: #58a6ff; --gone: #d29922;
  --missing: #f85149; --ink: #e8e8e8; --paper: #16181c; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--paper); }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td { white-space: nowrap; } td.words { white-space: normal; overflow-wrap: anywhere; } code { overflow-wrap: anywhere; }
.good { color: var(--captured); } .bad { color: var(--missing); font-weight: 600; }
.chart { width: 100%; height: auto; font-size: 11px; } .chart text { fill: currentColor; }
.chart .axis { stroke: currentColor; opacity: .4; }
.captured { fill: var(--captured); } .changed { fill: var(--changed); }
.gone { fill: var(--gone); } .missing { fill: var(--missing); }
.key { list-style: none; padding: 0; display: flex; gap: 1.2rem; flex-wrap: wrap; }
.key svg { width: .8em; height: .8em; margin-right: .4em; }
@media print { body { margin: 0; max-width: none; } }
"""


def report_as_markdown(report: Report) -> str:
    """Return the report as Markdown, with a chart of block characters."""
    lines = [f"# Snapshots of {plain_markdown(report.origin)}, {report.period}", "", *_verdict_lines(report), ""]
    lines += ["| | Pages |", "|---|--:|", *(f"| {name} | {number} |" for name, number in _totals(report)), ""]
    if report.bars:
        lines += [f"`{_sparkline(report)}` {report.bars[0].label} to {report.bars[-1].label}", ""]
    if report.runs:
        lines += ["## Runs", "", "| Run | Day | Expected | Captured | Unchanged | Gone | Missing |"]
        lines += [
            "|--:|---|--:|--:|--:|--:|--:|",
            *(f"| {' | '.join(map(str, row))} |" for row in _run_rows(report)),
            "",
        ]
    lines += _markdown_list("Missing", report.troubles)
    lines += _markdown_list("Changes", report.pages)
    return "\n".join(lines).rstrip("\n") + "\n"


def report_as_html(report: Report) -> str:
    """Return the report as a page that needs nothing else."""
    title = escape(f"Snapshots of {report.origin}, {report.period}")
    verdicts = "".join(
        f'<li class="{"good" if is_good else "bad"}">{escape(text)}</li>' for is_good, text in _verdicts(report)
    )
    totals = "".join(f'<tr><th>{name}</th><td class="number">{number}</td></tr>' for name, number in _totals(report))
    head = f"<p>Head: <code>{report.head_digest}</code></p>" if report.head_digest else ""
    parts = [
        f"<h1>{title}</h1><ul>{verdicts}</ul>{head}<table>{totals}</table>",
        f"{draw_chart(report.bars)}{_key() if report.bars else ''}",
        _html_runs(report),
        _html_list("Missing", report.troubles),
        _html_list("Changes", report.pages),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f"<body>{_join(parts)}</body></html>\n"
    )


def _join(parts: list[str]) -> str:
    return "\n".join(part for part in parts if part)


def _verdicts(report: Report) -> list[tuple[bool, str]]:
    chain = "The chain is intact: every file is as it was captured."
    if not report.is_intact:
        chain = f"The check found {len(report.findings)} thing(s) wrong, first {report.findings[0]}."
    complete = "The last run of the period captured every page that it expected."
    if not report.runs:
        complete = "No run changed anything in the period."
    elif not report.is_complete:
        complete = f"The last run of the period left {report.runs[-1].missing} page(s) out."
    signed = "The head is signed." if report.is_signed else "The head is not signed: nothing proves who wrote it."
    return [(report.is_intact, chain), (report.is_complete, complete), (report.is_signed, signed)]


def _verdict_lines(report: Report) -> list[str]:
    lines = [f"- {text if is_good else f'**{text}**'}" for is_good, text in _verdicts(report)]
    return lines + ([f"- Head: `{report.head_digest}`"] if report.head_digest else [])


def _totals(report: Report) -> list[tuple[str, int]]:
    return [
        ("Held in all", report.pages_held),
        ("Captured for the first time", report.captured),
        ("Changed", report.changed),
        ("Gone from the wiki", report.gone),
        ("Redacted", report.redacted),
        ("Missing", report.missing),
    ]


def _sparkline(report: Report) -> str:
    totals = [bar.captured + bar.changed + bar.gone + bar.missing for bar in report.bars]
    top = max(max(totals), 1)
    return "".join(_BLOCKS[round(total / top * (len(_BLOCKS) - 1))] for total in totals)


def _run_rows(report: Report) -> Iterable[tuple[object, ...]]:
    return (
        (line.run, line.day, line.expected, line.captured, line.unchanged, line.gone, line.missing)
        for line in report.runs
    )


def _markdown_list(heading: str, lines: Sequence[PageLine]) -> list[str]:
    if not lines:
        return []
    items = (f"- {line.day}, run {line.run}, {line.kind}: {plain_markdown(line.detail)}" for line in lines)
    return [f"## {heading}", "", *items, ""]


def _html_runs(report: Report) -> str:
    if not report.runs:
        return ""
    names = ("Run", "Day", "Expected", "Captured", "Unchanged", "Gone", "Missing")
    heads = "".join(f'<th class="number">{name}</th>' if name != "Day" else f"<th>{name}</th>" for name in names)
    rows = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in _run_rows(report))
    return f"<h2>Runs</h2><table><tr>{heads}</tr>{rows}</table>"


def _html_cell(value: object) -> str:
    return f'<td class="number">{value}</td>' if isinstance(value, int) else f"<td>{value}</td>"


def _html_list(heading: str, lines: Sequence[PageLine]) -> str:
    if not lines:
        return ""
    rows = "".join(
        f"<tr><td>{line.day}</td><td>run {line.run}</td><td>{line.kind}</td>"
        f'<td class="words">{escape(line.detail)}</td></tr>'
        for line in lines
    )
    return f"<h2>{heading}</h2><table>{rows}</table>"


def _key() -> str:
    names = ("captured", "changed", "gone", "missing")
    square = '<svg viewBox="0 0 10 10" aria-hidden="true"><rect class="{}" width="10" height="10"/></svg>'
    items = "".join(f"<li>{square.format(name)}{name}</li>" for name in names)
    return f'<ul class="key">{items}</ul>'
