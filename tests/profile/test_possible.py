import pytest

from loadtest.errors import UsageError
from loadtest.profile import load_profile, profile_names
from loadtest.profile.possible import impossible_thresholds, refuse_impossible


@pytest.mark.parametrize("name", profile_names())
def test_a_shipped_profile_promises_only_what_can_happen(name: str) -> None:
    assert list(impossible_thresholds(load_profile(name))) == []


@pytest.mark.parametrize(
    ("threshold", "reason"),
    [
        ("delivery.read.lost == 0", "nobody reads (workload.read_probability is 0)"),
        ("action.edit.p99 < 1s", "nobody edits (workload.edit_probability is 0)"),
        ("delivery.keystrokes.p99 < 1s", "nobody types (workload.keystroke_bursts is 0)"),
        ("recovery.p99 < 9s", "no connection is cut (connection_cuts.at_s is not set)"),
        ("actions.reconnect.p99_ms < 15000", "no connection is cut"),
        ("push.missed == 0", "nobody takes pushes (push.sink is not set; --push-sink)"),
        ("fanout.last.p99{size=1001+} < 9s", "no channel has so many members"),
        ("fanout.p99{device=slow} < 9s", "no device reads slowly (device.slow_share is 0)"),
    ],
)
def test_a_threshold_on_what_cannot_happen_is_refused_with_the_key(
    threshold: str, reason: str
) -> None:
    overrides = [
        "workload.read_probability=0",
        "workload.edit_probability=0",
        "workload.keystroke_bursts=0",
        f"thresholds=['{threshold}', 'delivery.message.lost == 0']",
    ]
    with pytest.raises(UsageError) as raised:
        refuse_impossible(load_profile("smoke", overrides))

    (problem,) = raised.value.problems
    assert problem.startswith(f"threshold {threshold!r} is on what cannot happen in this profile: ")
    assert reason in problem


@pytest.mark.parametrize(
    "threshold",
    [
        "load.connections_lost == 0",
        "recovery.lost_in_gap == 0",
        "delivery.read.unexpected == 0",
        "fanout.p99{device=others} < 1s",
        "fanout.last.p99{size=11-100} < 1s",
    ],
)
def test_what_a_server_can_do_by_itself_may_always_be_limited(threshold: str) -> None:
    profile = load_profile("smoke", ["workload.read_probability=0", f"thresholds=['{threshold}']"])

    assert list(impossible_thresholds(profile)) == []
