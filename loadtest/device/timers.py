"""Deadlines of thousands of devices in a handful of queues.

A device only ever waits for one of a few fixed delays: a heart-beat, the reconnect pause, the
keystroke debounce, the deadline of an action. All entries with one delay come due in the order in
which they were made, so each delay is a plain queue: to add and to take cost nothing that grows
with the number of devices. An entry cannot be taken back; its function looks whether it is still
wanted. Nothing here reads a clock.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

__all__ = ["TimerLanes"]

_Entry = tuple[int, Callable[..., None], tuple[Any, ...]]


class TimerLanes:
    """Calls ``function(*arguments, now_ns)`` once its delay has passed."""

    def __init__(self) -> None:
        self._lanes: dict[int, deque[_Entry]] = {}

    def after(
        self,
        delay_ns: int,
        now_ns: int,
        function: Callable[..., None],
        *arguments: Any,  # noqa: ANN401 - whatever the function takes
    ) -> None:
        """Have ``function`` called ``delay_ns`` after ``now_ns``, at the next ``run`` from then."""
        lane = self._lanes.get(delay_ns)
        if lane is None:
            lane = self._lanes[delay_ns] = deque()
        lane.append((now_ns + delay_ns, function, arguments))

    def next_due_ns(self) -> int | None:
        """Return the instant of the earliest entry, or None if there is none."""
        return min((lane[0][0] for lane in self._lanes.values() if lane), default=None)

    def run(self, now_ns: int) -> None:
        """Call everything that is due at ``now_ns``; what it adds waits for the next run."""
        for delay_ns, lane in tuple(self._lanes.items()):
            for _ in range(len(lane)):
                due_ns, function, arguments = lane[0]
                if due_ns > now_ns:
                    break
                lane.popleft()
                function(*arguments, now_ns)
            # A server that names a new cool-off each time must not leave a queue behind for each.
            if not lane:
                del self._lanes[delay_ns]

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))
