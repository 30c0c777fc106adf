"""From the summary of a run to the outcome of a trial."""

from typing import Any

import pytest

from loadtest.capacity.judged import TrialPlan, judged, was_settled
from loadtest.capacity.study import TrialRecord

PLAN = TrialPlan(load=80, phase="narrowing", hold_from_s=15, hold_s=10)
MESSAGE = "channel.message.created"


def rows(sessions_at_hold: float = 100) -> list[dict[str, Any]]:
    """Return 30 seconds: a ramp with much traffic, the hold from 15 to 25, a drain without any."""
    found = []
    for second in range(1, 31):
        sessions = sessions_at_hold if second <= 20 else 100
        deliveries = 900 if second <= 15 else 640 if second <= 25 else 0
        found.append(
            {
                "t_s": second,
                "chat_sessions": sessions,
                "messages": deliveries / 8,
                "deliveries": deliveries,
            }
        )
    return found


def summary(verdict: str = "PASS", *reasons: dict[str, Any]) -> dict[str, Any]:
    return {
        "run_id": "20261126T100000Z-capacity-3f9a",
        "verdict": verdict,
        "reasons": list(reasons),
        "load": {"devices_peak": 120},
        "ledger": {MESSAGE: {"lost": 3}},
        "latency": {MESSAGE: {"count": 6400, "p50_ms": 4.0, "p99_ms": 61.5}},
        "generator": {"lag": {"p99_ms": 1.5}, "cpu_ratio_peak": 0.4},
    }


def reason(code: str, figure: str = "generator.lag.p99_ms") -> dict[str, Any]:
    return {"code": code, "figure": figure, "value": 55.0, "limit": 20, "remedy": "add workers"}


def trial(*reasons: dict[str, Any], verdict: str = "PASS") -> TrialRecord:
    return judged(PLAN, summary(verdict, *reasons), rows(), length_s=31)


def test_a_run_that_passed_is_a_trial_that_passed() -> None:
    found = trial()

    assert (found.outcome, found.load, found.devices, found.lost) == ("pass", 80, 120, 3)
    assert (found.p50_ms, found.p99_ms) == (4.0, 61.5)
    assert (found.generator_lag_p99_ms, found.cpu) == (1.5, 0.4)


def test_rates_are_those_of_the_hold_alone() -> None:
    found = trial()

    assert (found.messages_per_s, found.deliveries_per_s) == (80, 640)


def test_the_steady_phase_of_the_run_bounds_the_hold() -> None:
    """A run that knows its phases says when its teardown began."""
    known = summary() | {"phases": {"steady": {"from_s": 12.0, "to_s": 28.0}}}

    # 10 seconds of 640 and 3 of 0.
    assert judged(PLAN, known, rows(), length_s=31).deliveries_per_s == pytest.approx(6400 / 13)


def test_a_broken_threshold_fails_and_is_named() -> None:
    thresholds = [
        {"expression": "delivery.message.lost == 0", "value": 0, "held": True},
        {"expression": "fanout.p99 < 500", "value": 812.0, "held": False},
        {"expression": "fanout.last.p99 < 900", "value": "never", "held": False},
    ]
    known = summary("FAIL") | {"thresholds": thresholds}
    found = judged(PLAN, known, rows(), length_s=31)

    assert found.outcome == "fail"
    assert [each.expression for each in found.broken] == [
        *("fanout.p99 < 500", "fanout.last.p99 < 900")
    ]
    assert [each.value for each in found.broken] == [812.0, "never"]
    assert found.broken[0].limit == "< 500"


@pytest.mark.parametrize(("value", "outcome"), [(480.0, "pass"), (510.0, "fail")])
def test_a_figure_too_near_its_limit_counts_as_it_stands(value: float, outcome: str) -> None:
    """That is where the limit is. A run alone could not say; the search can live with it."""
    near = {"expression": "fanout.p99 < 500", "value": value, "held": None}
    known = summary("INCONCLUSIVE", reason("too_near")) | {"thresholds": [near]}

    assert judged(PLAN, known, rows(), length_s=31).outcome == outcome


def test_a_warning_fails_no_trial() -> None:
    warned = {"expression": "fanout.p99 < 500 warn", "value": 900.0, "held": False}

    assert judged(PLAN, summary() | {"thresholds": [warned]}, rows(), length_s=31).broken == []


@pytest.mark.parametrize(
    ("code", "is_load_to_blame"),
    [("generator_lag", True), ("loop_lag", True), ("too_few_samples", False)],
)
def test_an_inconclusive_run_decides_nothing(code: str, is_load_to_blame: bool) -> None:
    found = trial(reason(code), verdict="INCONCLUSIVE")

    assert found.outcome == "invalid"
    assert found.is_load_to_blame is is_load_to_blame
    assert "generator.lag.p99" in found.invalid_because
    assert found.remedy == "add workers"


def test_a_load_that_still_grew_makes_a_trial_invalid() -> None:
    found = judged(PLAN, summary(), rows(sessions_at_hold=90), length_s=31)

    assert (found.outcome, found.is_load_to_blame) == ("invalid", False)
    assert "still being started" in found.invalid_because


def test_a_load_that_cannot_settle_is_judged_as_it_is() -> None:
    plan = TrialPlan(80, "narrowing", 15, 10, is_settling_judged=False)

    assert judged(plan, summary("FAIL"), rows(90), length_s=31).outcome == "fail"


def test_nothing_has_settled_in_no_time() -> None:
    assert not was_settled([])
    assert was_settled([{"chat_sessions": 98}, {"chat_sessions": 100}])
