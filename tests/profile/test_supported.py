import pytest

from loadtest.profile import load_profile
from loadtest.profile.supported import unsupported_thresholds
from loadtest.workload.load_plan import LoadPlan

PLAN = LoadPlan(deliveries_per_s=50.0, messages_per_s=5.0, notifications_per_s=0.0)


def told(threshold: str, duration_s: float = 24.0) -> list[str]:
    overrides = [f"thresholds=['{threshold}']", f"run.duration_s={duration_s}", "run.ramp_s=4"]
    return list(unsupported_thresholds(load_profile("smoke", overrides), PLAN))


def test_a_run_that_is_long_enough_is_not_told_of() -> None:
    assert told("fanout.p99 < 500ms") == []
    assert told("fanout.last.p50 < 500ms") == []
    assert told("delivery.message.lost == 0") == []


def test_a_run_that_is_too_short_is_told_how_long_it_must_be() -> None:
    assert told("fanout.last.p99 < 500ms") == [
        "fanout.last.p99 < 500ms: needs 1,000 samples, and so short a run has about 100; at this "
        "rate it needs about 224 s"
    ]


def test_what_is_not_planned_cannot_be_waited_for() -> None:
    assert told("notifications.p50 < 1s") == [
        "notifications.p50 < 1s: needs 20 samples, and so short a run has about 0"
    ]


@pytest.mark.parametrize("threshold", ["session.start.p95 < 1s", "generator.lag.p99 < 5ms"])
def test_nothing_is_said_of_what_the_plan_does_not_know(threshold: str) -> None:
    assert told(threshold, 5.0) == []
