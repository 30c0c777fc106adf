"""How well a percentile is known from so many samples.

The rank of a percentile among n samples is spread as a binomial: with 1,000 samples the true p99
lies between the ranks 983 and 998 in 95 of 100 runs. That asks nothing of the shape of the
distribution. It takes the samples as independent; deliveries of one message are not, so that the
truth is at least as uncertain as this says.
"""

from dataclasses import dataclass
from math import ceil, floor, inf, sqrt

from loadtest.clock import US_PER_MS
from loadtest.metrics.figures.histogram import Histogram

__all__ = ["Distribution", "percentile_interval_ms"]

_Z = 1.96
"""Of a normal distribution, this many standard deviations to both sides hold 95 %."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """What was timed, and how many more samples there are of what never came."""

    histogram: Histogram
    never: int = 0

    @property
    def count(self) -> int:
        """How many samples there are."""
        return self.histogram.count + self.never

    def ranked_ms(self, rank: int) -> float:
        """Return the value of one rank, counted from 1; infinite for what never came."""
        if rank > self.histogram.count:
            return inf
        return round(self.histogram.ranked_us(rank) / US_PER_MS, 3)


def percentile_interval_ms(distribution: Distribution, percentile: float) -> tuple[float, float]:
    """Return within which values a percentile lies, with a confidence of 95 %."""
    count, share = distribution.count, percentile / 100
    spread = _Z * sqrt(count * share * (1 - share))
    low = max(1, floor(count * share - spread))
    high = min(count, ceil(count * share + spread) + 1)
    return distribution.ranked_ms(low), distribution.ranked_ms(high)
