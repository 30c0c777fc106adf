from typing import Any

import pytest

from loadtest.profile import load_profile
from loadtest.selftest import CASES, Evidence
from loadtest.selftest.cases import CLEAN
from loadtest.selftest.trial import _LOCUSTFILES, _PROFILES
from loadtest.server.faults.plan import FaultPlan
from tests.support.selftest_evidence import evidence

_CASES = {case.name: case for case in CASES}
_MESSAGE = "channel.message.created"


def _failed(name: str, found: Evidence) -> list[str]:
    return [check.figure for check in _CASES[name].judge(found, evidence()) if not check.held]


def _latency(**figures_ms: float) -> dict[str, Any]:
    return {"latency": {_MESSAGE: {f"{name}_ms": value for name, value in figures_ms.items()}}}


@pytest.mark.parametrize("name", _CASES)
def test_a_case_is_one_that_can_be_run(name: str) -> None:
    trial = _CASES[name].trial
    faults = [fault.partition("=")[::2] for fault in (*trial.faults, *trial.live_faults)]
    overrides = [*trial.overrides, f"run.duration_s={trial.duration_s}"]

    unfaulted = (CLEAN, "session-end", "ended-worker")
    assert FaultPlan().changed(faults).as_json() or name in unfaulted
    assert load_profile(str(_PROFILES / trial.profile), overrides).run.duration_s > 0
    assert trial.locustfile is None or (_LOCUSTFILES / trial.locustfile).is_file()


def test_names_are_used_once_and_the_clean_case_is_in_the_short_form() -> None:
    assert len(_CASES) == len(CASES)
    assert _CASES[CLEAN].is_quick


def test_a_count_that_was_injected_and_not_measured_fails() -> None:
    stats = {
        "faults": {"drop": {_MESSAGE: 9}},
        "faults_on_channel_topics": {"drop": {_MESSAGE: 9}},
    }

    assert _failed("drop", evidence({"ledger": {_MESSAGE: {"lost": 9}}}, stats)) == []
    assert _failed("drop", evidence({"ledger": {_MESSAGE: {"lost": 8}}}, stats)) == [
        "messages lost"
    ]


def test_a_fault_that_did_not_happen_proves_nothing() -> None:
    assert _failed("drop", evidence()) == ["drop happened"]
    assert _failed("cuts", evidence()) == ["cut happened"]


def test_a_delay_must_shift_the_median_by_its_length() -> None:
    assert _failed("delay", evidence(_latency(p50=52.4, min=50.4))) == []
    assert _failed("delay", evidence(_latency(p50=40.0, min=50.4))) == ["delivery p50, ms"]
    assert _failed("delay", evidence(_latency(p50=52.4, min=49.9))) == ["delivery min, ms"]


_STALLED = {"p50": 2.0, "p90": 600.0, "p95": 800.0, "p99": 960.0, "max": 998.0}


def test_a_stall_must_be_in_every_percentile() -> None:
    stats = {"faults": {"stall": 2}}

    assert _failed("stall", evidence(_latency(**_STALLED), stats)) == []
    omitted = evidence(_latency(**(_STALLED | {"p99": 6.0})), stats)
    assert _failed("stall", omitted) == ["delivery p99, ms"]


def test_a_stall_more_than_planned_fails() -> None:
    found = evidence(_latency(**_STALLED), {"faults": {"stall": 3}})

    assert "stalls within the run" in _failed("stall", found)


def test_a_closed_workload_must_not_show_the_stall_in_its_p99() -> None:
    stats = {"faults": {"stall": 2}}

    assert _failed("stall-closed", evidence(_latency(p99=6.0, max=1_001.0), stats)) == []
    seen = evidence(_latency(p99=900.0, max=1_001.0), stats)
    assert _failed("stall-closed", seen) == ["delivery p99, ms: unseen"]


def test_a_queue_must_make_the_wait_of_its_length() -> None:
    # 5,500 copies at 550 a second take 10 s; the messages were due within 8.
    stats = {"faults": {"queue": {_MESSAGE: 5_500, "channel.participant.inactive": 99}}}

    assert _failed("queue", evidence(_latency(max=2_010.0, p50=990.0), stats)) == []
    assert _failed("queue", evidence(_latency(max=2_010.0, p50=500.0), stats)) == [
        "delivery p50, ms"
    ]


def test_actions_above_the_rate_must_wait_in_a_queue() -> None:
    # 450 messages at 45 a second take 10 s; they were due within 8.
    stats = {"faults": {"action_queue": {"message": 450}}}

    assert _failed("action-queue", evidence(_latency(max=2_010.0, p50=990.0), stats)) == []
    assert "delivery max, ms" in _failed(
        "action-queue", evidence(_latency(max=900.0, p50=990.0), stats)
    )


def test_actions_below_the_rate_must_not_wait() -> None:
    assert _failed("action-rate", evidence(_latency(p95=15.0))) == []
    assert _failed("action-rate", evidence(_latency(p95=50.0))) == ["delivery p95, ms"]


def test_an_even_jitter_must_have_even_percentiles() -> None:
    stats = {"faults": {"delay": {_MESSAGE: 600}}}
    even = {"p50": 62.0, "p90": 110.0, "p95": 116.0}

    assert _failed("jitter", evidence(_latency(**even), stats)) == []
    skewed = evidence(_latency(**(even | {"p50": 30.0})), stats)
    assert _failed("jitter", skewed) == ["delivery p50, ms"]


def test_a_push_that_came_and_was_not_sent_fails() -> None:
    stats = {"faults": {"drop": {"push": 2}, "duplicate": {"push": 1}}}
    found = {"push": {"missed": 2, "duplicate": 1}}

    assert _failed("push", evidence(found, stats)) == []
    assert _failed("push", evidence({"push": {"missed": 2}}, stats)) == ["pushes duplicate"]


def test_the_noise_of_the_generator_widens_the_bound_of_a_maximum() -> None:
    stats = {"faults": {"stall": 2}}
    late = _STALLED | {"max": 1_090.0}
    noisy = {"generator": {"loop_lag": {"max_ms": 60.0}}}

    assert _failed("stall", evidence(_latency(**late), stats)) == ["delivery max, ms"]
    assert _failed("stall", evidence(_latency(**late) | noisy, stats)) == []


def _hand_off(**changes: float) -> Evidence:
    found = {"at_least": 299.0, "first": 301.0, "last": 349.0, "resolution": 50.0} | changes
    activation = {
        "at_least": {"max_ms": found["at_least"]},
        "at_most": {"min_ms": found["first"], "max_ms": found["last"]},
        "resolution": {"p50_ms": found["resolution"]},
        "gap_messages": found.get("gap_messages", 120),
        "overlap_messages": found.get("overlap_messages", 0),
    }
    return evidence({"notifications": {"activation": activation}}, messages_per_s=20)


def test_a_late_end_must_cost_its_lag_and_the_messages_in_it() -> None:
    assert _failed("session-end-lag", _hand_off()) == []
    assert _failed("session-end-lag", _hand_off(gap_messages=60)) == ["gap, messages per end"]
    assert _failed("session-end-lag", _hand_off(at_least=310.0)) == ["activation, at least, max ms"]
    assert _failed("session-end-lag", _hand_off(first=290.0)) == ["activation, at most, min ms"]
    assert _failed("session-end-lag", _hand_off(last=500.0)) == ["activation, at most, max ms"]
    assert _failed("session-end-lag", _hand_off(resolution=90.0)) == ["resolution p50, ms"]
    assert _failed("session-end-lag", _hand_off(overlap_messages=1)) == ["overlap, messages"]


def test_without_a_lag_the_end_must_cost_nothing() -> None:
    assert _failed("session-end", evidence(messages_per_s=20)) == []
    assert "gap, messages per end" in _failed("session-end", _hand_off())


def test_who_stays_on_another_device_must_not_be_notified() -> None:
    several = {"by_devices": {"several_devices": {"activation": {"at_most": {"count": 1}}}}}
    found = evidence({"notifications": several}, messages_per_s=20)

    assert _failed("session-end", found) == ["activations, other device stays"]


def test_typing_that_a_refusal_prevented_must_not_be_lost() -> None:
    stats = {"faults": {"rate_limit": {"relay": 9}}}
    lost = {"ledger": {"thread.typing.stopped": {"lost": 2}}}

    assert _failed("rate-limit", evidence({}, stats)) == []
    assert _failed("rate-limit", evidence(lost, stats)) == ["thread.typing.stopped lost"]
