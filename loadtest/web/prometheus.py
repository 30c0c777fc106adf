"""``/chat/prometheus``: the run in Prometheus' text format, for whoever scrapes it.

Histograms are classic ones, made from our own buckets. What only grows is a counter; what may
shrink again (a loss that came late after all) is a gauge. No label names a user, a channel or a
run. When a run is over its gauges go at once, and its counts after a minute, so that the last
scrape gets them and nothing is stale.
"""

from collections.abc import Iterable, Iterator, Mapping

from loadtest.clock import NS_PER_S, Clock, monotonic_ns
from loadtest.metrics.figures.histogram import bucket_range_us
from loadtest.report.figures import at
from loadtest.web.desk import Desk, WatchedRun
from loadtest.web.live import LiveRun, SummedHistogram

__all__ = ["BUCKETS_S", "CONTENT_TYPE", "Exposition"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS_S = (
    *(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 30.0, 60.0),
)
_KEPT_NS = 60 * NS_PER_S
_US_PER_S = 1_000_000
_STATES = ("idle", "running", "draining", "ended")
_HISTOGRAMS: Mapping[str, tuple[str, str]] = {
    "last_receiver": ("fan_out_last_receiver_seconds", "Until a message had reached everybody."),
    "notification": ("notification_latency_seconds", "Arrival of a notification minus due."),
    "generator_lag": ("generator_lag_seconds", "How late the load generator sent."),
    "loop_lag": ("engine_loop_lag_seconds", "How late the engine's loop turned."),
}
_COUNTERS: Mapping[str, tuple[str, str]] = {
    "messages": ("messages_sent_total", "Messages that were written."),
    "deliveries_expected": ("deliveries_expected_total", "Deliveries of messages that are owed."),
    "deliveries": ("deliveries_total", "Deliveries of messages that came."),
    "late": ("deliveries_late_total", "Those that came after the deadline."),
    "duplicate": ("deliveries_duplicate_total", "Deliveries that came again."),
    "out_of_order": ("deliveries_out_of_order_total", "Deliveries in another order than sent."),
    "after_end": ("deliveries_after_end_total", "Deliveries after the chat session's end."),
    "notifications_expected": ("notifications_expected_total", "Notifications that are owed."),
    "notifications": ("notifications_total", "Notifications that came as they should."),
    "notifications_duplicate": ("notifications_duplicate_total", "Notifications that came again."),
    "notifications_spurious": ("notifications_spurious_total", "Notifications nobody was owed."),
}
_SHRINKING: Mapping[str, tuple[str, str]] = {
    "lost": ("deliveries_lost", "Deliveries of messages that have not come by the deadline."),
    "notifications_missed": ("notifications_missed", "Notifications that have not come."),
}
_GAUGES: Mapping[str, str] = {
    "devices": "Devices with a connection.",
    "user_sessions": "User sessions.",
    "chat_sessions": "Active chat sessions.",
    "unsent_bytes": "Bytes that wait in send buffers.",
}


class Exposition:
    """Answers scrapes.

    Args:
        desk: The process that leads runs.
        clock: For tests.
    """

    def __init__(self, desk: Desk, clock: Clock = monotonic_ns) -> None:
        self._desk = desk
        self._clock = clock
        self._ended: tuple[str, int] = ("", 0)
        """The last run that is over, and when that was seen."""

    def text(self) -> str:
        """Return all that there is to scrape now."""
        run = self._desk.run
        return "\n".join([*self._lines(run), ""])

    def _lines(self, run: WatchedRun | None) -> Iterator[str]:
        state = _state(run)
        yield from _head("run_state", "gauge", "What the load test does now.")
        for each in _STATES:
            yield _sample("run_state", int(each == state), {"state": each})
        live = run.live if run is not None else None
        if run is None or live is None or self._is_over(run):
            return
        yield from _about(run)
        yield from _counts(live)
        yield from _histograms(live)
        if not run.is_finished:
            yield from _gauges(run, live)

    def _is_over(self, run: WatchedRun) -> bool:
        """Whether a run has been over for so long that its counts are stale."""
        if not run.is_finished:
            return False
        now_ns = self._clock()
        if self._ended[0] != run.run_id:
            self._ended = (run.run_id, now_ns)
        return now_ns - self._ended[1] > _KEPT_NS


def _state(run: WatchedRun | None) -> str:
    if run is None:
        return "idle"
    if run.is_finished:
        return "ended"
    return "draining" if run.is_draining else "running"


def _about(run: WatchedRun) -> Iterator[str]:
    profile = str(at(run.profile, "name") or "")
    yield from _head("run_info", "gauge", "What is run.")
    yield _sample("run_info", 1, {"profile": profile})


def _counts(live: LiveRun) -> Iterator[str]:
    counts = live.totals.counts
    for key, (name, meaning) in _COUNTERS.items():
        yield from _head(name, "counter", meaning)
        yield _sample(name, counts[key])
    for key, (name, meaning) in _SHRINKING.items():
        yield from _head(name, "gauge", meaning)
        yield _sample(name, counts[key])
    yield from _head("handoffs_total", "counter", "Messages while a last chat session ended.")
    for outcome in ("delivered", "notified", "neither", "both"):
        yield _sample("handoffs_total", counts[f"handoff_{outcome}"], {"outcome": outcome})
    yield from _head("connections_lost_total", "counter", "Connections lost against our wish.")
    yield _sample("connections_lost_total", sum(live.totals.connections_lost.values()))


def _histograms(live: LiveRun) -> Iterator[str]:
    found = live.totals.histograms
    name = "delivery_latency_seconds"
    yield from _head(name, "histogram", "Arrival minus due, by event type.")
    for key, histogram in sorted(found.items()):
        if key.startswith("latency:"):
            yield from _buckets(name, histogram, {"event": key.removeprefix("latency:")})
    for key, (name, meaning) in _HISTOGRAMS.items():
        if key in found:
            yield from _head(name, "histogram", meaning)
            yield from _buckets(name, found[key], {})


def _buckets(name: str, histogram: SummedHistogram, labels: Mapping[str, str]) -> Iterator[str]:
    limits_us = [round(limit * _US_PER_S) for limit in BUCKETS_S]
    below = [0] * len(limits_us)
    for index, count in histogram.buckets.items():
        highest = bucket_range_us(index)[1]
        for place, limit in enumerate(limits_us):
            if highest <= limit:
                below[place] += count
                break
    seen: float = histogram.totals["too_low_count"]
    for limit_s, count in zip(BUCKETS_S, below, strict=True):
        seen += count
        yield _sample(f"{name}_bucket", seen, {**labels, "le": f"{limit_s:g}"})
    total = histogram.totals["count"]
    yield _sample(f"{name}_bucket", total, {**labels, "le": "+Inf"})
    yield _sample(f"{name}_sum", histogram.totals["sum_us"] / _US_PER_S, labels)
    yield _sample(f"{name}_count", total, labels)


def _gauges(run: WatchedRun, live: LiveRun) -> Iterator[str]:
    if live.seconds:
        for name, meaning in _GAUGES.items():
            yield from _head(name, "gauge", meaning)
            yield _sample(name, getattr(live.seconds[-1], name))
    states = run.worker_states()
    workers: Iterable[tuple[str, str, list[float]]] = (
        ("worker_cpu_ratio", "CPU of a worker.", [each.view.cpu_ratio for each in states]),
        ("worker_devices", "Devices of a worker.", [each.view.devices for each in states]),
        (
            "worker_report_age_seconds",
            "Since the last report of a worker.",
            [each.view.heard_s_ago for each in states],
        ),
    )
    for name, meaning, values in workers:
        yield from _head(name, "gauge", meaning)
        for state, value in zip(states, values, strict=True):
            yield _sample(name, value, {"worker": str(state.view.number + 1)})


def _head(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP loadtest_{name} {meaning}"
    yield f"# TYPE loadtest_{name} {kind}"


def _sample(name: str, value: float, labels: Mapping[str, str] | None = None) -> str:
    shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in (labels or {}).items())
    braces = f"{{{shown}}}" if shown else ""
    return f"loadtest_{name}{braces} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
