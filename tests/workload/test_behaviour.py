import pytest

from loadtest.clock import NS_PER_S
from loadtest.workload import NO_CHANNEL, ActionKind, PlannedAction, RandomStream, Response
from loadtest.workload.distributions import Fixed


def test_reads_are_as_likely_as_asked() -> None:
    reading = Response(0.3, Fixed(2))
    rng = RandomStream("reads")
    delays = [reading.delay_ns(rng) for _ in range(10_000)]
    read = [delay_ns for delay_ns in delays if delay_ns is not None]

    assert len(read) / len(delays) == pytest.approx(0.3, abs=0.02)
    assert set(read) == {2 * NS_PER_S}


def test_probabilities_of_zero_and_one_are_certain() -> None:
    rng = RandomStream("certain")

    assert all(Response(0.0, Fixed(1)).delay_ns(rng) is None for _ in range(1_000))
    assert all(Response(1.0, Fixed(1)).delay_ns(rng) is not None for _ in range(1_000))


def test_a_device_leaves_before_it_goes_offline_and_comes_back_before_it_enters() -> None:
    """Actions of one instant must be possible in the order in which they sort."""
    kinds = [
        ActionKind.LEAVE,
        ActionKind.GO_OFFLINE,
        ActionKind.GO_ONLINE,
        ActionKind.ENTER,
        ActionKind.MESSAGE,
    ]
    at_once = [PlannedAction(5, kind, 0, NO_CHANNEL, 0) for kind in reversed(kinds)]

    assert [action.kind for action in sorted(at_once)] == kinds
