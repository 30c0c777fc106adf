"""One coarse timer wheel for everything of a server that happens later.

Time is cut into ticks; a timer fires in the first tick that begins at or after its deadline, so at
most one tick late and never early. The wheel reads no clock and sleeps nowhere: whoever owns it
calls ``advance``. There is no cancelling: what fires looks itself whether it is still wanted.
"""

import logging
from collections import defaultdict
from collections.abc import Callable

__all__ = ["TimerWheel"]

_log = logging.getLogger(__name__)


class TimerWheel:
    """Callbacks by the tick in which they are due."""

    __slots__ = ("_buckets", "_tick", "_tick_ns", "now_ns")

    def __init__(self, tick_ns: int, now_ns: int) -> None:
        self._tick_ns = tick_ns
        self._tick = now_ns // tick_ns
        self._buckets: defaultdict[int, list[Callable[[], None]]] = defaultdict(list)
        self.now_ns = now_ns
        """The instant of the last ``advance``: a time that costs nothing to read."""

    def schedule(self, deadline_ns: int, callback: Callable[[], None]) -> None:
        """Call back once, in the first tick at or after ``deadline_ns``."""
        tick = -(-deadline_ns // self._tick_ns)
        self._buckets[max(tick, self._tick + 1)].append(callback)

    def advance(self, now_ns: int) -> None:
        """Fire, tick by tick, everything that is due at ``now_ns``."""
        self.now_ns = now_ns
        last = now_ns // self._tick_ns
        while self._tick < last:
            self._tick += 1
            for callback in self._buckets.pop(self._tick, ()):
                try:
                    callback()
                except Exception:
                    # A defect in one must not keep the others from firing, now or later.
                    _log.exception("a timer's callback failed")
