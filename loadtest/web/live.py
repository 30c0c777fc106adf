"""One run as the screens see it, made from the snapshots of its workers while it goes on.

Every second becomes a point: the difference between what all workers have counted by now and what
they had counted a second before. A snapshot holds everything since the start of the run, so that
one that is lost or late moves a figure to the next point, and never drops it. Of the seconds
themselves only gauges and peaks are taken.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from loadtest.clock import NS_PER_S, Clock, monotonic_ns
from loadtest.metrics import Collection, Histogram
from loadtest.metrics.figures.histogram import bucket_range_us
from loadtest.metrics.figures.timeline import TimelineRow
from loadtest.observations import ChatEvent, Phase
from loadtest.web.course import Course, Point

__all__ = ["LiveRun", "Mark", "SummedHistogram", "Sums", "WorkerView"]

_MESSAGE = str(ChatEvent.MESSAGE_CREATED)
_EVENT_COUNTS: Mapping[str, str] = {
    "expected": "deliveries_expected",
    "delivered": "deliveries",
    "lost": "lost",
    "late": "late",
    "duplicate": "duplicate",
    "out_of_order": "out_of_order",
    "after_end": "after_end",
}
"""Of messages: what is counted of an event, and what the point calls it."""
_NOTIFICATION_COUNTS: Mapping[str, str] = {
    "expected": "notifications_expected",
    "delivered": "notifications",
    "missed": "notifications_missed",
    "duplicate": "notifications_duplicate",
    "spurious": "notifications_spurious",
}
_HISTOGRAM = ("count", "sum_us", "too_low_count", "too_high_count", "negative_count")
_MOST_MARKS = 200
_PHASES: Mapping[str, str] = {
    Phase.RAMP: "ramp: users start",
    Phase.STEADY: "steady: all users are there",
    Phase.DRAIN: "drain: nothing new is sent, sessions end",
}
_INSPECTED_S = 60
_MOST_INSPECTED = 50
_MOST_SLOWEST = 2000


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at one instant and belongs into every chart."""

    at_s: float
    kind: str
    """``phase``, ``fault``, ``connections``, ``threshold``, ``worker``, ``users`` or ``error``."""
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the mark as the JSON route gives it."""
        return {"at_s": round(self.at_s, 1), "kind": self.kind, "text": self.text}


@dataclass(frozen=True, slots=True)
class WorkerView:
    """What is known of one worker now."""

    number: int
    devices: int
    chat_sessions: int
    cpu_ratio: float
    lag_p99_ms: float | None
    heard_s_ago: float


class LiveRun:
    """The course of one run, its marks and its workers.

    Args:
        started_ns: When the run began.
        clock: For tests.
    """

    def __init__(self, started_ns: int, clock: Clock = monotonic_ns) -> None:
        self.course = Course()
        self._clock = clock
        self._started_ns = started_ns
        self.totals = Sums()
        """What was counted up to the last point."""
        self._heard_ns: dict[int, int] = {}
        self._marks: deque[Mark] = deque(maxlen=_MOST_MARKS)
        self._slowest: deque[dict[str, Any]] = deque(maxlen=_MOST_SLOWEST)
        self._phases: set[str] = set()
        self._connections_lost = 0
        self.seconds: list[TimelineRow] = []
        """The seconds without their histograms, for a summary while the run goes on."""

    def mark(self, kind: str, text: str) -> None:
        """Put a mark at the present instant."""
        self._marks.append(Mark((self._clock() - self._started_ns) / NS_PER_S, kind, text))

    @property
    def marks(self) -> list[Mark]:
        """The marks, in the order of time."""
        return sorted(self._marks, key=lambda mark: mark.at_s)

    def restart(self, started_ns: int) -> None:
        """Count from another instant: users and channels were made before the run began."""
        self._started_ns = started_ns

    def take(self, collection: Collection, worker: int, *, is_last: bool = False) -> None:
        """Take what the workers have reported by now; ``worker`` is the one that just did.

        A point begins when the first of them reports a new second. The last call of a run adds what
        came after its last second.
        """
        self._heard_ns[worker] = self._clock()
        for each in collection.newest_slowest(worker):
            self._slowest.append({**each, "worker": worker + 1})
        end_s = float(collection.newest_s)
        if end_s > self.course.end_s:
            self._add(collection, end_s)
        elif is_last:
            self._add(collection, self.course.end_s + 1)

    def _add(self, collection: Collection, to_s: float) -> None:
        sums = Sums.of(collection.newest_figures())
        row = collection.latest_row() or TimelineRow()
        self.seconds.append(_without_histograms(row))
        counts, histograms = sums.since(self.totals)
        self.totals = sums
        self.course.add(
            Point(self.course.end_s, to_s, counts, _gauges(row), _peaks(row), histograms)
        )
        self._note_phases(sums.phases)
        self._note_connections(sums.connections_lost)

    def _note_phases(self, phases: Mapping[str, float]) -> None:
        """Mark the begin of each phase, as soon as a worker has reported it."""
        for name, from_s in phases.items():
            if name not in self._phases:
                self._phases.add(name)
                self._marks.append(Mark(from_s, "phase", _PHASES.get(name, name)))

    def _note_connections(self, lost: Mapping[str, int]) -> None:
        total = sum(lost.values())
        if total > self._connections_lost:
            new = total - self._connections_lost
            word = "connection" if new == 1 else "connections"
            self.mark("connections", f"{new:,} {word} lost")
        self._connections_lost = total

    def slowest(self) -> list[dict[str, Any]]:
        """Return the slowest messages of the last minute, the slowest first."""
        since_s = self.course.end_s - _INSPECTED_S
        recent = [each for each in self._slowest if each["due_s"] >= since_s]
        recent.sort(key=lambda each: each["last_ms"], reverse=True)
        recent = recent[:_MOST_INSPECTED]
        last = Counter((each["worker"], each["last_device"]) for each in recent)
        return [
            {**each, "also_last_count": last[each["worker"], each["last_device"]] - 1}
            for each in recent
        ]

    def workers(self, collection: Collection) -> list[WorkerView]:
        """Return what is known of each worker that has reported."""
        views = []
        now_ns = self._clock()
        for number, row in collection.latest_rows():
            lag_us = row.lag.percentile_us(99)
            views.append(
                WorkerView(
                    number=number,
                    devices=row.devices,
                    chat_sessions=row.chat_sessions,
                    cpu_ratio=row.cpu_ratio_peak,
                    lag_p99_ms=None if lag_us is None else lag_us / 1000,
                    heard_s_ago=(now_ns - self._heard_ns.get(number, now_ns)) / NS_PER_S,
                )
            )
        return views


_NOTHING = Histogram()


def _without_histograms(row: TimelineRow) -> TimelineRow:
    kept = {name: getattr(row, name) for name in row.__struct_fields__}
    return TimelineRow(**kept | {"latency": _NOTHING, "lag": _NOTHING})


def _gauges(row: TimelineRow) -> dict[str, float]:
    names = ("devices", "user_sessions", "chat_sessions", "unsent_bytes")
    return {name: getattr(row, name) for name in names}


def _peaks(row: TimelineRow) -> dict[str, float]:
    return {
        "cpu_ratio": round(row.cpu_ratio_peak, 3),
        "loop_lag_ms": row.loop_lag_us_peak / 1000,
        "hub_lag_ms": row.hub_lag_us_peak / 1000,
    }


class SummedHistogram:
    """A histogram over all workers, as far as a difference needs it."""

    __slots__ = ("buckets", "max_us", "totals")

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        """Count, sum and what is out of range."""
        self.buckets: Counter[int] = Counter()
        self.max_us = 0

    def take(self, plain: Mapping[str, Any]) -> None:
        """Add the histogram of one worker, given as plain data."""
        for field in _HISTOGRAM:
            self.totals[field] += plain[field]
        self.buckets.update(dict(zip(plain["buckets"], plain["bucket_counts"], strict=True)))
        self.max_us = max(self.max_us, plain["max_us"])

    def since_start(self) -> Histogram:
        """Return all that was counted."""
        return self.since(_NONE)

    def since(self, before: "SummedHistogram") -> Histogram:
        """Return what was counted since ``before``."""
        histogram = Histogram()
        for field, total in self.totals.items():
            setattr(histogram, field, total - before.totals[field])
        for index, count in self.buckets.items():
            new = count - before.buckets[index]
            if new:
                histogram.counts[index] = new
        if histogram.counts:
            histogram.min_us = bucket_range_us(min(histogram.counts))[0]
            # The highest of all is exact, if it is of this stretch.
            highest = bucket_range_us(max(histogram.counts))[1]
            histogram.max_us = min(highest, self.max_us)
        if histogram.too_high_count:
            histogram.max_us = self.max_us
        return histogram


class Sums:
    """What all workers together have counted since the start, as far as screens show it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.connections_lost: Counter[str] = Counter()
        self.phases: dict[str, float] = {}
        """When each phase began on the first worker."""
        self.histograms: dict[str, SummedHistogram] = {}

    @classmethod
    def of(cls, figures: Iterable[Mapping[str, Any]]) -> "Sums":
        """Return the sums over the figures of all workers."""
        sums = cls()
        for part in figures:
            sums._add(part)
        return sums

    def _add(self, figures: Mapping[str, Any]) -> None:
        message = figures["events"].get(_MESSAGE, {})
        for name, shown in _EVENT_COUNTS.items():
            self.counts[shown] += message.get(name, 0)
        self.counts["messages"] += figures["load"]["messages"]
        self.connections_lost.update(figures["load"]["connections_lost"])
        for name, phase in figures["phases"].items():
            self._timed(phase)
            from_s = phase["from_s_low"]
            if from_s is not None:
                self.phases[name] = min(from_s, self.phases.get(name, from_s))
        for block in figures["notifications"].values():
            self._notified(block)
        self._take("generator_lag", figures["health"]["lag"])
        self._take("loop_lag", figures["health"]["loop_lag"])

    def _timed(self, phase: Mapping[str, Any]) -> None:
        """Add the latencies of one phase: those of the run are those of its phases."""
        for event, block in phase["events"].items():
            self._take(f"latency:{event}", block["latency"])
        for block in phase["completion"].values():
            self._take("last_receiver", block["last"])

    def _notified(self, block: Mapping[str, Any]) -> None:
        for name, shown in _NOTIFICATION_COUNTS.items():
            self.counts[shown] += block.get(name, 0)
        for outcome, count in block["handoff"].items():
            self.counts[f"handoff_{outcome}"] += count
        self._take("notification", block["latency"])
        self._take("activation_at_least", block["activation"]["at_least"])
        self._take("activation_at_most", block["activation"]["at_most"])

    def _take(self, name: str, plain: Mapping[str, Any]) -> None:
        if plain["count"]:
            self.histograms.setdefault(name, SummedHistogram()).take(plain)

    def since(self, before: "Sums") -> tuple[dict[str, int], dict[str, Histogram]]:
        """Return what was counted since ``before``."""
        counts = {name: count - before.counts[name] for name, count in self.counts.items()}
        histograms = {}
        for name, summed in self.histograms.items():
            known = before.histograms.get(name, _NONE)
            if summed.totals["count"] != known.totals["count"]:
                histograms[name] = summed.since(known)
        return counts, histograms


_NONE = SummedHistogram()
