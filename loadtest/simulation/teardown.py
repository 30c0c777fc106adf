"""In which order devices end at the end of a run.

If all of them ended at once, each would see the others go while it goes itself, and nobody could
say which of these events it was still owed. So they end in rounds: each takes a few devices of
every cell, and cells share no channels.
"""

from collections.abc import Iterator, Sequence
from math import ceil

from loadtest.device import Device

__all__ = ["rounds"]

_ROUNDS = 100
"""More would take too long in a cell with thousands of devices."""


def rounds(groups: Sequence[Sequence[Device]], limit: int = _ROUNDS) -> Iterator[list[Device]]:
    """Yield the devices of all groups in at most ``limit`` rounds, every group's share in each."""
    longest = max(map(len, groups), default=0)
    shares = [ceil(len(group) / limit) for group in groups]
    for number in range(min(longest, limit)):
        ending = [
            device
            for group, share in zip(groups, shares, strict=True)
            for device in group[number * share : (number + 1) * share]
        ]
        if ending:
            yield ending
