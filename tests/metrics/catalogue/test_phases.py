from loadtest.metrics.catalogue.lookup import all_figures
from loadtest.metrics.catalogue.phases import ACTION_TIMES, PHASE_BLOCKS


def test_each_phase_has_the_times_of_the_whole() -> None:
    paths = set(all_figures())

    for phase in ("ramp", "steady", "drain", "whole"):
        assert f"phases.{phase}.latency.channel.message.created.p99_ms" in paths
        assert f"phases.{phase}.completion.11-100.last.p99_ms" in paths
        assert f"phases.{phase}.actions.message.p99_ms" in paths
        assert f"phases.{phase}.notification_latency.p99_ms" in paths


def test_a_phase_has_no_counts_of_actions() -> None:
    assert {each.name for each in ACTION_TIMES.figures} == {"", "completion"}


def test_no_short_name_means_a_phase() -> None:
    assert all(not block.short and not block.short_of for block in PHASE_BLOCKS)
