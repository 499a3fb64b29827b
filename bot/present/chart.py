"""A small stacked bar chart as SVG, drawn without any library; it stands inside a page of HTML."""

from collections.abc import Sequence
from html import escape

from bot.snapshot.query.report import Bar

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 200, 40, 34, 10
_SERIES = ("captured", "changed", "gone", "missing")
_MAX_LABELS = 8


def draw_chart(bars: Sequence[Bar]) -> str:
    """Return the chart; the classes of its parts take their colours from the page's style sheet."""
    if not bars:
        return ""
    top = max(max(sum(_values(bar)) for bar in bars), 1)
    step = (_WIDTH - _LEFT) / len(bars)
    parts = [_axis(top)]
    for index, bar in enumerate(bars):
        parts += _draw_bar(bar, _LEFT + index * step, step, top)
        if index % max(1, -(-len(bars) // _MAX_LABELS)) == 0:
            x = _LEFT + index * step + step / 2
            parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 14}" text-anchor="middle">{escape(bar.label)}</text>')
    total = {name: sum(getattr(bar, name) for bar in bars) for name in _SERIES}
    summary = ", ".join(f"{number} {name}" for name, number in total.items())
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Pages over time: {summary}">'
        f"<title>Pages over time: {summary}</title>{''.join(parts)}</svg>"
    )


def _values(bar: Bar) -> list[int]:
    return [getattr(bar, name) for name in _SERIES]


def _draw_bar(bar: Bar, x: float, step: float, top: int) -> list[str]:
    width = max(step * 0.8, 0.5)
    base = float(_HEIGHT - _BOTTOM)
    drawn = []
    for name, value in zip(_SERIES, _values(bar), strict=True):
        height = value / top * (_HEIGHT - _BOTTOM - _TOP)
        if value:
            base -= height
            drawn.append(
                f'<rect class="{name}" x="{x + step * 0.1:.1f}" y="{base:.1f}" width="{width:.1f}"'
                f' height="{height:.1f}"><title>{escape(bar.label)}: {value} {name}</title></rect>'
            )
    return drawn


def _axis(top: int) -> str:
    floor = _HEIGHT - _BOTTOM
    return (
        f'<line class="axis" x1="{_LEFT}" y1="{floor}" x2="{_WIDTH}" y2="{floor}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 8}" text-anchor="end">{top}</text>'
        f'<text x="{_LEFT - 6}" y="{floor}" text-anchor="end">0</text>'
    )
