"""Known answers, and the same from scratch: what a stall does to open and closed workloads.

The simulation is the smallest that can be: a server that answers at once, or at the end of the
stall it stands in. It documents coordinated omission: the same server, the same stalls, and a
closed workload whose p99 does not know of them.
"""

import pytest

from loadtest.clock import NS_PER_MS
from loadtest.metrics import Histogram
from loadtest.selftest.arithmetic import (
    jitter_error_ms,
    jitter_percentile_ms,
    queue_wait_ms,
    stall_percentile_ms,
)

_MS_PER_S = 1000


def _answered_ms(asked_ms: float, stalls_ms: list[tuple[float, float]]) -> float:
    for start_ms, end_ms in stalls_ms:
        if start_ms <= asked_ms < end_ms:
            return end_ms
    return asked_ms


def _stalls(count: int, stall_s: float, period_s: float) -> list[tuple[float, float]]:
    """Return stalls in the middle of their periods."""
    lead_s = (period_s - stall_s) / 2
    starts = [(number * period_s + lead_s) * _MS_PER_S for number in range(count)]
    return [(start, start + stall_s * _MS_PER_S) for start in starts]


def _open(stalls_ms: list[tuple[float, float]], window_s: float) -> Histogram:
    """Messages every 2 ms, whatever the server does, from their due time."""
    latencies = Histogram()
    for number in range(round(window_s * 500)):
        due_ms = 2.0 * number
        latencies.record_ns(round((_answered_ms(due_ms, stalls_ms) - due_ms + 1) * NS_PER_MS))
    return latencies


def _closed(stalls_ms: list[tuple[float, float]], window_s: float) -> Histogram:
    """One user who sends the next message 25 ms after the last one came, from its writing."""
    latencies, now_ms = Histogram(), 0.0
    while now_ms < window_s * _MS_PER_S:
        answered_ms = _answered_ms(now_ms, stalls_ms)
        latencies.record_ns(round((answered_ms - now_ms + 1) * NS_PER_MS))
        now_ms = answered_ms + 25
    return latencies


def _p_ms(latencies: Histogram, percentile: float) -> float:
    value_us = latencies.percentile_us(percentile)
    assert value_us is not None
    return value_us / 1000


@pytest.mark.parametrize(
    ("percentile", "expected_ms"),
    [(50, 0), (80, 0), (90, 1000), (95, 1500), (99, 1900), (100, 2000)],
)
def test_a_stall_of_2_s_in_every_10_s_has_these_percentiles(
    percentile: float, expected_ms: float
) -> None:
    found_ms = stall_percentile_ms(percentile, stall_s=2, stall_count=2, window_s=20)

    assert found_ms == pytest.approx(expected_ms)


@pytest.mark.parametrize("percentile", [50, 90, 95, 99, 100])
def test_an_open_workload_shows_what_arithmetic_says(percentile: float) -> None:
    latencies = _open(_stalls(2, 2, 10), 20)
    expected_ms = stall_percentile_ms(percentile, stall_s=2, stall_count=2, window_s=20)

    assert _p_ms(latencies, percentile) == pytest.approx(expected_ms + 1, rel=0.001, abs=4)


def test_a_closed_workload_does_not_show_it_but_for_its_maximum() -> None:
    """Of 20 s the server was away for 4; of 640 messages 2 had to wait."""
    latencies = _closed(_stalls(2, 2, 10), 20)

    assert latencies.count == 640
    assert _p_ms(latencies, 99) == 1
    assert _p_ms(latencies, 99.5) == 1
    assert _p_ms(latencies, 100) == 2_001


def test_a_queue_grows_by_what_comes_more_than_it_serves() -> None:
    assert queue_wait_ms(1_250, per_s=100, window_s=10) == pytest.approx(2_500)


def test_a_queue_that_keeps_up_makes_nobody_wait() -> None:
    assert queue_wait_ms(900, per_s=100, window_s=10) == 0


@pytest.mark.parametrize(("percentile", "expected_ms"), [(50, 60), (90, 108), (100, 120)])
def test_an_even_jitter_has_even_percentiles(percentile: float, expected_ms: float) -> None:
    assert jitter_percentile_ms(percentile, jitter_ms=120) == pytest.approx(expected_ms)


def test_the_percentiles_of_few_copies_are_less_certain() -> None:
    assert jitter_error_ms(50, jitter_ms=120, count=100) == pytest.approx(6)
    assert jitter_error_ms(50, jitter_ms=120, count=400) == pytest.approx(3)
    assert jitter_error_ms(100, jitter_ms=120, count=400) == 0
