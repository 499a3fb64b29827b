"""Draw lines as SVG on logarithmic axes, with its own ground, so that it can be read on a light and on a dark page."""

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 520, 50, 370
_COLOURS = ("#3f51b5", "#c77d0a", "#1a7f37", "#b42318", "#7c4dff", "#0b7285", "#9c5700", "#6e7781", "#c2185b")
_DARK = ("#8c9eff", "#e3a53d", "#57d27a", "#ff8a80", "#b39dff", "#4dd0e1", "#ffb74d", "#b1bac4", "#f48fb1")
_STYLE = """
.ground { fill: #ffffff; stroke: #d0d7de } text { fill: #1f2328; font: 12px system-ui, sans-serif }
.title { font-size: 15px; font-weight: 600 } .small { fill: #59636e } .line { stroke: #d0d7de }
.curve { fill: none; stroke-width: 2 }
"""
_DARK_STYLE = """
.ground { fill: #1e2129; stroke: #3d444d } text { fill: #f0f6fc } .small { fill: #9198a1 } .line { stroke: #3d444d }
"""


def draw_lines(title: str, curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return a picture of *curves*, each a list of numbers of pages and seconds, in the order of their last values."""
    points = [point for curve in curves.values() for point in curve]
    least, most = (min(x for x, _ in points), max(x for x, _ in points))
    low = 10.0 ** math.floor(math.log10(min(y for _, y in points)))
    high = 10.0 ** math.ceil(math.log10(max(y for _, y in points)))

    def place(x: float, y: float) -> str:
        across = math.log(x / least) / (math.log(most / least) or 1)
        up = math.log(y / low) / math.log(high / low)
        return f"{_LEFT + across * (_RIGHT - _LEFT):.1f},{_BOTTOM - up * (_BOTTOM - _TOP):.1f}"

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}{_colours(_COLOURS)}",
        f"@media (prefers-color-scheme: dark) {{{_DARK_STYLE}{_colours(_DARK)}}}</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="6"/>',
        f'<text class="title" x="20" y="28">{escape(title)}</text>',
    ]
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        y = float(place(least, 10.0**power).partition(",")[2])
        lines.append(f'<line class="line" x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}"/>')
        lines.append(f'<text class="small" x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g} s</text>')
    for x in sorted({x for x, _ in points}):
        across = place(x, low).partition(",")[0]
        lines.append(f'<text class="small" x="{across}" y="{_BOTTOM + 20}" text-anchor="middle">{x:,.0f} pages</text>')
    names = sorted(curves, key=lambda name: -curves[name][-1][1])
    for number, name in enumerate(names):
        path = " ".join(place(x, y) for x, y in curves[name])
        kind = f"c{number % len(_COLOURS)}"
        lines.append(f'<polyline class="curve {kind}" points="{path}"/>')
        y = _TOP + 10 + number * 24
        lines.append(f'<line class="curve {kind}" x1="{_RIGHT + 16}" x2="{_RIGHT + 36}" y1="{y}" y2="{y}"/>')
        lines.append(f'<text x="{_RIGHT + 42}" y="{y + 4}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _colours(colours: Sequence[str]) -> str:
    return " ".join(f".c{number} {{ stroke: {colour} }}" for number, colour in enumerate(colours))
