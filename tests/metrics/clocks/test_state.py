"""What is stated of clocks is the worst of the run, and adds up between two workers."""

from loadtest.metrics.clocks.offset import ClockEstimate, SteadyOffset
from loadtest.metrics.clocks.state import ClockState, uncertainty_between_ms


def estimate(uncertainty_ns: int, exchange_count: int) -> ClockEstimate:
    return ClockEstimate(0, 250_000_123, uncertainty_ns, -1.23456, exchange_count)


def test_the_worst_uncertainty_of_the_run_is_kept() -> None:
    state = None
    for count, uncertainty_ns in enumerate((90_000, 400_000, 50_000), start=32):
        latest = estimate(uncertainty_ns, count)
        state = ClockState.of(latest, SteadyOffset.starting(latest), state)

    assert state == ClockState(250.000123, -1.235, 0.4, 34)


def test_what_is_unknown_of_two_workers_adds_up() -> None:
    states = [ClockState(0, 0, uncertainty_ms, 32) for uncertainty_ms in (0.1, 0.3, 0.25)]

    assert uncertainty_between_ms(states) == 0.55
    assert uncertainty_between_ms(states[:1]) is None
    assert uncertainty_between_ms([]) is None


def test_a_state_travels_as_plain_data() -> None:
    state = ClockState(1.5, 0.25, 0.1, 32)

    assert ClockState(**state.to_plain()) == state
