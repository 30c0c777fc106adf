"""Numbers for users that come and go: always the lowest that is free.

Users with low numbers fill the first cells, so that a cell is complete before the next one begins,
also after some users were stopped and others started.
"""

import heapq

__all__ = ["UserNumbers"]


class UserNumbers:
    """Hands out numbers from 0 on."""

    def __init__(self) -> None:
        self._free: list[int] = []
        self._next = 0

    def take(self) -> int:
        """Return the lowest free number."""
        if self._free:
            return heapq.heappop(self._free)
        self._next += 1
        return self._next - 1

    def give_back(self, number: int) -> None:
        """Make a number free again."""
        heapq.heappush(self._free, number)
