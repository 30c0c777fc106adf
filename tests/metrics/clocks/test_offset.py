"""The truth lies within the stated uncertainty, whatever the way of the messages was like."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.clock import NS_PER_MS, NS_PER_S, NS_PER_US
from loadtest.metrics.clocks.offset import (
    MAX_DRIFT,
    ClockEstimate,
    ClockEstimator,
    PingPong,
    SteadyOffset,
)

ways = st.tuples(st.integers(1, 5 * NS_PER_MS), st.integers(1, 5 * NS_PER_MS))


class Pair:
    """Two clocks, the other one ahead by ``offset_ns`` at instant 0 and drifting."""

    def __init__(self, offset_ns: int, drift: float = 0.0) -> None:
        self._offset_ns = offset_ns
        self._drift = drift

    def truth_ns(self, at_ns: int) -> int:
        return self._offset_ns + round(at_ns * self._drift)

    def exchange(self, at_ns: int, there_ns: int, back_ns: int) -> PingPong:
        read_ns = at_ns + there_ns
        return PingPong(at_ns, read_ns + self.truth_ns(read_ns), read_ns + back_ns)


def estimate(estimator: ClockEstimator, at_ns: int) -> ClockEstimate:
    found = estimator.estimate(at_ns)
    assert found is not None
    return found


@given(
    offset_ns=st.integers(-(10**15), 10**15),
    drift_ppm=st.floats(-200, 200),
    ways=st.lists(ways, min_size=1, max_size=80),
    gap_ns=st.integers(NS_PER_MS, 3 * NS_PER_S),
    later_ns=st.integers(0, 5 * NS_PER_S),
)
def test_the_truth_lies_within_the_uncertainty(
    offset_ns: int, drift_ppm: float, ways: list[tuple[int, int]], gap_ns: int, later_ns: int
) -> None:
    """Both ways may take unlike times: nothing here assumes that they do not."""
    pair, estimator = Pair(offset_ns, drift_ppm / 1e6), ClockEstimator()
    at_ns = 0
    for there_ns, back_ns in ways:
        exchange = pair.exchange(at_ns, there_ns, back_ns)
        estimator.take(exchange)
        at_ns = exchange.received_ns + gap_ns
        for asked_ns in (exchange.received_ns, exchange.received_ns + later_ns):
            found = estimate(estimator, asked_ns)
            # A nanosecond for the rounding of this test's own truth.
            assert abs(found.offset_ns - pair.truth_ns(asked_ns)) <= found.uncertainty_ns + 1


def test_one_exchange_is_uncertain_by_half_its_round_trip() -> None:
    estimator = ClockEstimator()
    exchange = Pair(250 * NS_PER_MS).exchange(NS_PER_S, 100_000, 300_000)
    estimator.take(exchange)
    found = estimate(estimator, exchange.middle_ns)

    assert found.offset_ns == pytest.approx(250 * NS_PER_MS - 100_000, abs=100)
    assert found.uncertainty_ns == pytest.approx(200_000, abs=100)
    assert found.exchange_count == estimator.count == 1


def test_the_shortest_round_trip_wins() -> None:
    pair, estimator = Pair(-NS_PER_S), ClockEstimator()
    for at_ms, way_us in ((0, 900), (10, 50), (20, 2_000)):
        estimator.take(pair.exchange(at_ms * NS_PER_MS, way_us * NS_PER_US, way_us * NS_PER_US))

    assert estimate(estimator, 30 * NS_PER_MS).uncertainty_ns < 60 * NS_PER_US


def test_the_drift_is_fitted_over_the_run() -> None:
    pair, estimator = Pair(0, 40e-6), ClockEstimator()
    way_ns = 100 * NS_PER_US
    for second in range(60):
        estimator.take(pair.exchange(second * NS_PER_S, way_ns, way_ns))
    found = estimate(estimator, 60 * NS_PER_S)

    assert found.drift_ppm == pytest.approx(40, abs=1)
    assert found.uncertainty_ns < 2 * way_ns


def test_only_the_latest_minute_is_remembered() -> None:
    """A clock's drift changes with its temperature: what was so an hour ago binds nobody."""
    estimator = ClockEstimator()
    way_ns = 100 * NS_PER_US
    offset_ns = 0
    for second in range(300):
        drift = 20e-6 if second < 150 else -20e-6
        offset_ns += round(drift * NS_PER_S)
        at_ns = second * NS_PER_S
        estimator.take(Pair(offset_ns).exchange(at_ns, way_ns, way_ns))
    found = estimate(estimator, 299 * NS_PER_S)

    assert found.drift_ppm == pytest.approx(-20, abs=3)
    assert abs(found.offset_ns - offset_ns) <= found.uncertainty_ns


def test_after_a_clock_was_set_only_the_newest_exchange_is_believed() -> None:
    estimator = ClockEstimator()
    way_ns = 100 * NS_PER_US
    for second in range(10):
        estimator.take(Pair(0).exchange(second * NS_PER_S, way_ns, way_ns))
    estimator.take(Pair(NS_PER_S).exchange(20 * NS_PER_S, way_ns, way_ns))
    found = estimate(estimator, 20 * NS_PER_S)

    assert abs(found.offset_ns - NS_PER_S) <= found.uncertainty_ns < 2 * way_ns


def test_without_an_exchange_nothing_is_estimated() -> None:
    assert ClockEstimator().estimate(0) is None


# --- converting ----------------------------------------------------------------------------------


def known(
    at_ns: int, offset_ns: int, uncertainty_ns: int = 0, drift_ppm: float = 0
) -> ClockEstimate:
    return ClockEstimate(at_ns, offset_ns, uncertainty_ns, drift_ppm, 1)


@given(st.integers(-(10**16), 10**16), st.integers(0, 10**13), st.floats(-300, 300))
def test_converting_there_and_back_changes_nothing(
    offset_ns: int, at_ns: int, drift_ppm: float
) -> None:
    steady = SteadyOffset.starting(known(0, offset_ns))
    steady = steady.following(known(NS_PER_S, offset_ns + 1_000, drift_ppm=drift_ppm))

    # The drift over the drift: nothing within a run.
    slack_ns = 1 + abs(at_ns - NS_PER_S) * MAX_DRIFT**2
    assert abs(steady.from_remote(steady.to_remote(at_ns)) - at_ns) <= slack_ns


def test_an_estimate_is_followed_without_a_jump() -> None:
    steady = SteadyOffset.starting(known(0, 1_000_000, 500))
    before_ns = steady.to_remote(NS_PER_S)
    steady = steady.following(known(NS_PER_S, 1_050_000, 300))

    assert steady.to_remote(NS_PER_S) == before_ns
    assert steady.uncertainty_ns == 300 + 50_000, "what it is behind the estimate counts, too"
    assert steady.offset_ns(2 * NS_PER_S) == 1_050_000


def test_a_duration_of_one_clock_stays_what_it_was() -> None:
    """The figures within one worker must not depend on what is known of its clock."""
    rng = random.Random(7)
    steady = SteadyOffset.starting(known(0, 0))
    for second in range(1, 50):
        steady = steady.following(known(second * NS_PER_S, rng.randrange(-NS_PER_MS, NS_PER_MS)))
        start_ns = second * NS_PER_S + rng.randrange(NS_PER_S // 2)
        length_ns = rng.randrange(NS_PER_MS, 100 * NS_PER_MS)
        converted_ns = steady.to_remote(start_ns + length_ns) - steady.to_remote(start_ns)
        assert abs(converted_ns - length_ns) <= length_ns * MAX_DRIFT + 2
