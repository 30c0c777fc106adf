import math
import random

import pytest

from loadtest.metrics.figures.histogram import Histogram
from loadtest.metrics.verdict.intervals import Distribution, percentile_interval_ms


def distribution(values_us: list[int], never: int = 0) -> Distribution:
    histogram = Histogram()
    histogram.record_all(values_us)
    return Distribution(histogram, never)


@pytest.mark.parametrize("percentile", [50, 90, 95, 99])
def test_the_truth_lies_within_in_95_of_100_runs(percentile: int) -> None:
    """Whatever the shape: here the exponential one, whose percentiles are known."""
    rng = random.Random(11)
    truth_ms = -100 * math.log(1 - percentile / 100)
    hits = 0
    for _ in range(300):
        sample = [max(1, round(rng.expovariate(1 / 100_000))) for _ in range(1000)]
        low, high = percentile_interval_ms(distribution(sample), percentile)
        hits += low <= truth_ms <= high

    assert hits / 300 >= 0.92


def test_more_samples_leave_less_open() -> None:
    few, many = (
        percentile_interval_ms(distribution([each * 100_000 // n for each in range(1, n + 1)]), 50)
        for n in (100, 10_000)
    )

    assert many[1] - many[0] < few[1] - few[0]


def test_what_never_came_is_infinitely_late() -> None:
    low, high = percentile_interval_ms(distribution([1000] * 990, never=10), 99)

    assert low == 1.0
    assert high == float("inf")
