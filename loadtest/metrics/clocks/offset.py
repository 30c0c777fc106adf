"""How far another process's clock is ahead of this one's, from messages there and back.

The other side reads its clock between our sending and our receiving. That alone bounds the offset,
however unlike the two ways were: it lies between ``remote - received`` and ``remote - sent``. The
truth lies within the stated uncertainty, provided that the two clocks drift apart at a rate that is
bounded (``MAX_DRIFT``) and, over the minute that is remembered, steady to within ``WANDER``. The
shortest round trip says most; the others sharpen it, and the drift is fitted through all of them.

``SteadyOffset`` follows the estimates without steps, so that a duration that was measured on one
clock stays the same when both of its ends are converted. Nothing here reads a clock or sends
anything.
"""

import math
from collections import deque
from dataclasses import dataclass

from loadtest.clock import NS_PER_S

__all__ = ["MAX_DRIFT", "ClockEstimate", "ClockEstimator", "PingPong", "SteadyOffset"]

MAX_DRIFT = 200e-6
"""Highest rate at which two clocks may drift apart: twice the 100 ppm of a poor crystal."""

WANDER = 5e-6
"""By how much that rate may change within the minute that is remembered."""

_WINDOW_NS = 2 * NS_PER_S
_WINDOWS = 30
# A converted duration is off by this share at most, far below the histograms' thousandth.
_MAX_SLEW = 200e-6
_PPM = 1e6


@dataclass(frozen=True, slots=True)
class PingPong:
    """One message there and back: our clock, the other clock, our clock."""

    sent_ns: int
    remote_ns: int
    received_ns: int

    @property
    def round_trip_ns(self) -> int:
        """How long it took."""
        return self.received_ns - self.sent_ns

    @property
    def middle_ns(self) -> int:
        """The middle of it, by our clock."""
        return (self.sent_ns + self.received_ns) // 2


@dataclass(frozen=True, slots=True)
class ClockEstimate:
    """The other clock minus ours, at one instant of ours."""

    at_ns: int
    offset_ns: int
    uncertainty_ns: int
    """The truth lies so far from ``offset_ns`` at most."""
    drift_ppm: float
    """By how many microseconds per second the offset grows, as fitted."""
    exchange_count: int


class ClockEstimator:
    """Estimates the offset of one other clock; its methods are to be called in order of time."""

    def __init__(self) -> None:
        self._best: deque[PingPong] = deque(maxlen=_WINDOWS)
        """The most certain exchange of each window of time."""
        self._window = 0
        self._count = 0

    @property
    def count(self) -> int:
        """How many exchanges were taken."""
        return self._count

    def take(self, exchange: PingPong) -> None:
        """Take one exchange."""
        self._count += 1
        window = exchange.middle_ns // _WINDOW_NS
        if not self._best or window != self._window:
            self._window = window
            self._best.append(exchange)
            return
        best = self._best[-1]
        # An older one has become less certain by what the clocks may have drifted since.
        aged_ns = 2 * MAX_DRIFT * (exchange.middle_ns - best.middle_ns)
        if exchange.round_trip_ns <= best.round_trip_ns + aged_ns:
            self._best[-1] = exchange

    def estimate(self, at_ns: int) -> ClockEstimate | None:
        """Return the offset at ``at_ns``, None without an exchange.

        If what is remembered cannot be true together, a clock was set or halted: then only what
        the newest exchange says is believed.
        """
        if not self._best:
            return None
        slowest, fastest = self._drift_bounds()
        if slowest <= fastest:
            low, high = self._bounds_at(at_ns, slowest, fastest)
            if low <= high:
                return self._estimate(at_ns, (low, high), (slowest + fastest) / 2)
        newest = self._best[-1]
        self._best.clear()
        self._best.append(newest)
        return self._estimate(at_ns, self._bounds_at(at_ns, -MAX_DRIFT, MAX_DRIFT), 0.0)

    def _estimate(self, at_ns: int, bounds: tuple[int, int], drift: float) -> ClockEstimate:
        low, high = bounds
        return ClockEstimate(
            at_ns=at_ns,
            offset_ns=(low + high) // 2,
            uncertainty_ns=-(-(high - low) // 2),
            drift_ppm=drift * _PPM,
            exchange_count=self._count,
        )

    def _drift_bounds(self) -> tuple[float, float]:
        """Return the lowest and the highest drift that every pair of exchanges allows."""
        slowest, fastest = -MAX_DRIFT, MAX_DRIFT
        spans = [(each.middle_ns, *_bounds(each)) for each in self._best]
        for place, (later_ns, later_low, later_high) in enumerate(spans):
            for earlier_ns, low, high in spans[:place]:
                passed_ns = later_ns - earlier_ns
                if passed_ns > 0:
                    slowest = max(slowest, (later_low - high) / passed_ns - WANDER)
                    fastest = min(fastest, (later_high - low) / passed_ns + WANDER)
        return slowest, fastest

    def _bounds_at(self, at_ns: int, slowest: float, fastest: float) -> tuple[int, int]:
        """Return the bounds of the offset at ``at_ns``, by all exchanges together."""
        lows, highs = [], []
        for exchange in self._best:
            low, high = _bounds(exchange)
            passed_ns = at_ns - exchange.middle_ns
            changes = (passed_ns * slowest, passed_ns * fastest)
            lows.append(low + math.floor(min(changes)))
            highs.append(high + math.ceil(max(changes)))
        return max(lows), min(highs)


def _bounds(exchange: PingPong) -> tuple[int, int]:
    """Return between what the offset lay in the middle of an exchange."""
    # The other clock was read half a round trip away from the middle at most.
    spare_ns = math.ceil(exchange.round_trip_ns / 2 * MAX_DRIFT)
    low = exchange.remote_ns - exchange.received_ns - spare_ns
    return low, exchange.remote_ns - exchange.sent_ns + spare_ns


@dataclass(frozen=True, slots=True)
class SteadyOffset:
    """An offset to convert with: each one goes on from the one before, without a jump."""

    from_ns: int
    at_start_ns: int
    slope: float
    uncertainty_ns: int
    """How far a converted instant may be off."""

    @classmethod
    def starting(cls, first: ClockEstimate) -> "SteadyOffset":
        """Return the first one of a run."""
        return cls(first.at_ns, first.offset_ns, 0.0, first.uncertainty_ns)

    def following(self, estimate: ClockEstimate) -> "SteadyOffset":
        """Return the one that heads for a newer estimate, to reach it a second after it."""
        now_ns = max(estimate.at_ns, self.from_ns)
        offset_ns = self.offset_ns(now_ns)
        off_ns = estimate.offset_ns - offset_ns
        wanted = off_ns / NS_PER_S + estimate.drift_ppm / _PPM
        slope = max(-_MAX_SLEW, min(_MAX_SLEW, wanted))
        return SteadyOffset(now_ns, offset_ns, slope, estimate.uncertainty_ns + abs(off_ns))

    def offset_ns(self, at_ns: int) -> int:
        """Return the offset at an instant of our clock."""
        # The large part stays an integer: a difference of weeks has no room in a float's digits.
        return self.at_start_ns + round((at_ns - self.from_ns) * self.slope)

    def to_remote(self, at_ns: int) -> int:
        """Return what the other clock shows at an instant of ours."""
        return at_ns + self.at_start_ns + round((at_ns - self.from_ns) * self.slope)

    def from_remote(self, remote_ns: int) -> int:
        """Return what our clock shows at an instant of the other one."""
        near_ns = remote_ns - self.at_start_ns
        return near_ns - round((near_ns - self.from_ns) * self.slope)
