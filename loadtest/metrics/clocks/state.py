"""What a run knows of its workers' clocks, for its summary.

Two workers are compared through the master, so that what is unknown of both adds up. What is stated
is the worst of the whole run, because nobody knows when in it a figure was measured.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from loadtest.clock import NS_PER_MS
from loadtest.metrics.clocks.offset import ClockEstimate, SteadyOffset

__all__ = ["ClockState", "uncertainty_between_ms"]


@dataclass(frozen=True, slots=True)
class ClockState:
    """The clock of one worker against the master's."""

    offset_ms: float
    """Master minus worker, lately."""
    drift_ppm: float
    uncertainty_ms: float
    """Of the offset; the highest of the run."""
    exchanges: int
    """How many messages went there and back."""

    @classmethod
    def of(
        cls, estimate: ClockEstimate, steady: SteadyOffset, before: "ClockState | None"
    ) -> "ClockState":
        """Return the state after an estimate, and after the state before."""
        uncertainty_ms = steady.uncertainty_ns / NS_PER_MS
        if before is not None:
            uncertainty_ms = max(uncertainty_ms, before.uncertainty_ms)
        return cls(
            offset_ms=round(estimate.offset_ns / NS_PER_MS, 6),
            drift_ppm=round(estimate.drift_ppm, 3),
            uncertainty_ms=round(uncertainty_ms, 6),
            exchanges=estimate.exchange_count,
        )

    def to_plain(self) -> dict[str, Any]:
        """Return the state as plain data."""
        return asdict(self)


def uncertainty_between_ms(states: Iterable[ClockState]) -> float | None:
    """Return how far two workers' instants may be off at most; None with fewer than two."""
    known = sorted(state.uncertainty_ms for state in states)
    return round(known[-1] + known[-2], 3) if len(known) > 1 else None
