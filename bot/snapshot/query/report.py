"""Report what happened in a period: runs, pages, shortfalls, and whether the chain is valid."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from bot.snapshot.archive.events import LEFT_OUT, NOT_CAPTURABLE, PART, EventOutcome, EventType, LoggedEvent
from bot.snapshot.archive.holds import HeldPage, find_holds
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.proof import Proof
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.query.event_texts import EventTexts
from bot.snapshot.query.period import Period
from bot.snapshot.verify.verification import Verification

_LONG_DAYS = 62  # above two months, a bar is a week; above a year, a month
_VERY_LONG_DAYS = 366


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run: the expected pages and the outcome."""

    run: int
    day: date
    expected: int
    captured: int
    unchanged: int
    gone: int
    missing: int
    detail: str
    verdict: RunVerdict


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One event about a page."""

    run: int
    day: date
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart: how many pages were first captured, changed, gone or missing in its time span."""

    label: str
    captured: int
    changed: int
    gone: int
    missing: int


@dataclass(frozen=True, slots=True)
class Report:
    """The report on the snapshots in a period."""

    origin: str
    period: str
    pages_held: int
    captured: int
    changed: int
    gone: int
    redacted: int
    missing: int
    is_consistent: bool
    """Whether the check of the snapshots has no finding."""
    proof: Proof | None
    """What the check proves; None if it has findings."""
    findings: tuple[str, ...]
    head_digest: str | None
    is_signed: bool
    runs: tuple[RunLine, ...] = ()
    pages: tuple[ReportLine, ...] = ()
    troubles: tuple[ReportLine, ...] = ()
    not_capturable: tuple[ReportLine, ...] = ()
    """Whiteboards, databases and embeds that the last run of the period selected and cannot capture."""
    left_out: int = 0
    """Number of pages that the last run of the period left out, because only some people may read them."""
    holds: tuple[ReportLine, ...] = ()
    """Pages that were held, and so protected from redaction, at any time of the period."""
    bars: tuple[Bar, ...] = field(default=())

    @property
    def is_complete(self) -> bool:
        """Whether the last run of the period captured everything that it expected, and a second source agreed."""
        return not self.runs or self.runs[-1].verdict is RunVerdict.COMPLETE


def build_report(library: Library, checked: Verification, period: Period) -> Report:
    """Build the report from the log of *period*, and from *checked*, the verification of the snapshots."""
    logged = [entry for entry in library.iter_log() if period.contains(entry.when)]
    pages = [entry for entry in logged if entry.event.objects or "problem" in entry.event.facts]
    texts = EventTexts(library)
    kinds = Counter(_kind(entry) for entry in pages)
    runs = tuple(_run_line(entry, texts) for entry in _iter_runs(logged))
    return Report(
        origin=library.head.origin if library.head else "",
        period=str(period),
        pages_held=sum(1 for _ in library.iter_entries()),
        captured=kinds["captured"],
        changed=kinds["changed"],
        gone=kinds["gone"],
        redacted=kinds["redacted"],
        missing=kinds["missing"],
        is_consistent=checked.is_clean,
        proof=checked.proof,
        findings=tuple(f"{finding.path}: {finding.message}" for finding in checked.findings),
        head_digest=checked.head_digest,
        is_signed=bool(checked.head and checked.head.key),
        runs=runs,
        pages=tuple(_page_line(entry, texts) for entry in pages if _kind(entry) != "missing"),
        troubles=tuple(_page_line(entry, texts) for entry in pages if _kind(entry) == "missing"),
        not_capturable=_not_capturable(logged),
        left_out=next((_number(entry.event.facts, LEFT_OUT) for entry in reversed(logged) if _is_run(entry)), 0),
        holds=_holds(library, period),
        bars=_build_bars(pages, period),
    )


def _is_run(entry: LoggedEvent) -> bool:
    return entry.event.type is EventType.INGESTION and "expected" in entry.event.facts


def _iter_runs(logged: Sequence[LoggedEvent]) -> Iterator[LoggedEvent]:
    """Yield the event of each run; of a capture in parts the last one."""
    runs = [entry for entry in logged if _is_run(entry)]
    for number, entry in enumerate(runs, start=1):
        is_followed = number < len(runs)
        if PART not in entry.event.facts or not is_followed:
            yield entry


def _kind(entry: LoggedEvent) -> str:
    event = entry.event
    if event.outcome in (EventOutcome.FAILURE, EventOutcome.RESTRICTED):
        return "missing"
    match event.type:
        case EventType.CAPTURE if event.facts.get("first") or "first captured" in event.detail:
            return "captured"
        case EventType.DELETION:
            return "gone"
        case EventType.REDACTION:
            return "cleaned" if "redacted_page" in event.facts else "redacted"
        case EventType.HOLD | EventType.HOLD_RELEASE:
            return event.type.value
        case EventType.MIGRATION:
            return "rendered again"
        case _:
            return "changed"


def _run_line(entry: LoggedEvent, texts: EventTexts) -> RunLine:
    facts = entry.event.facts
    counts = ("failed", "restricted", "incomplete", "missing", "unknown", "unmatched", "unplaced")
    missing = sum(_number(facts, name) for name in counts)
    unlisted = facts.get("unlisted_spaces")
    missing += len(unlisted) if isinstance(unlisted, list) else 0
    return RunLine(
        entry.sequence,
        entry.when.date(),
        _number(facts, "expected"),
        _number(facts, "captured"),
        _number(facts, "unchanged"),
        _number(facts, "gone"),
        missing,
        texts.describe(entry),
        _verdict(facts.get("verdict"), missing),
    )


def _verdict(logged: object, missing: int) -> RunVerdict:
    """Return the verdict of a run; runs before the verdict existed have only their shortfalls."""
    if logged in set(RunVerdict):
        return RunVerdict(str(logged))
    return RunVerdict.INCOMPLETE if missing else RunVerdict.UNCONFIRMED


def _not_capturable(logged: Sequence[LoggedEvent]) -> tuple[ReportLine, ...]:
    runs = [entry for entry in logged if NOT_CAPTURABLE in entry.event.facts]
    if not runs:
        return ()
    run = runs[-1]
    nodes = run.event.facts[NOT_CAPTURABLE]
    return tuple(
        ReportLine(run.sequence, run.when.date(), "not captured", _describe_node(node))
        for node in (nodes if isinstance(nodes, list) else ())
    )


def _describe_node(node: object) -> str:
    if isinstance(node, dict):  # format 1
        return f"{node['title']}: {node['reason']}"
    return f"{node}: a whiteboard, database or embed, which cannot be captured"


def _holds(library: Library, period: Period) -> tuple[ReportLine, ...]:
    """Return a line for each hold that overlaps the period."""
    held = [each for each in find_holds(library.iter_log()) if period.overlaps(each.since, each.released_at)]
    groups = (list(group) for _, group in groupby(held, key=lambda each: (each.name, each.run, each.released_at)))
    return tuple(ReportLine(group[0].run, group[0].since.date(), "hold", _describe_hold(group)) for group in groups)


def _describe_hold(pages: Sequence[HeldPage]) -> str:
    first = pages[0]
    ids = ", ".join(each.page_id for each in pages)
    said = f"{first.name} by {first.by}: {first.reason} (pages {ids})"
    if first.released_at is None:
        return said
    return f"{said}; released {first.released_at.date()} by {first.released_by}: {first.release_reason}"


def _number(facts: object, name: str) -> int:
    value = facts.get(name, 0) if isinstance(facts, dict) else 0
    return value if isinstance(value, int) else 0


def _page_line(entry: LoggedEvent, texts: EventTexts) -> ReportLine:
    return ReportLine(entry.sequence, entry.when.date(), _kind(entry), texts.describe(entry))


def _build_bars(pages: Sequence[LoggedEvent], period: Period) -> tuple[Bar, ...]:
    if not pages:
        return ()
    first = period.since or min(entry.when.date() for entry in pages)
    last = period.until or max(entry.when.date() for entry in pages)
    span = (last - first).days
    counts: dict[str, Counter[str]] = {}
    day = first
    while day <= last:
        counts.setdefault(_label(day, span), Counter())
        day += timedelta(days=1)
    for entry in pages:
        counts[_label(entry.when.date(), span)][_kind(entry)] += 1
    return tuple(
        Bar(label, count["captured"], count["changed"] + count["redacted"], count["gone"], count["missing"])
        for label, count in counts.items()
    )


def _label(day: date, span_days: int) -> str:
    if span_days > _VERY_LONG_DAYS:
        return f"{day:%Y-%m}"
    if span_days > _LONG_DAYS:
        return f"{day - timedelta(days=day.weekday()):%Y-%m-%d}"
    return f"{day:%Y-%m-%d}"
