"""Compute a small stacked bar chart; `_chart.svg.j2` draws it. Lengths are in units of the view box (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.snapshot.query.report import Bar

WIDTH, HEIGHT = 720, 200
LEFT, FLOOR, CEILING = 40, 166, 10
SERIES = ("captured", "changed", "gone", "missing")
_MAX_LABELS = 8
_NARROWEST, _WIDEST = 0.5, 80
"""Widths of a bar: a single bar does not fill the chart."""


@dataclass(frozen=True, slots=True)
class Rectangle:
    """One segment of a bar, with a text that states what it counts."""

    series: str
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Label:
    """The label below a bar, centred on *x*."""

    x: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart to draw; *summary* is its text alternative."""

    top: int
    rectangles: tuple[Rectangle, ...]
    labels: tuple[Label, ...]
    summary: str


def build_chart(bars: Sequence[Bar]) -> Chart | None:
    """Return the chart of *bars*, or None if there are none."""
    if not bars:
        return None
    top = max(max(sum(_counts(bar).values()) for bar in bars), 1)
    step = (WIDTH - LEFT) / len(bars)
    every = -(-len(bars) // _MAX_LABELS)
    totals = {series: sum(_counts(bar)[series] for bar in bars) for series in SERIES}
    return Chart(
        top,
        tuple(part for index, bar in enumerate(bars) for part in _stack(bar, LEFT + index * step, step, top)),
        tuple(Label(LEFT + (index + 0.5) * step, bar.label) for index, bar in enumerate(bars) if index % every == 0),
        ", ".join(f"{number} {series}" for series, number in totals.items()),
    )


def _counts(bar: Bar) -> dict[str, int]:
    return {series: getattr(bar, series) for series in SERIES}


def _stack(bar: Bar, x: float, step: float, top: int) -> list[Rectangle]:
    rectangles, floor = [], float(FLOOR)
    width = min(max(step * 0.8, _NARROWEST), _WIDEST)
    for series, count in _counts(bar).items():
        height = count / top * (FLOOR - CEILING)
        floor -= height
        if count:
            words = f"{bar.label}: {count} {series}"
            rectangles.append(Rectangle(series, x + (step - width) / 2, floor, width, height, words))
    return rectangles
