"""Lines that say how far something has come: one a second at most, and the last one."""

import threading
from collections.abc import Callable

from loadtest.clock import NS_PER_S, Clock, monotonic_ns

__all__ = ["ProgressLines"]


class ProgressLines:
    """Counts what is done of one kind of thing; may be told from several threads.

    Args:
        say: Takes a line.
        clock: For tests.
    """

    def __init__(self, say: Callable[[str], None], *, clock: Clock = monotonic_ns) -> None:
        self._say = say
        self._clock = clock
        self._lock = threading.Lock()
        self._what = ""
        self._total = 0
        self._counts: dict[str, int] = {}
        self._said_ns = 0

    def begin(self, what: str, total: int) -> None:
        """Begin with ``total`` things, such as ``users``."""
        with self._lock:
            self._what, self._total = what, total
            self._counts = {}
            self._said_ns = self._clock()

    def count(self, outcome: str) -> None:
        """Count one thing that is done, with what became of it, such as ``made``."""
        with self._lock:
            self._counts[outcome] = self._counts.get(outcome, 0) + 1
            now_ns = self._clock()
            done = sum(self._counts.values())
            if done < self._total and now_ns - self._said_ns < NS_PER_S:
                return
            self._said_ns = now_ns
            outcomes = ", ".join(f"{n:,} {name}" for name, n in self._counts.items())
            self._say(f"{self._what}: {done:,} of {self._total:,} ({outcomes})")
