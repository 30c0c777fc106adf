"""How much larger the candidate is than the base, with an interval.

Figures above 0, such as latencies, are compared by the logarithm of their ratio, because noise in
them is a matter of per cent. Pairs that ran beside each other give the paired t interval: what
drifts between pairs cancels. Runs that were not made as pairs give Welch's interval, which allows
each side its own spread.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from loadtest.comparison.student import t_quantile, t_two_sided_p

__all__ = ["Estimate", "exact", "from_log", "paired", "welch"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference with what is known of its uncertainty.

    The difference is candidate minus base, of logarithms for figures that are compared so.
    """

    value: float
    error: float
    """Standard error of the value."""
    freedom: float
    """Degrees of freedom behind the error."""
    spread: float
    """Standard deviation of one pair's difference."""

    @property
    def p(self) -> float:
        """How likely a value at least so far from 0 is if nothing has changed; two-sided."""
        if not self.error:
            return 1.0 if not self.value else 0.0
        return t_two_sided_p(self.value / self.error, self.freedom)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the interval that holds the true difference with ``confidence``."""
        half = t_quantile((1 + confidence) / 2, self.freedom) * self.error
        return self.value - half, self.value + half


def paired(base: Sequence[float], candidate: Sequence[float]) -> Estimate:
    """Return the estimate from pairs: at least two, ``base[i]`` beside ``candidate[i]``."""
    differences = [b - a for a, b in zip(base, candidate, strict=True)]
    spread = math.sqrt(variance(differences))
    count = len(differences)
    return Estimate(fmean(differences), spread / math.sqrt(count), count - 1, spread)


def welch(base: Sequence[float], candidate: Sequence[float]) -> Estimate:
    """Return the estimate from two sets of at least two runs that were not made as pairs."""
    value = fmean(candidate) - fmean(base)
    variances = variance(base), variance(candidate)
    parts = variances[0] / len(base), variances[1] / len(candidate)
    error = math.sqrt(sum(parts))
    if not error:
        return exact(value, len(base) + len(candidate) - 2)
    freedom = sum(parts) ** 2 / (
        parts[0] ** 2 / (len(base) - 1) + parts[1] ** 2 / (len(candidate) - 1)
    )
    return Estimate(value, error, freedom, math.sqrt(sum(variances)))


def exact(value: float, freedom: float) -> Estimate:
    """Return an estimate without any spread: every run gave the same figure."""
    return Estimate(value, 0.0, freedom, 0.0)


def from_log(value: float) -> float:
    """Return a difference of logarithms as a share: 0.1 is 10 % more."""
    try:
        return math.expm1(value)
    except OverflowError:
        return math.inf
