"""What goes wrong on purpose at the devices' end: connections that break, devices that read slowly.

Which devices that concerns follows from the seed alone: they are the same on any number of workers.
Whoever carries it out cuts and slows down; what follows is the SDK's and the server's.
"""

from dataclasses import dataclass

from loadtest.clock import NS_PER_S
from loadtest.workload.randomness import RandomStream

__all__ = ["CutPlan", "Disturbances", "SlowReaders"]


@dataclass(frozen=True, slots=True)
class CutPlan:
    """Waves of cuts, each device in one at most; times count from when all users were started."""

    at_s: float
    share: float = 1.0
    """Share of all devices."""
    waves: int = 1
    every_s: float = 0.0

    def due_ns(self, wave: int) -> int:
        """Return when a wave is due, in nanoseconds."""
        return round((self.at_s + wave * self.every_s) * NS_PER_S)

    def wave_of(self, *device: int) -> int | None:
        """Return the wave in which a device loses its connection; None: it keeps it.

        The device is named by seed, cell, member, and its number among the member's.
        """
        rng = RandomStream("cuts", *device)
        return rng.below(self.waves) if rng.uniform() < self.share else None


@dataclass(frozen=True, slots=True)
class SlowReaders:
    """Devices that read less than the server sends."""

    share: float
    bytes_per_s: float

    def includes(self, *device: int) -> bool:
        """Tell whether a device is one of them; it is named as for a cut."""
        return RandomStream("slow readers", *device).uniform() < self.share


@dataclass(frozen=True, slots=True)
class Disturbances:
    """Everything of a run that goes wrong on purpose."""

    cuts: CutPlan | None = None
    slow_readers: SlowReaders | None = None
