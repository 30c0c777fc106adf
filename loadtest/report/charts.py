"""Charts as SVG text: pure functions from points to one ``<svg>`` element.

A chart shows what it is given and invents nothing: a missing point is a gap in the line,
not a zero. Colours are classes, set by the page for light and dark. No script, no font, no network.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from loadtest.report.figures import MISSING, share_text
from loadtest.report.scales import Scale

__all__ = [
    "NARROW",
    "WIDE",
    "Axis",
    "Band",
    "Bar",
    "LineChart",
    "Series",
    "Size",
    "bars_svg",
    "line_svg",
]

Point = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Size:
    """Room for a chart in pixels."""

    width: int
    height: int


WIDE = Size(840, 260)
NARROW = Size(380, 240)

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 12, 40
_FEW_POINTS = 60
_BAR_HEIGHT, _BAR_GAP = 14, 12
_LABEL_HEIGHT = 16


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name, the class that colours it, and its points in the order of x."""

    name: str
    css: str
    points: Sequence[Point]
    is_filled: bool = False
    has_line: bool = True
    """Without one its points are drawn alone."""
    has_dots: bool = True


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale with the words for its values."""

    scale: Scale
    title: str
    text: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the x axis that is marked over the whole height."""

    low: float
    high: float
    name: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """Lines over two axes."""

    title: str
    series: tuple[Series, ...]
    x: Axis
    y: Axis
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """Parts of a whole: ``parts`` are pairs of a class and a count."""

    label: str
    whole: int
    parts: tuple[tuple[str, int], ...]
    text: str


def line_svg(chart: LineChart, size: Size) -> str:
    """Return a chart of lines; each point names its values to a pointer that rests on it."""
    frame = _Frame(chart, size)
    body = [_band(band, frame) for band in chart.bands]
    body += _grid(chart, frame)
    body += [_line(series, frame) for series in chart.series if series.has_line]
    dotted = [series for series in chart.series if series.has_dots]
    if all(len(series.points) <= _FEW_POINTS for series in dotted):
        body += [_dots(series, chart, frame) for series in dotted]
    return _svg(chart.title, size, body)


def bars_svg(title: str, bars: Sequence[Bar], width: int) -> str:
    """Return a bar per whole; a part that exists is never too thin to be seen."""
    step = _LABEL_HEIGHT + _BAR_HEIGHT + _BAR_GAP
    body = []
    for place, bar in enumerate(bars):
        top = place * step
        words = top + _LABEL_HEIGHT - 5
        body.append(f'<text class="name" x="0" y="{words}">{escape(bar.label)}</text>')
        said = escape(bar.text)
        body.append(f'<text class="tick" x="{width}" y="{words}" text-anchor="end">{said}</text>')
        body += _parts(bar, top + _LABEL_HEIGHT, width)
    return _svg(title, Size(width, max(1, len(bars)) * step), body)


class _Frame:
    """Turns values into pixels."""

    def __init__(self, chart: LineChart, size: Size) -> None:
        self._x, self._y = chart.x.scale, chart.y.scale
        self.left, self.right = _LEFT, size.width - _RIGHT
        self.top, self.bottom = _TOP, size.height - _BOTTOM

    def x(self, value: float) -> float:
        return self.left + self._x.place(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - self._y.place(value) * (self.bottom - self.top)


def _svg(title: str, size: Size, body: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {size.width} {size.height}" role="img" '
        f'aria-label="{escape(title)}">{"".join(body)}</svg>'
    )


def _grid(chart: LineChart, frame: _Frame) -> list[str]:
    drawn = []
    for value in chart.y.scale.ticks:
        y = _px(frame.y(value))
        drawn.append(f'<path class="grid" d="M{frame.left} {y}H{frame.right}"/>')
        said = escape(chart.y.text(value))
        drawn.append(
            f'<text class="tick" x="{frame.left - 8}" y="{y}" dy=".32em" '
            f'text-anchor="end">{said}</text>'
        )
    for value in chart.x.scale.ticks:
        x = _px(frame.x(value))
        drawn.append(f'<path class="grid" d="M{x} {frame.bottom}v4"/>')
        said = escape(chart.x.text(value))
        drawn.append(
            f'<text class="tick" x="{x}" y="{frame.bottom + 17}" text-anchor="middle">{said}</text>'
        )
    drawn.append(f'<path class="axis" d="M{frame.left} {frame.bottom}H{frame.right}"/>')
    drawn.append(
        f'<text class="tick" x="{frame.right}" y="{frame.bottom + 34}" '
        f'text-anchor="end">{escape(chart.x.title)}</text>'
    )
    return drawn


def _band(band: Band, frame: _Frame) -> str:
    left, right = frame.x(band.low), frame.x(band.high)
    return (
        f'<rect class="band" x="{_px(left)}" y="{frame.top}" width="{_px(max(1.5, right - left))}" '
        f'height="{frame.bottom - frame.top}"><title>{escape(band.name)}</title></rect>'
    )


def _line(series: Series, frame: _Frame) -> str:
    path, area = [], []
    for run in _runs(series.points):
        spots = [f"{_px(frame.x(x))} {_px(frame.y(y))}" for x, y in run]
        path.append("M" + "L".join(spots))
        if series.is_filled:
            first, last = _px(frame.x(run[0][0])), _px(frame.x(run[-1][0]))
            area.append(f"M{first} {frame.bottom}L{'L'.join(spots)}L{last} {frame.bottom}Z")
    fill = f'<path class="area {series.css}" d="{"".join(area)}"/>' if area else ""
    return f'{fill}<path class="line {series.css}" d="{"".join(path)}"/>' if path else fill


def _runs(points: Sequence[Point]) -> list[list[tuple[float, float]]]:
    """Return the stretches between gaps."""
    stretches = groupby(points, key=lambda point: point[1] is not None)
    return [[(x, y) for x, y in run if y is not None] for is_known, run in stretches if is_known]


def _dots(series: Series, chart: LineChart, frame: _Frame) -> str:
    drawn = []
    for x, y in series.points:
        if y is None:
            continue
        said = escape(f"{series.name}: {chart.y.text(y)} at {chart.x.text(x)}")
        drawn.append(
            f'<circle class="dot {series.css}" cx="{_px(frame.x(x))}" cy="{_px(frame.y(y))}" '
            f'r="2.6"><title>{said}</title></circle>'
        )
    return "".join(drawn)


def _parts(bar: Bar, top: int, width: int) -> list[str]:
    drawn = [f'<rect class="track" x="0" y="{top}" width="{width}" height="{_BAR_HEIGHT}"/>']
    left = 0.0
    widths = _part_widths(bar, width)
    for (css, count), part in zip(bar.parts, widths, strict=True):
        if part:
            said = escape(f"{css}: {count:,} ({share_text(count, bar.whole)})")
            drawn.append(
                f'<rect class="{css}" x="{_px(left)}" y="{top}" width="{_px(part)}" '
                f'height="{_BAR_HEIGHT}"><title>{said}</title></rect>'
            )
        left += part
    return drawn


def _part_widths(bar: Bar, width: int) -> list[float]:
    least = 3.0
    if not bar.whole:
        return [0.0 for _ in bar.parts]
    raw = [count / bar.whole * width for _, count in bar.parts]
    shown = [max(least, part) if part else 0.0 for part in raw]
    # The widest part pays for those that had to be made visible.
    widest = shown.index(max(shown))
    shown[widest] -= max(0.0, sum(shown) - width)
    return shown


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if math.isfinite(value) else MISSING
