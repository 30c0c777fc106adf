"""The charts of a comparison: percentile curves of both sides, and a dot for each replicate."""

import math
from collections.abc import Sequence
from html import escape

from hdrh.histogram import HdrHistogram

from loadtest.clock import US_PER_MS
from loadtest.comparison.comparison import Comparison
from loadtest.comparison.judgement import Finding
from loadtest.comparison.replicates import Replicate
from loadtest.comparison.texts import value_text
from loadtest.observations import ChatEvent
from loadtest.report.charts import NARROW, WIDE, Axis, LineChart, Series, Size, line_svg
from loadtest.report.latency_log import logged_latencies
from loadtest.report.plots import Figure, latency_scale, latency_text, percentile_text
from loadtest.report.scales import LinearScale, LogScale

__all__ = ["curves", "dots"]

_LOG = "latency.hlog"
_RARITIES = (1, 1.25, 1.67, 2, 2.5, 3.33, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5)
_TICKS = (2.0, 10.0, 100.0, 1e3, 1e4, 1e5)
_CURVES = {
    ChatEvent.MESSAGE_CREATED: "Delivery latency of messages",
    ChatEvent.NOTIFICATION_CREATED: "Notification latency",
}
_SIDES = (("base", "s-1"), ("candidate", "s-2"))
_DOT_ROOM = Size(840, 96)
_NARROW_DOT_ROOM = Size(380, 96)
_ROWS = {"base": 20.0, "candidate": 52.0}
_LEFT, _RIGHT = 84, 24


def curves(compared: Comparison) -> tuple[Figure, ...]:
    """Return a chart of percentiles for each kind of event of which the runs kept latencies."""
    logs = [
        [_latencies(run) for run in side.replicates] for side in (compared.base, compared.candidate)
    ]
    drawn = (_curve(str(event), title, logs) for event, title in _CURVES.items())
    return tuple(figure for figure in drawn if figure is not None)


def dots(finding: Finding, *, is_paired: bool) -> Figure:
    """Return a chart with a dot for each replicate; a line joins the two of a pair."""
    title = finding.figure.label
    caption = "Less is better."
    if is_paired:
        caption += " A line joins the two runs of a pair."
    wide, narrow = (
        _dots_svg(finding, room, is_paired=is_paired) for room in (_DOT_ROOM, _NARROW_DOT_ROOM)
    )
    return Figure(title, caption, (("s-1", "base"), ("s-2", "candidate")), wide, narrow)


def _latencies(run: Replicate) -> dict[str, HdrHistogram]:
    path = run.folder / _LOG
    return logged_latencies(path.read_text(encoding="ascii")) if path.is_file() else {}


def _curve(
    event: str, title: str, logs: Sequence[Sequence[dict[str, HdrHistogram]]]
) -> Figure | None:
    series: list[Series] = []
    for (name, css), runs in zip(_SIDES, logs, strict=True):
        kept = [run[event] for run in runs if event in run]
        if not kept:
            return None
        series += [Series(f"{name}, one run", f"{css} thin", _points(each)) for each in kept]
        series.append(Series(name, css, _points(_merged(kept))))
    values = [y for each in series for _, y in each.points if y is not None]
    rarest = max(x for each in series for x, _ in each.points)
    within = tuple(tick for tick in _TICKS if tick <= rarest)
    x = Axis(LogScale(1.0, max(rarest, 2.0), within), "percentile", percentile_text)
    chart = LineChart(title, tuple(series), x, Axis(latency_scale(values), "latency", latency_text))
    caption = (
        "From due to arrival, by percentile, spaced by how rare slower samples are. The thick line"
        " is all runs of a side together, a thin one is one run."
    )
    wide, narrow = line_svg(chart, WIDE), line_svg(chart, NARROW)
    return Figure(title, caption, tuple((css, name) for name, css in _SIDES), wide, narrow)


def _merged(histograms: Sequence[HdrHistogram]) -> HdrHistogram:
    merged = HdrHistogram(1, max(each.highest_trackable_value for each in histograms), 3)
    for each in histograms:
        merged.add(each)
    return merged


def _points(histogram: HdrHistogram) -> list[tuple[float, float | None]]:
    count = histogram.get_total_count()
    rarities = [each for each in _RARITIES if each < count]
    found: list[tuple[float, float | None]] = [
        (each, histogram.get_value_at_percentile(100 - 100 / each) / US_PER_MS) for each in rarities
    ]
    return [*found, (float(max(count, 1)), histogram.get_max_value() / US_PER_MS)]


def _dots_svg(finding: Finding, room: Size, *, is_paired: bool) -> str:
    scale = _scale((*finding.base, *finding.candidate))

    def x(value: float) -> str:
        return f"{_LEFT + scale.place(value) * (room.width - _LEFT - _RIGHT):.1f}"

    body = []
    for value in scale.ticks:
        body.append(f'<path class="grid" d="M{x(value)} 8V66"/>')
        said = escape(value_text(finding, value))
        body.append(f'<text class="tick" x="{x(value)}" y="84" text-anchor="middle">{said}</text>')
    if is_paired:
        body += [
            f'<path class="grid" d="M{x(ours)} {_ROWS["base"]}L{x(theirs)} {_ROWS["candidate"]}"/>'
            for ours, theirs in zip(finding.base, finding.candidate, strict=True)
        ]
    for (name, css), values in zip(_SIDES, (finding.base, finding.candidate), strict=True):
        y = _ROWS[name]
        body.append(f'<text class="name" x="0" y="{y}" dy=".32em">{name}</text>')
        for number, value in enumerate(values, start=1):
            said = escape(f"{name} {number}: {value_text(finding, value)}")
            body.append(
                f'<circle class="dot {css}" cx="{x(value)}" cy="{y}" r="5"><title>{said}</title>'
                "</circle>"
            )
    label = escape(f"{finding.figure.label} of each replicate")
    return (
        f'<svg viewBox="0 0 {room.width} {room.height}" role="img" aria-label="{label}">'
        f"{''.join(body)}</svg>"
    )


def _scale(values: Sequence[float]) -> LinearScale:
    """Return a scale around the values, with a few round ticks on it."""
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 0.01
    low, high = max(0.0, low - room), high + room
    raw = (high - low) / 3
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(each * magnitude for each in (1, 2, 5, 10) if each * magnitude >= raw)
    first, last = math.ceil(low / step), math.floor(high / step)
    return LinearScale(low, high, tuple(place * step for place in range(first, last + 1)))
