from loadtest.workload import CutPlan, Disturbances, SlowReaders
from loadtest.workload.distributions import LogNormal
from loadtest.workload.typing import typing_figures
from tests.support.profiles import problems_in, profile


def test_nothing_goes_wrong_unless_a_profile_says_so() -> None:
    assert profile().disturbances() == Disturbances()


def test_cuts_and_slow_readers_are_the_ones_described() -> None:
    changed = profile(
        "connection_cuts.at_s=10",
        "connection_cuts.share=0.5",
        "connection_cuts.waves=2",
        "device.slow_share=0.1",
        "device.slow_read_bytes_per_s=500",
    )

    assert changed.disturbances() == Disturbances(CutPlan(10, 0.5, 2, 15.0), SlowReaders(0.1, 500))
    assert "10% of the devices read slowly" in changed.deviations


def test_a_cut_after_the_end_is_refused() -> None:
    (problem,) = problems_in("connection_cuts.at_s=50", "connection_cuts.waves=2")

    assert problem == (
        "--set connection_cuts.at_s=50: connection_cuts.at_s is 50; with the ramp before it and 2"
        " waves the last cut would be after 70 of run.duration_s (60) seconds"
    )


def test_typing_is_in_bursts_unless_key_by_key_is_asked_for() -> None:
    bursts, keys = profile().behaviour(), profile("workload.typing=keys").behaviour()

    assert bursts.writing.key_gap_s is None
    assert keys.writing.key_gap_s == LogNormal(0.216, 0.45)
    # Of thirty characters and more, four of five keys.
    assert typing_figures(keys.writing).keystrokes > 10 * typing_figures(bursts.writing).keystrokes


def test_replies_and_reactions_are_the_ones_described() -> None:
    behaviour = profile(
        "workload.reply_probability=0.3",
        "workload.reaction_probability=0.2",
        "workload.reaction_delay_s=4",
    ).behaviour()

    assert behaviour.writing.reply_probability == 0.3
    assert behaviour.reacting.probability == 0.2
    assert behaviour.reacting.delay_s.expectation() == 4
