"""The charts of a report: which figures of a run become which lines.

A long run is thinned to a fixed number of points, and the caption says what a point then
stands for: the mean of a rate, the highest of a latency, so that no spike is thinned away.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loadtest.observations import ChatEvent
from loadtest.report.charts import (
    NARROW,
    WIDE,
    Axis,
    Bar,
    LineChart,
    Series,
    bars_svg,
    line_svg,
)
from loadtest.report.figures import (
    Summary,
    TimelineRow,
    at,
    count_text,
    event_label,
    items,
    number,
    share_text,
    was_measured,
)
from loadtest.report.scales import LogScale, counting_scale, decades_scale, seconds_scale

__all__ = [
    "MOST_POINTS",
    "Figure",
    "figures",
    "latency_scale",
    "latency_text",
    "percentile_text",
]

MOST_POINTS = 600
"""A line of more points is thinned; a wide chart has about as many pixels."""

_LOWEST_MS = 0.001
_PERCENTILES = (("p50_ms", 50.0), ("p90_ms", 90.0), ("p95_ms", 95.0), ("p99_ms", 99.0))


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart in two widths, with what a reader must know to read it."""

    title: str
    caption: str
    legend: tuple[tuple[str, str], ...]
    """Pairs of a class and a name."""
    wide_svg: str
    narrow_svg: str


def figures(summary: Summary, timeline: Sequence[TimelineRow]) -> tuple[Figure, ...]:
    """Return the charts for which this run has figures."""
    drawn = (
        _deliveries(timeline),
        _latency(timeline),
        _percentiles(summary),
        _ledger(summary),
    )
    return tuple(figure for figure in drawn if figure is not None)


def _deliveries(timeline: Sequence[TimelineRow]) -> Figure | None:
    series: tuple[Series, ...] = (
        Series("expected", "s-quiet", _thinned(timeline, "expected", _rate)),
        Series("delivered", "s-1", _thinned(timeline, "deliveries", _rate), is_filled=True),
        Series("lost", "s-bad", _thinned(timeline, "lost", _rate)),
    )
    if not any(number(row.get("lost")) for row in timeline):
        series = series[:-1]
    known = _known(series)
    if not known:
        return None
    title = "Deliveries per second"
    y = Axis(counting_scale(max(known)), "per second", count_text)
    caption = "Messages: expected in the second of sending, delivered in the second of arrival."
    return _lines(LineChart(title, _drawable(series), _time(timeline), y), caption, timeline)


def _latency(timeline: Sequence[TimelineRow]) -> Figure | None:
    series = (
        Series("slowest", "s-3", _thinned(timeline, "delivery_max_ms", max)),
        Series("p99", "s-2", _thinned(timeline, "delivery_p99_ms", max)),
        Series("p50", "s-1", _thinned(timeline, "delivery_p50_ms", max)),
        Series("generator lag p99", "s-quiet", _thinned(timeline, "generator_lag_p99_ms", max)),
    )
    known = _known(series)
    if not known:
        return None
    title = "Delivery latency of each second"
    y = Axis(latency_scale(known), "latency", latency_text)
    caption = (
        "From due to arrival at a device, logarithmic. Where the generator's own lag comes near "
        "the latency, the generator is what was measured."
    )
    return _lines(LineChart(title, _drawable(series), _time(timeline), y), caption, timeline)


def _percentiles(summary: Summary) -> Figure | None:
    message = ChatEvent.MESSAGE_CREATED.value
    notifications = at(summary, "notifications", "latency")
    series = (
        Series("each delivery", "s-1", _curve(at(summary, "latency", message))),
        Series("last receiver", "s-2", _curve(at(summary, "completion", "all", "last"))),
        Series("notification", "s-3", _curve(notifications)),
        Series("generator lag", "s-quiet", _curve(at(summary, "generator", "lag"))),
    )
    known = _known(series)
    if not known:
        return None
    rarest = max(x for each in series for x, _ in each.points)
    ticks = [(2.0, 50), (10.0, 90), (100.0, 99), (1e3, 99.9), (1e4, 99.99), (1e5, 99.999)]
    within = tuple(tick for tick, _ in ticks if tick <= rarest)
    x = Axis(LogScale(1.0, max(rarest, 2.0), within), "percentile", percentile_text)
    y = Axis(latency_scale(known), "latency", latency_text)
    title = "Latency by percentile"
    caption = (
        "From the fastest sample on the left to the slowest on the right, spaced by how rare they "
        "are. Only the dots are measured, the lines lead the eye."
    )
    if number(at(summary, "completion", "all", "last", "never")):
        caption += " The line of the last receiver ends where messages never reached it."
    return _lines(LineChart(title, _drawable(series), x, y), caption, ())


def _ledger(summary: Summary) -> Figure | None:
    bars = []
    for event, entry in items(at(summary, "ledger")):
        expected = int(number(at(entry, "expected")) or 0)
        if not expected:
            continue
        late, lost = (int(number(at(entry, key)) or 0) for key in ("late", "lost"))
        delivered = int(number(at(entry, "delivered")) or 0)
        parts = (("delivered", delivered - late), ("late", late), ("lost", lost))
        text = f"{share_text(delivered, expected)} of {count_text(expected)}"
        bars.append(Bar(event_label(event), expected, parts, text))
    if not bars:
        return None
    title = "What should have arrived, and what did"
    legend = (("delivered", "delivered in time"), ("late", "late"), ("lost", "lost"))
    caption = "One bar per event type. A part that exists is drawn wide enough to be seen."
    wide, narrow = (bars_svg(title, bars, size.width) for size in (WIDE, NARROW))
    return Figure(title, caption, legend, wide, narrow)


def _lines(chart: LineChart, caption: str, timeline: Sequence[TimelineRow]) -> Figure:
    group = _group(len(timeline))
    if group > 1:
        caption += f" A point stands for {group} seconds: rates are means, latencies the highest."
    legend = tuple((series.css, series.name) for series in chart.series)
    return Figure(chart.title, caption, legend, line_svg(chart, WIDE), line_svg(chart, NARROW))


def _thinned(
    timeline: Sequence[TimelineRow], key: str, of: Callable[[Iterable[float]], float]
) -> list[tuple[float, float | None]]:
    group = _group(len(timeline))
    points: list[tuple[float, float | None]] = []
    for first in range(0, len(timeline), group):
        rows = timeline[first : first + group]
        values = [value for row in rows if (value := number(row.get(key))) is not None]
        second = number(rows[0].get("t_s"))
        points.append((first if second is None else second, of(values) if values else None))
    return points


def _group(row_count: int) -> int:
    return max(1, math.ceil(row_count / MOST_POINTS))


def _rate(values: Iterable[float]) -> float:
    """Return the mean; a second that only takes back what others counted has none."""
    kept = list(values)
    return max(0.0, sum(kept) / len(kept))


def _curve(block: object) -> list[tuple[float, float | None]]:
    """Return points (1 / share of slower samples, latency), the slowest one at its own rarity."""
    if not was_measured(block):
        return []
    samples = number(at(block, "count")) or 1.0
    places = [("min_ms", 1.0)]
    places += [(key, 100 / (100 - percent)) for key, percent in _PERCENTILES]
    places.append(("p999_ms", 1000.0))
    points = [(place, number(at(block, key))) for key, place in places if place < samples]
    return [*points, (max(samples, 1.0), number(at(block, "max_ms")))]


def _known(series: Sequence[Series]) -> list[float]:
    return [y for each in series for _, y in each.points if y is not None]


def _drawable(series: Sequence[Series]) -> tuple[Series, ...]:
    return tuple(each for each in series if _known([each]))


def _time(timeline: Sequence[TimelineRow]) -> Axis:
    last_s = max((number(row.get("t_s")) or 0.0 for row in timeline), default=0.0)
    return Axis(seconds_scale(last_s), "time since the start", _clock_text)


def latency_scale(known: Sequence[float]) -> LogScale:
    """Return a logarithmic scale that all these latencies stand on, in milliseconds."""
    positive = [max(value, _LOWEST_MS) for value in known]
    return decades_scale(min(positive), max(positive))


def _clock_text(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def latency_text(value_ms: float) -> str:
    """Return a latency as an axis or a point names it: ``10 ms``, ``2 s``, ``0.41 ms``."""
    if value_ms < 0.1:
        return f"{value_ms * 1000:.3g} \N{MICRO SIGN}s"
    value, unit = (value_ms / 1000, "s") if value_ms >= 1000 else (value_ms, "ms")
    return f"{value:.3g} {unit}"


def percentile_text(rarity: float) -> str:
    """Return the percentile that one in ``rarity`` samples exceeds: ``99 %`` for 100."""
    percent = 100 - 100 / rarity
    return f"{percent:.6f}".rstrip("0").rstrip(".") + " %"
