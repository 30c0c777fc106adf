"""The messages of each second that took longest to reach everybody, for a person to look at.

No figure comes from them. On the way of a message there is one comparison; only a message that is
among the slowest of its second costs more.
"""

import heapq
from typing import Any

from loadtest.clock import NS_PER_S
from loadtest.metrics.ledger.model import Record

__all__ = ["KEPT_PER_INTERVAL", "Marks", "SlowestMessages"]

Marks = tuple[int, int, int, int, int]
"""When the first, 50 %, 90 %, 99 % and last of the expected devices had a message, in us."""

KEPT_PER_INTERVAL = 5


class SlowestMessages:
    """The slowest messages of the present interval, and those of the last one.

    Args:
        started_ns: When the run began.
    """

    def __init__(self, started_ns: int = 0) -> None:
        self._started_ns = started_ns
        self._heap: list[tuple[int, int, dict[str, Any]]] = []
        self._count = 0
        self.least_us = -1
        """What a message must exceed to be kept."""
        self.rolled: list[dict[str, Any]] = []
        """Those of the last interval, as plain data."""

    def keep(self, record: Record, devices: int, marks: Marks, slot: int) -> None:
        """Keep a message that is slower than ``least_us``; ``slot`` got it last, -1: unknown."""
        slots = record.channel.slots
        last = slots[slot] if 0 <= slot < len(slots) else None
        entry = {
            "due_s": round((record.due_ns - self._started_ns) / NS_PER_S, 3),
            "channel": record.channel.id,
            "devices": devices,
            "first_ms": marks[0] / 1000,
            "half_ms": marks[1] / 1000,
            "most_ms": marks[2] / 1000,
            "last_ms": marks[4] / 1000,
            "last_device": last.device.number if last is not None else None,
        }
        self._count += 1  # two that took as long must not be compared further
        heapq.heappush(self._heap, (marks[4], self._count, entry))
        if len(self._heap) > KEPT_PER_INTERVAL:
            heapq.heappop(self._heap)
        if len(self._heap) == KEPT_PER_INTERVAL:
            self.least_us = self._heap[0][0]

    def roll(self) -> None:
        """Begin the next interval."""
        self.rolled = [entry for _, _, entry in sorted(self._heap, reverse=True)]
        self._heap = []
        self.least_us = -1
