"""Draw groups of bars as SVG, with its own ground, so that it can be read on a light and on a dark page."""

from collections.abc import Sequence
from html import escape

_WIDTH, _CELL_WIDTH, _CELL_HEIGHT = 760, 350, 150
_TOP, _LEFT, _BAR, _HIGHEST = 74, 30, 34, 84
_STYLE = """
.ground { fill: #ffffff; stroke: #d0d7de } text { fill: #1f2328; font: 12px system-ui, sans-serif }
.title { font-size: 15px; font-weight: 600 } .head { font-weight: 600 } .small { fill: #59636e }
.first { fill: #3f51b5 } .second { fill: #c77d0a } .line { stroke: #d0d7de }
@media (prefers-color-scheme: dark) {
.ground { fill: #1e2129; stroke: #3d444d } text { fill: #f0f6fc } .small { fill: #9198a1 }
.first { fill: #8c9eff } .second { fill: #e3a53d } .line { stroke: #3d444d }
}
"""

Group = tuple[str, Sequence[tuple[str, float, float]]]


def draw_bars(title: str, names: tuple[str, str], groups: Sequence[Group]) -> str:
    """Return a picture with two groups in a row; those in a row have one scale. Each bar shows its value."""
    height = _TOP + _CELL_HEIGHT * ((len(groups) + 1) // 2) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{height - 1}" rx="6"/>',
        f'<text class="title" x="{_LEFT}" y="28">{escape(title)}</text>',
        f'<rect class="first" x="{_LEFT}" y="42" width="12" height="12"/>',
        f'<text x="{_LEFT + 18}" y="52">{names[0]}</text>',
        f'<rect class="second" x="{_LEFT + 90}" y="42" width="12" height="12"/>',
        f'<text x="{_LEFT + 108}" y="52">{names[1]}</text>',
    ]
    for row in range(0, len(groups), 2):
        pair = groups[row : row + 2]
        most = max(value for _, bars in pair for _, *values in bars for value in values)
        for column, group in enumerate(pair):
            lines += _draw_group(group, most, _LEFT + column * (_CELL_WIDTH + 10), _TOP + row // 2 * _CELL_HEIGHT)
    return "\n".join([*lines, "</svg>", ""])


def _draw_group(group: Group, most: float, left: int, top: int) -> list[str]:
    head, bars = group
    base = top + 18 + 16 + _HIGHEST
    lines = [f'<text class="head" x="{left}" y="{top + 12}">{escape(head)}</text>']
    lines.append(f'<line class="line" x1="{left}" x2="{left + _CELL_WIDTH - 20}" y1="{base}" y2="{base}"/>')
    for number, (label, *values) in enumerate(bars):
        x = left + 10 + number * 108
        lines.append(f'<text class="small" x="{x + _BAR}" y="{base + 15}" text-anchor="middle">{escape(label)}</text>')
        for index, value in enumerate(values):
            tall = max(1.0, value / most * _HIGHEST)
            place = x + index * (_BAR + 4)
            kind = ("first", "second")[index]
            lines.append(f'<rect class="{kind}" x="{place}" y="{base - tall:.1f}" width="{_BAR}" height="{tall:.1f}"/>')
            lines.append(
                f'<text x="{place + _BAR // 2}" y="{base - tall - 4:.1f}" text-anchor="middle">{value:.1f}</text>'
            )
    return lines
