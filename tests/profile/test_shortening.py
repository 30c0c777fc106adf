"""A run that is made shorter than its profile keeps what the profile is about."""

import pytest

from loadtest.errors import UsageError
from loadtest.profile import load_profile, load_with_origins, profile_names


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_can_be_tried_in_twenty_seconds_with_eighty_devices(name: str) -> None:
    profile = load_profile(name, ["run.duration_s=20"]).scaled(devices=80)

    assert profile.run.ramp_s <= 6
    assert 50 <= profile.devices_in_run <= 80


def test_the_ramp_shrinks_only_as_far_as_it_must() -> None:
    assert load_profile("ci", ["run.duration_s=30"]).run.ramp_s == load_profile("ci").run.ramp_s
    assert load_profile("baseline", ["run.duration_s=20"]).run.ramp_s == 6


def test_a_spike_is_there_in_a_short_run_as_well() -> None:
    load = load_profile("spike", ["run.duration_s=18"]).behaviour().arrivals

    assert [load.rate_at(at_s) for at_s in (3, 7, 17)] == [1, 10, 1]


def test_waves_of_cuts_come_within_the_run() -> None:
    cuts = load_profile("rolling-restart", ["run.duration_s=20"]).connection_cuts

    assert cuts.at_s is not None
    assert 6 + cuts.at_s + (cuts.waves - 1) * cuts.every_s < 20


def test_a_key_that_is_given_stays() -> None:
    overrides = ["run.duration_s=30", "run.ramp_s=20", "connection_cuts.at_s=4"]
    profile = load_profile("reconnect-storm", overrides)

    assert (profile.run.ramp_s, profile.connection_cuts.at_s) == (20, 4)


def test_a_longer_run_is_the_same_for_longer() -> None:
    assert load_profile("spike", ["run.duration_s=600"]).behaviour().arrivals == (
        load_profile("spike").behaviour().arrivals
    )


def test_it_is_known_where_the_values_come_from() -> None:
    origins = load_with_origins("spike", ["run.duration_s=18"]).origins

    assert origins["run.ramp_s"].place == "shortened with --set run.duration_s=18"
    assert origins["workload.arrivals"].place == "shortened with --set run.duration_s=18"


def test_a_length_that_is_none_is_said_as_ever() -> None:
    for length in ("-1", "0", "true", '"long"'):
        with pytest.raises(UsageError, match=r"run\.duration_s"):
            load_profile("spike", [f"run.duration_s={length}"])
    with pytest.raises(UsageError, match=r"workload\.arrivals"):
        load_profile("smoke", ["run.duration_s=9", "workload.arrivals={kind='curve', points=[1]}"])
