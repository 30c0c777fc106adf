"""Counts of what went wrong, compared as shares of what was expected in each replicate.

A share may be 0, so that it has no logarithm: the difference itself is estimated. Its error is the
one the replicates show, but never below that of a Poisson count: five replicates with one loss each
look alike by luck. Where nothing was seen in n, the true share may still be 3/n (95 %).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from loadtest.comparison.estimates import Estimate, paired, welch

__all__ = ["Share", "most_possible", "share_estimate"]

_RULE_OF_THREE = 3.0


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, in one replicate."""

    part: int
    whole: int
    """Above 0."""

    @property
    def value(self) -> float:
        """The share, from 0 to 1."""
        return self.part / self.whole


def most_possible(shares: Sequence[Share]) -> float | None:
    """Return the upper bound of a share that was never seen; None if it was seen."""
    if any(share.part for share in shares):
        return None
    return min(1.0, _RULE_OF_THREE / sum(share.whole for share in shares))


def share_estimate(
    base: Sequence[Share], candidate: Sequence[Share], *, is_paired: bool
) -> Estimate:
    """Return by how much the candidate's share is larger: 0.001 is 0.1 percentage points."""
    estimated = (paired if is_paired else welch)(
        [share.value for share in base], [share.value for share in candidate]
    )
    return replace(estimated, error=max(estimated.error, _counting_error(base, candidate)))


def _counting_error(base: Sequence[Share], candidate: Sequence[Share]) -> float:
    """Return the standard error that counting alone brings if both sides have the same share."""
    wholes = [sum(share.whole for share in side) for side in (base, candidate)]
    parts = sum(share.part for share in (*base, *candidate))
    common = parts / sum(wholes)
    return math.sqrt(common * (1 - common) * (1 / wholes[0] + 1 / wholes[1]))
