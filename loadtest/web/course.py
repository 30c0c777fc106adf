"""The course of a run for charts: everything since its start, in a bounded number of points.

A point says what happened in a stretch of time. A long run has more seconds than a chart has
pixels: above a number of points, neighbours are merged until each point covers twice the time, a
few with each new point. Counts add, histograms merge without loss, peaks take the higher, and a
gauge is how things stood at the end. Percentiles are taken from the merged histogram.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from loadtest.clock import US_PER_MS
from loadtest.metrics import Histogram
from loadtest.metrics.figures.adding import decoded, encoded
from loadtest.metrics.figures.histogram import bucket_range_us

__all__ = ["MOST_POINTS", "Course", "Point", "timing"]

MOST_POINTS = 600
"""A run of ten minutes has a point per second; a longer one fewer."""
_MERGES_PER_POINT = 4
"""More than one, so that thinning catches up with the points that are added."""


class Point(Struct):
    """What happened from one second of a run to another."""

    from_s: float
    to_s: float
    counts: dict[str, int] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)
    """How things stood at the end."""
    peaks: dict[str, float] = field(default_factory=dict)
    histograms: dict[str, Histogram] = field(default_factory=dict)

    @property
    def span_s(self) -> float:
        """How long the stretch is."""
        return self.to_s - self.from_s

    def row(self) -> dict[str, Any]:
        """Return the point as a chart and other programs take it."""
        rates = {
            f"{name}_per_s": round(count / self.span_s, 3) for name, count in self.counts.items()
        }
        timings = {name: timing(each) for name, each in self.histograms.items() if each.count}
        stretch = {"from_s": self.from_s, "to_s": self.to_s}
        return {**stretch, **rates, **self.gauges, **self.peaks, "timings": timings}

    def then(self, later: "Point") -> "Point":
        """Return both as one point."""
        names = self.counts.keys() | later.counts.keys()
        counts = {name: self.counts.get(name, 0) + later.counts.get(name, 0) for name in names}
        peaks = dict(self.peaks)
        for name, value in later.peaks.items():
            peaks[name] = max(peaks.get(name, value), value)
        histograms = {name: each.copy() for name, each in self.histograms.items()}
        for name, each in later.histograms.items():
            histograms.setdefault(name, Histogram()).merge(each)
        return Point(
            self.from_s, later.to_s, counts, {**self.gauges, **later.gauges}, peaks, histograms
        )


class _Kept:
    """One point as it is kept: encoded, as histograms in objects take twenty times the room."""

    __slots__ = ("content", "from_s", "row", "to_s")

    def __init__(self, point: Point) -> None:
        self.from_s = point.from_s
        self.to_s = point.to_s
        self.content = msgspec.msgpack.encode(point, enc_hook=encoded)
        self.row = point.row()

    def then(self, later: "_Kept") -> "_Kept":
        return _Kept(self.point().then(later.point()))

    def point(self) -> Point:
        return msgspec.msgpack.decode(self.content, type=Point, dec_hook=decoded)


class Course:
    """The points of one run, in the order of time.

    Args:
        most_points: How many there are at most, but for the few that are still to be merged.
    """

    def __init__(self, most_points: int = MOST_POINTS) -> None:
        self._most_points = most_points
        self._kept: list[_Kept] = []
        self._place = 0
        """Points before this place cover ``step_s`` each."""
        self.step_s = 1.0
        """How much time one point covers, once thinning has come to it."""

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def end_s(self) -> float:
        """Up to when the course is known."""
        return self._kept[-1].to_s if self._kept else 0.0

    def add(self, point: Point) -> None:
        """Add what happened last."""
        self._kept.append(_Kept(point))
        if len(self._kept) > self._most_points and self._place >= len(self._kept) - 2:
            self.step_s *= 2
            self._place = 0
        for _ in range(_MERGES_PER_POINT):
            self._thin()

    def _thin(self) -> None:
        """Merge one point with the next, or go on to the next."""
        place = self._place
        if place >= len(self._kept) - 1:
            return
        this, following = self._kept[place : place + 2]
        if following.to_s - this.from_s > self.step_s:
            self._place += 1
        else:
            self._kept[place : place + 2] = [this.then(following)]

    def rows(self, since_s: float = 0.0) -> list[dict[str, Any]]:
        """Return the rows of a chart for the points that end after ``since_s``."""
        return [kept.row for kept in self._kept if kept.to_s > since_s]

    def points(self) -> Iterator[Point]:
        """Yield the points."""
        for kept in self._kept:
            yield kept.point()


def timing(histogram: Histogram) -> list[float | int | None]:
    """Return count, p50, p95, p99 and maximum of a histogram, in milliseconds.

    One pass over the buckets: ``Histogram.percentile_us`` sorts them anew for each percentile.
    """
    count = histogram.count
    ranks = [max(1, -(-count * percent // 100)) for percent in (50, 95, 99)]
    found: list[float | None] = []
    seen = histogram.too_low_count
    while count and len(found) < len(ranks) and ranks[len(found)] <= seen:
        found.append(min(0, histogram.max_us))
    for index in sorted(histogram.counts):
        seen += histogram.counts[index]
        while len(found) < len(ranks) and ranks[len(found)] <= seen:
            found.append(min(bucket_range_us(index)[1], histogram.max_us))
    highest = histogram.max_us if count else None
    found += [highest] * (len(ranks) - len(found))
    in_ms = [None if value is None else round(value / US_PER_MS, 3) for value in (*found, highest)]
    return [count, *in_ms]
