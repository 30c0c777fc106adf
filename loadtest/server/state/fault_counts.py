"""What a server did wrong, counted to the last one.

A fault is counted when it takes effect, not when it is decided: a second copy when its
socket took it, a copy out of order when it went out behind its successor. So the numbers can be
compared with what devices saw. Waiting is counted when it begins.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["FaultCounts", "FaultKind"]


class FaultKind(StrEnum):
    """Faults that happen to something, which they are counted by."""

    DROP = "drop"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    REORDER_EXPIRED = "reorder_expired"
    """Held back, and sent in its order after all: no successor came in time."""
    DELAY = "delay"
    QUEUE = "queue"
    """Had to wait for the service rate."""
    SPURIOUS_NOTIFICATION = "spurious_notification"
    ABANDONED = "abandoned"
    """Was on its way when its subscription ended, or its device went; not sent."""
    AFTER_END = "after_end"
    """Was sent although its subscription had ended: the UNSUBSCRIBE is carried out late."""
    RATE_LIMIT = "rate_limit"
    """By action."""
    ACTION_QUEUE = "action_queue"
    """By action; had to wait for the service rate."""
    ACTION_ABANDONED = "action_abandoned"
    """By action; its device went while it waited."""


def _by_kind() -> dict[FaultKind, defaultdict[str, int]]:
    return {kind: defaultdict(int) for kind in FaultKind}


@dataclass(slots=True)
class FaultCounts:
    """Running totals since the start of the server."""

    total: dict[FaultKind, defaultdict[str, int]] = field(default_factory=_by_kind)
    on_channel_topics: dict[FaultKind, defaultdict[str, int]] = field(default_factory=_by_kind)
    session_end_lag: int = 0
    """Ends of chat sessions that were noticed late."""
    refuse_connect: int = 0
    refuse_socket: int = 0
    cut: int = 0
    stall: int = 0
    stalled_ns: int = 0

    def note(self, kind: FaultKind, subject: str, *, is_in_channel: bool = False) -> None:
        """Count one fault by what it happened to: an event type, or an action."""
        self.total[kind][subject] += 1
        if is_in_channel:
            self.on_channel_topics[kind][subject] += 1

    def as_json(self) -> dict[str, object]:
        """Return every kind, also those that never happened."""
        numbers = {
            "session_end_lag": self.session_end_lag,
            "refuse_connect": self.refuse_connect,
            "refuse_socket": self.refuse_socket,
            "cut": self.cut,
            "stall": self.stall,
            "stalled_ms": self.stalled_ns / 1e6,
        }
        return {**_sorted(self.total), **numbers}

    def channels_as_json(self) -> dict[str, object]:
        """Return the part that happened on channel topics, for events that go on both."""
        found = _sorted(self.on_channel_topics)
        return {kind: counts for kind, counts in found.items() if counts}


def _sorted(counts: dict[FaultKind, defaultdict[str, int]]) -> dict[str, dict[str, int]]:
    return {kind.value: dict(sorted(by_subject.items())) for kind, by_subject in counts.items()}
