"""Latencies as a small script would keep them: a count for each microsecond that occurred."""

from collections import Counter
from fractions import Fraction

__all__ = ["Latencies"]

_NS_PER_US = 1_000


class Latencies:
    """Counts latencies; exact percentiles, at the price of a dict entry per distinct value."""

    def __init__(self) -> None:
        self._count_by_us: Counter[int] = Counter()

    def record(self, latency_ns: int) -> None:
        """Count one latency."""
        self._count_by_us[latency_ns // _NS_PER_US] += 1

    def percentile_ms(self, ratio: Fraction) -> float:
        """Return the smallest latency that ``ratio`` of all do not exceed; 0 if there are none."""
        wanted = ratio * self._count_by_us.total()
        seen = 0
        for latency_us in sorted(self._count_by_us):
            seen += self._count_by_us[latency_us]
            if seen >= wanted:
                return latency_us / 1_000
        return 0

    def report(self) -> dict[str, float]:
        """Return what the benchmark reads at the end of a client."""
        return {
            "recorded": self._count_by_us.total(),
            "p50_ms": self.percentile_ms(Fraction(50, 100)),
            "p99_ms": self.percentile_ms(Fraction(99, 100)),
        }
