"""One row per second: what happened in it, and how things stood at its end.

Rows of several workers for the same second add up like all figures: counts and gauges add,
histograms merge, peaks take the higher. A row travels and rests encoded, because a long run has
many of them.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct, field

from loadtest.clock import NS_PER_S, US_PER_MS
from loadtest.metrics.figures.figures import Figures, add, decoded, encoded
from loadtest.metrics.figures.histogram import Histogram
from loadtest.observations import ChatEvent

__all__ = ["Gauges", "Interval", "Timeline", "TimelineRow", "decode_row", "encode_row"]


@dataclass(frozen=True, slots=True)
class Gauges:
    """How things stand at one instant."""

    devices: int = 0
    """Devices with a connection."""
    user_sessions: int = 0
    chat_sessions: int = 0
    cpu_ratio: float = 0.0
    unsent_bytes: int = 0


class TimelineRow(Struct):
    """One second of a run. ``messages`` to ``duplicate`` are of messages alone."""

    t_s: int = 0
    """Whole seconds since the start of the run, at the end of the row."""
    devices: int = 0
    user_sessions: int = 0
    chat_sessions: int = 0
    messages: int = 0
    expected: int = 0
    deliveries: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    out_of_order: int = 0
    unexpected: int = 0
    """Of every event type."""
    events: int = 0
    """Deliveries of every event type."""
    notifications: int = 0
    missed: int = 0
    spurious: int = 0
    actions: int = 0
    errors: int = 0
    dropped: int = 0
    cpu_ratio_peak: float = 0.0
    unsent_bytes: int = 0
    latency: Histogram = field(default_factory=Histogram)
    """Delivery latency of messages."""
    lag: Histogram = field(default_factory=Histogram)
    loop_lag_us_peak: int = 0
    hub_lag_us_peak: int = 0

    def columns(self) -> dict[str, Any]:
        """Return the row with names and units of ``timeline.csv``; None is not measured."""
        columns = {
            name: getattr(self, name)
            for name in self.__struct_fields__
            if isinstance(getattr(self, name), int) and not name.endswith("_peak")
        }
        return columns | {
            "delivery_p50_ms": _ms(self.latency.percentile_us(50)),
            "delivery_p99_ms": _ms(self.latency.percentile_us(99)),
            "delivery_max_ms": _ms(self.latency.percentile_us(100)),
            "generator_lag_p99_ms": _ms(self.lag.percentile_us(99)),
            "loop_lag_max_ms": _ms(self.loop_lag_us_peak),
            "hub_lag_max_ms": _ms(self.hub_lag_us_peak),
            "cpu_ratio": round(self.cpu_ratio_peak, 3),
        }


@dataclass(frozen=True, slots=True)
class Interval:
    """What was counted between two calls of a ledger's ``roll``."""

    number: int
    started_ns: int
    ended_ns: int
    figures: Figures
    row: TimelineRow


def _make_row(t_s: int, figures: Figures, gauges: Gauges) -> TimelineRow:
    """Return the row of one second from what was counted in it."""
    message = figures.event(ChatEvent.MESSAGE_CREATED)
    notifications = figures.all_notifications()
    health = figures.health
    events, actions = figures.events.values(), figures.actions.values()
    return TimelineRow(
        t_s=t_s,
        devices=gauges.devices,
        user_sessions=gauges.user_sessions,
        chat_sessions=gauges.chat_sessions,
        messages=figures.load.messages,
        expected=message.expected,
        deliveries=message.delivered,
        lost=message.lost,
        late=message.late,
        duplicate=message.duplicate,
        out_of_order=message.out_of_order,
        unexpected=sum(sum(event.unexpected.values()) for event in events),
        events=sum(event.delivered for event in events),
        notifications=notifications.delivered,
        missed=notifications.missed,
        spurious=notifications.spurious,
        actions=sum(action.completed for action in actions),
        errors=sum(sum(action.errors.values()) for action in actions),
        dropped=sum(sum(action.dropped.values()) for action in actions),
        cpu_ratio_peak=gauges.cpu_ratio,
        unsent_bytes=gauges.unsent_bytes,
        latency=message.latency.copy(),
        lag=health.lag.copy(),
        loop_lag_us_peak=health.loop_lag.max_us,
        hub_lag_us_peak=health.hub_lag.max_us,
    )


class Timeline:
    """The latest rows of one worker, encoded.

    Args:
        started_ns: When the run began.
        kept: How many seconds are kept; the master has had the others.
    """

    def __init__(self, started_ns: int, kept: int) -> None:
        self._started_ns = started_ns
        self._kept = kept
        self._rows: dict[int, bytes] = {}
        self._latest_s = -1
        self._latest = Figures()

    def add(self, now_ns: int, figures: Figures, gauges: Gauges) -> TimelineRow:
        """Add what was counted up to ``now_ns``; a second call for a second completes its row."""
        t_s = round((now_ns - self._started_ns) / NS_PER_S)
        if t_s == self._latest_s:
            both = Figures()
            add(both, self._latest)
            add(both, figures)
            figures = both
        self._latest_s, self._latest = t_s, figures
        row = _make_row(t_s, figures, gauges)
        self._rows[t_s] = encode_row(row)
        while len(self._rows) > self._kept:
            del self._rows[next(iter(self._rows))]
        return row

    def rows(self) -> list[tuple[int, bytes]]:
        """Return second and encoded row of each kept second."""
        return list(self._rows.items())


def encode_row(row: TimelineRow) -> bytes:
    """Return ``row`` as bytes."""
    return msgspec.msgpack.encode(row, enc_hook=encoded)


def decode_row(row: bytes) -> TimelineRow:
    """Return the row that ``encode_row`` made bytes of.

    Raises:
        msgspec.DecodeError: ``row`` is something else.
    """
    return msgspec.msgpack.decode(row, type=TimelineRow, dec_hook=decoded)


def _ms(value_us: int | None) -> float | None:
    return None if value_us is None else round(value_us / US_PER_MS, 3)
