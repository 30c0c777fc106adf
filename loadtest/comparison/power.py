"""What change so many replicates would find, and how many a wanted change needs.

A change is found if the estimate is beyond the tolerance and its interval beyond 0. The power of
that is exact for normal noise: the estimate and the spread that the replicates show are
independent, so that the chance is one integral over the spread.
"""

import math
from bisect import bisect_left
from collections.abc import Callable

from loadtest.comparison.student import t_quantile

__all__ = ["POWER", "chance_found", "replicates_needed", "smallest_found"]

POWER = 0.8
"""How often a change is to be found that is said to be findable."""

_STEPS = 200
_WIDTH = 8.0
_FEWEST_REPLICATES = 3
_MOST_REPLICATES = 1000
_BISECTIONS = 40


def chance_found(
    change: float, *, spread: float, replicates: int, confidence: float, tolerance: float = 0.0
) -> float:
    """Return the chance that pairs find a ``change`` of the logarithm upwards.

    Args:
        change: True difference of the logarithms.
        spread: True standard deviation of one pair's difference.
        replicates: How many pairs there are; at least two.
        confidence: Of the interval that must be beyond 0.
        tolerance: What the estimate must exceed.
    """
    if not spread:
        return float(change > tolerance)
    freedom = replicates - 1
    error = spread / math.sqrt(replicates)
    critical = t_quantile((1 + confidence) / 2, freedom)

    def found(ratio: float) -> float:
        needed = max(tolerance, critical * error * ratio)
        return _normal_tail((needed - change) / error) * _spread_density(ratio, freedom)

    # Shown spread over true spread: the density is next to nothing outside of these bounds.
    width = _WIDTH / math.sqrt(2 * freedom)
    return _integral(found, max(0.0, 1 - width), 1 + width)


def smallest_found(
    *, spread: float, replicates: int, confidence: float, tolerance: float = 0.0
) -> float:
    """Return the smallest change of the logarithm that is found with a power of 0.8."""
    low, high = 0.0, max(4 * tolerance, spread, 1e-9)

    def chance(change: float) -> float:
        return chance_found(
            change, spread=spread, replicates=replicates, confidence=confidence, tolerance=tolerance
        )

    while chance(high) < POWER:
        high *= 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if chance(middle) < POWER else (low, middle)
    return high


def replicates_needed(
    change: float, *, spread: float, confidence: float, tolerance: float = 0.0
) -> int | None:
    """Return the fewest pairs, from 3 to 1,000, that find ``change`` with a power of 0.8.

    None: no such number does. A change at or below the tolerance is never found.
    """

    def is_enough(replicates: int) -> bool:
        chance = chance_found(
            change, spread=spread, replicates=replicates, confidence=confidence, tolerance=tolerance
        )
        return chance >= POWER

    if not is_enough(_MOST_REPLICATES):
        return None
    # More replicates never find less.
    counts = range(_FEWEST_REPLICATES, _MOST_REPLICATES + 1)
    return counts[bisect_left(counts, True, key=is_enough)]


def _spread_density(ratio: float, freedom: int) -> float:
    """Return the density of the shown spread, divided by the true one (a scaled chi)."""
    if ratio <= 0:
        return 0.0 if freedom > 1 else math.sqrt(2 / math.pi)
    half = freedom / 2
    logarithm = (
        math.log(2)
        + half * math.log(half)
        - math.lgamma(half)
        + (freedom - 1) * math.log(ratio)
        - half * ratio * ratio
    )
    return math.exp(logarithm)


def _normal_tail(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2


def _integral(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the integral by Simpson's rule."""
    step = (high - low) / _STEPS
    inner = sum(
        (4 if place % 2 else 2) * function(low + place * step) for place in range(1, _STEPS)
    )
    return (function(low) + inner + function(high)) * step / 3
