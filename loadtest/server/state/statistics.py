"""What a reference server counts, and the JSON of ``/stats``.

A delivery is counted where it is handed to a socket that is open, once per copy, so that
the numbers can be compared with the ledger of the devices to the last one. Nothing is sampled and
nothing is reset.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from loadtest.clock import NS_PER_S
from loadtest.server.state.fault_counts import FaultCounts

__all__ = ["NOTIFICATION", "Counters", "PushCounts"]

NOTIFICATION = "user.notification.created"


def _counts() -> defaultdict[str, int]:
    return defaultdict(int)


@dataclass(slots=True)
class PushCounts:
    """Running totals of the push webhook."""

    created: int = 0
    """Users to whom a message should be pushed."""
    sent: int = 0
    """Calls that the receiver took."""
    failed: int = 0
    overflowed: int = 0
    """Not called, as too many waited."""
    waiting: int = 0
    """Not called yet, or not answered yet."""
    last_error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "created": self.created,
            "sent": self.sent,
            "failed": self.failed,
            "overflowed": self.overflowed,
            "waiting": self.waiting,
            "last_error": self.last_error,
        }


@dataclass(slots=True)
class Counters:
    """Running totals of one server since its start."""

    started_ns: int
    connections_opened: int = 0
    connections_closed: int = 0
    user_sessions_started: int = 0
    user_sessions_ended: int = 0
    chat_sessions_started: int = 0
    chat_sessions_ended: int = 0
    relays_answered: int = 0
    stomp_receipts: int = 0
    connected: int = 0
    acks: int = 0
    heart_beats_in: int = 0
    heart_beats_out: int = 0
    slow_readers: int = 0
    dead_connections: int = 0
    notifications_created: int = 0
    """Users notified; each of their devices is a delivery."""
    frames_in: defaultdict[str, int] = field(default_factory=_counts)
    published: defaultdict[str, int] = field(default_factory=_counts)
    channel_deliveries: defaultdict[str, int] = field(default_factory=_counts)
    user_deliveries: defaultdict[str, int] = field(default_factory=_counts)
    errors: defaultdict[str, int] = field(default_factory=_counts)
    error_messages: int = 0
    """Refusals that a device was told of on its errors queue."""
    error_frames: int = 0
    platform_answers: defaultdict[str, int] = field(default_factory=_counts)
    """Answers of the Platform API by HTTP status."""
    pushes: PushCounts = field(default_factory=PushCounts)
    faults: FaultCounts = field(default_factory=FaultCounts)

    def deliveries(self) -> dict[str, int]:
        """Return the copies handed to sockets, by event type, over all topics."""
        totals = dict(self.channel_deliveries)
        for event_type, count in self.user_deliveries.items():
            totals[event_type] = totals.get(event_type, 0) + count
        return totals

    def frames_out(self) -> dict[str, int]:
        """Return the frames handed to sockets, by command."""
        messages = sum(self.deliveries().values()) + self.relays_answered + self.error_messages
        counts = {
            "CONNECTED": self.connected,
            "ERROR": self.error_frames,
            "MESSAGE": messages,
            "RECEIPT": self.stomp_receipts,
        }
        return {command: count for command, count in counts.items() if count}

    def as_json(self, now_ns: int, cpu_s: float) -> dict[str, Any]:
        """Return everything as plain values, sorted by name where names are data."""
        deliveries = self.deliveries()
        return {
            "uptime_s": (now_ns - self.started_ns) / NS_PER_S,
            "cpu_s": cpu_s,
            "connections": _open_of(self.connections_opened, self.connections_closed),
            "user_sessions": _open_of(self.user_sessions_started, self.user_sessions_ended),
            "chat_sessions": _open_of(self.chat_sessions_started, self.chat_sessions_ended),
            "frames_in": _sorted(self.frames_in),
            "frames_out": _sorted(self.frames_out()),
            "published": _sorted(self.published),
            "deliveries": _sorted(deliveries),
            "deliveries_on_channel_topics": _sorted(self.channel_deliveries),
            "deliveries_on_user_topics": _sorted(self.user_deliveries),
            "deliveries_total": sum(deliveries.values()),
            "notifications_created": self.notifications_created,
            "notifications_delivered": deliveries.get(NOTIFICATION, 0),
            "relays_answered": self.relays_answered,
            "stomp_receipts": self.stomp_receipts,
            "acks": self.acks,
            "heart_beats_in": self.heart_beats_in,
            "heart_beats_out": self.heart_beats_out,
            "slow_readers_disconnected": self.slow_readers,
            "dead_connections": self.dead_connections,
            "errors": _sorted(self.errors),
            "platform_answers": _sorted(self.platform_answers),
            "push": self.pushes.as_json(),
            "faults": self.faults.as_json(),
            "faults_on_channel_topics": self.faults.channels_as_json(),
        }


def _open_of(started: int, ended: int) -> dict[str, int]:
    return {"open": started - ended, "started": started, "ended": ended}


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))
