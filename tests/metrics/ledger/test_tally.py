from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import Action, ChatEvent, Phase
from tests.support.scenes import ns

EVENT = ChatEvent.MESSAGE_CREATED


def test_a_roll_begins_anew_and_adds_to_the_totals() -> None:
    tally = Tally()
    for latency_us in (5, 7):
        tally.timed(EVENT, 0, [latency_us], [latency_us - 1])
        rolled = tally.roll(0)

        assert rolled.event(EVENT).delivered == 1
    tally.totals.fill_whole()
    assert tally.totals.event(EVENT).latency.max_us == 7
    assert tally.totals.event(EVENT).service.min_us == 4


def test_many_latencies_are_counted_before_the_roll() -> None:
    tally = Tally()
    tally.timed(EVENT, 0, [1] * 5000, [1] * 5000)

    assert tally.now.event(EVENT).delivered == 5000
    assert tally.roll(0).event(EVENT).latency.count == 5000


def test_completion_is_kept_by_size_class() -> None:
    tally = Tally()
    tally.completed(0, 2, (1, 1, 5, 5, 5))
    tally.completed(0, 50, (1, 2, 3, 4, 9))
    tally.completion(0, 50).incomplete += 1
    completion = tally.roll(0).completion

    assert completion["2"].spread.max_us == 4
    assert completion["11-100"].last.max_us == 9
    assert completion["11-100"].incomplete == 1


def test_unexpected_arrivals_are_counted_by_kind() -> None:
    tally = Tally()
    for kind in ("a", "b", "a"):
        tally.unexpected(EVENT, kind)

    assert tally.now.event(EVENT).unexpected == {"a": 2, "b": 1}


# --- phases -----------------------------------------------------------------------------------


def ramp_and_drain() -> Tally:
    """Return a tally of a run that starts at 1000 s, with one latency from each phase."""
    tally = Tally(ns(1_000_000))
    tally.begin_phase(Phase.RAMP, ns(1_000_000))
    tally.timed(EVENT, ns(1_001_000), [1], [1])
    tally.begin_phase(Phase.STEADY, ns(1_005_000))
    # Due in the ramp, and counted when it is over.
    tally.timed(EVENT, ns(1_004_999), [2], [2])
    tally.timed(EVENT, ns(1_005_000), [3], [3])
    return tally


def test_a_cause_belongs_to_the_phase_in_which_it_was_due() -> None:
    tally = ramp_and_drain()
    tally.begin_phase(Phase.DRAIN, ns(1_009_000))
    tally.timed(EVENT, ns(1_009_500), [4], [4])
    rolled = tally.roll(ns(1_010_000))

    latencies = {name: phase.event(EVENT).latency for name, phase in rolled.phases.items()}
    assert {name: (each.min_us, each.max_us) for name, each in latencies.items()} == {
        "ramp": (1, 2),
        "steady": (3, 3),
        "drain": (4, 4),
    }
    assert (rolled.event(EVENT).latency.count, rolled.event(EVENT).latency.sum_us) == (4, 10)


def test_phases_say_from_when_to_when_they_were() -> None:
    tally = ramp_and_drain()
    tally.roll(ns(1_006_000))
    tally.begin_phase(Phase.DRAIN, ns(1_009_000))
    tally.roll(ns(1_010_000))
    tally.roll(ns(1_012_000))

    phases = tally.totals.phases
    assert {name: (each.from_s_low, each.to_s_peak) for name, each in phases.items()} == {
        "ramp": (0.0, 5.0),
        "steady": (5.0, 9.0),
        "drain": (9.0, 12.0),
    }


def test_without_a_word_everything_is_steady() -> None:
    tally = Tally()
    tally.timed(EVENT, -5, [1], [1])
    tally.acted(Action.EDIT, 0, 1, 2)
    tally.notified(0, 3, 3, has_several=False)

    rolled = tally.roll(ns(1000))
    assert list(rolled.phases) == ["steady"]
    assert rolled.phase("steady").action("edit").completion.max_us == 2
    assert rolled.phase("steady").notifications.latency.max_us == 3
    assert rolled.action("edit").latency.max_us == 1
    assert rolled.all_notifications().latency.max_us == 3


def test_a_phase_that_ends_where_it_begins_is_none() -> None:
    tally = Tally()
    tally.begin_phase("hold", 0)

    assert list(tally.roll(ns(1)).phases) == ["hold"]
