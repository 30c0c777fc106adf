"""What a server does at exact instants: a queue by due time beside the coarse timer wheel.

Injected delays must be right within a millisecond or two, which ticks are not. Nothing is
called before it is due, and what is due at the same instant is called in the order of its coming.
Nothing here sleeps: whoever owns the agenda is told by ``wake`` when to call ``run``.
"""

from collections.abc import Callable
from heapq import heappop, heappush

from loadtest.clock import Clock

__all__ = ["Agenda"]


def _nobody(_due_ns: int) -> None:
    """Take no notice: a server that has not started yet has no timer."""


class Agenda:
    """Callbacks by the instant at which they are due."""

    __slots__ = ("_clock", "_last_number", "_queue", "wake")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._last_number = 0
        self.wake: Callable[[int], None] = _nobody
        """Is called with the next due instant whenever that becomes another one."""

    @property
    def next_due_ns(self) -> int | None:
        """When ``run`` has something to do, None for never."""
        return self._queue[0][0] if self._queue else None

    def at(self, due_ns: int, callback: Callable[[], None]) -> None:
        """Call back once, at ``due_ns`` or as soon after it as possible."""
        self._last_number += 1
        heappush(self._queue, (due_ns, self._last_number, callback))
        if self._queue[0][1] == self._last_number:
            self.wake(due_ns)

    def after(self, delay_ns: int, callback: Callable[[], None]) -> None:
        """Call back once, ``delay_ns`` from now."""
        self.at(self._clock() + delay_ns, callback)

    def run(self) -> None:
        """Call everything that is due."""
        now_ns = self._clock()
        queue = self._queue
        try:
            while queue and queue[0][0] <= now_ns:
                heappop(queue)[2]()
        finally:
            # Also after a defect in a callback: the others must not wait for ever.
            if queue:
                self.wake(queue[0][0])

    def clear(self) -> None:
        """Forget everything."""
        self._queue.clear()
