from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import ChatEvent

EVENT = ChatEvent.MESSAGE_CREATED


def test_a_roll_begins_anew_and_adds_to_the_totals() -> None:
    tally = Tally()
    for latency_us in (5, 7):
        tally.timed(EVENT, [latency_us], [latency_us - 1])
        rolled = tally.roll()

        assert rolled.event(EVENT).delivered == 1
    assert tally.totals.event(EVENT).latency.max_us == 7
    assert tally.totals.event(EVENT).service.min_us == 4


def test_many_latencies_are_counted_before_the_roll() -> None:
    tally = Tally()
    tally.timed(EVENT, [1] * 5000, [1] * 5000)

    assert tally.now.event(EVENT).delivered == 5000
    assert tally.roll().event(EVENT).latency.count == 5000


def test_completion_is_kept_by_size_class() -> None:
    tally = Tally()
    tally.completed(2, (1, 1, 5, 5, 5))
    tally.completed(50, (1, 2, 3, 4, 9))
    tally.incomplete(50, 1)
    completion = tally.roll().completion

    assert completion["2"].spread.max_us == 4
    assert completion["11-100"].last.max_us == 9
    assert completion["11-100"].incomplete == 1


def test_unexpected_arrivals_are_counted_by_kind() -> None:
    tally = Tally()
    for kind in ("a", "b", "a"):
        tally.unexpected(EVENT, kind)

    assert tally.now.event(EVENT).unexpected == {"a": 2, "b": 1}
