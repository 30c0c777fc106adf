"""What a load means for a trial, and the plan that is printed before the first one."""

import msgspec
import pytest

from loadtest.capacity.planning import (
    AxisPlan,
    Lengths,
    default_settle_s,
    first_load,
    plan_lines,
)
from loadtest.capacity.study import Axis, Settings
from loadtest.errors import UsageError
from loadtest.profile import load_profile
from tests.support.studies import study

P99 = "latency.channel.message.created.p99_ms < 500"
SETTINGS: Settings = study().settings


def axis_plan(axis: Axis, *overrides: str, devices: int = 0) -> AxisPlan:
    base = load_profile("capacity", list(overrides))
    profile = base.scaled(devices=devices) if devices else base
    return AxisPlan(
        axis, profile, profile.planned_load(), base.workload.message_rate_per_s, base.users_per_s
    )


def test_a_message_rate_is_set_in_the_words_of_the_profile() -> None:
    """Scaled to a tenth of its devices, the profile's rate is that of ten times as many."""
    plan = axis_plan("message_rate", devices=120)
    lengths = Lengths(ramp_s=10, settle_s=6, hold_s=30)

    assert plan.planned == pytest.approx(2)
    assert plan.overrides(8, lengths) == [
        "run.duration_s=46",
        "run.ramp_s=10",
        "workload.message_rate_per_s=80",
    ]
    assert plan.devices(8) == 120
    scaled = load_profile("capacity", plan.overrides(8, lengths)).scaled(devices=120)
    assert scaled.planned_load().messages_per_s == pytest.approx(8)


def test_deliveries_are_reached_by_the_message_rate() -> None:
    plan = axis_plan("deliveries")
    lengths = Lengths(10, 6, 30)

    scaled = load_profile("capacity", plan.overrides(1_000, lengths))
    assert scaled.planned_load().deliveries_per_s == pytest.approx(1_000, rel=2e-3)
    assert plan.deliveries_per_unit == 1


def test_devices_come_in_whole_cells() -> None:
    plan = axis_plan("devices")

    assert plan.snapped(1_310) == 1_320
    assert plan.overrides(1_320, Lengths(10, 6, 30)) == ["run.duration_s=46", "run.ramp_s=10"]
    assert plan.devices_per_unit == 1


def test_more_devices_take_longer_to_start() -> None:
    plan = axis_plan("devices")

    assert plan.lengths(1_200, SETTINGS, 6).ramp_s == 10
    assert plan.lengths(4_800, SETTINGS, 6).ramp_s == 40


def test_a_hold_is_as_long_as_the_thresholds_need() -> None:
    """At 2 messages/s 16 deliveries/s: 1 000 for a p99 take a minute, and half as long again."""
    plan = axis_plan("message_rate", devices=120)
    settings = msgspec.structs.replace(SETTINGS, thresholds=[P99], hold_s=30)

    assert plan.lengths(200, settings, 6).hold_s == 30
    assert 80 < plan.lengths(2, settings, 6).hold_s < 110
    assert plan.lengths(2, settings, 6, patience=2).hold_s == 150


def test_the_first_load_gives_enough_samples() -> None:
    small = axis_plan("message_rate", devices=120)

    assert first_load(axis_plan("message_rate"), hold_s=30) == 20
    assert first_load(small, hold_s=30) > 5
    settings = msgspec.structs.replace(SETTINGS, thresholds=list(small.profile.thresholds))
    assert small.lengths(first_load(small, 30), settings, 6).hold_s <= 31


def test_a_trial_settles_until_the_last_users_chat_sessions_have_begun() -> None:
    assert default_settle_s(load_profile("capacity")) == 6
    assert default_settle_s(load_profile("capacity", ["chat_sessions.enter_within_s=10"])) == 13


def test_a_profile_without_messages_has_no_message_rate_to_raise() -> None:
    plan = axis_plan("message_rate", "workload.message_rate_per_s=0")

    with pytest.raises(UsageError, match="plans 0 messages/s"):
        plan.check()


def test_without_a_promise_no_load_could_fail() -> None:
    with pytest.raises(UsageError, match="has no thresholds, so that no load could fail"):
        axis_plan("message_rate", "thresholds=[]").check()


def test_the_plan_says_what_will_happen() -> None:
    text = "\n".join(plan_lines(axis_plan("message_rate"), SETTINGS, None))

    assert "embedded server, a fresh one for each trial" in text
    assert "1,200 devices of 900 users" in text
    assert "20, 40, 80, 160, 320, 640, 1,280 messages/s until one fails" in text
    assert f"a trial passes if {P99}" in text
    assert "±10% (95% interval), or after 15 min: 17 trials at most" in text
    devices = msgspec.structs.replace(SETTINGS, first=1_200, highest=9_600)
    assert "1,200 to 9,600 devices" in "\n".join(
        plan_lines(axis_plan("devices"), devices, "https://chat.example.test")
    )
