from collections.abc import Sequence
from typing import Any

import pytest

from loadtest.report.absent import absent_from_plan, absent_from_run
from tests.support.summaries import passing_summary, with_slow_devices

SPIKE = [(0, 1), (60, 1), (65, 10), (95, 10), (100, 1), (180, 1)]


def curve(points: Sequence[tuple[float, float]], duration_s: float) -> dict[str, Any]:
    return {
        "run": {"duration_s": duration_s},
        "workload": {"arrivals": {"kind": "curve", "points": points}},
    }


@pytest.mark.parametrize(
    ("duration_s", "is_absent"),
    [
        pytest.param(180, False, id="the whole curve"),
        pytest.param(66, False, id="it ends at the peak"),
        pytest.param(64.8, False, id="nearly the peak"),
        pytest.param(62, True, id="on the way up"),
        pytest.param(20, True, id="long before"),
    ],
)
def test_a_run_that_ends_before_the_peak_has_no_spike(duration_s: float, is_absent: bool) -> None:
    assert bool(absent_from_plan(curve(SPIKE, duration_s))) is is_absent


def test_it_is_said_what_is_missing() -> None:
    (said,) = absent_from_plan(curve(SPIKE, 20))

    assert said == (
        "the peak of workload.arrivals (10 times the rate, 65 s after the start) is not in a run "
        "of 20 s"
    )


def test_a_steady_rate_has_nothing_to_miss() -> None:
    assert absent_from_plan(passing_summary()["profile"]) == ()
    assert absent_from_plan({}) == ()
    assert absent_from_plan(curve([(0, 1), (60, 1)], 20)) == ()


def test_cuts_that_never_came_are_missing() -> None:
    summary = passing_summary()
    profile = {"connection_cuts": {"at_s": 30.0}}

    assert absent_from_run(profile, summary) == (
        "connection_cuts is set, and no connection was cut",
    )
    summary["load"]["connections_lost"] = 12
    assert absent_from_run(profile, summary) == ()


def test_slow_devices_that_are_none_are_missing() -> None:
    profile = {"device": {"slow_share": 0.05}}

    assert absent_from_run(profile, passing_summary()) == (
        "device.slow_share is set, and no device read slowly",
    )
    assert absent_from_run(profile, with_slow_devices()) == ()
