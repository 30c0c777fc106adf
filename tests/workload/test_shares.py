from dataclasses import replace

import pytest

from loadtest.errors import UsageError
from loadtest.profile import load_profile
from loadtest.workload import Presence
from loadtest.workload.distributions import Exponential, Fixed
from loadtest.workload.shares import ready_ratio, stay_shares
from tests.support.workloads import stays

HALF = stays(stay_s=Exponential(20), away_s=Exponential(20), active_share_at_start=0.5)


def test_who_never_leaves_is_always_there() -> None:
    shares = stay_shares(stays(settle_s=1.0), 1, 100.0)

    assert shares.active_ratio == shares.online_ratio == pytest.approx(1.0)
    assert shares.active_when_written == shares.present_when_written == pytest.approx(1.0)
    assert shares.ready_ratio == pytest.approx(0.99)
    assert shares.starts_per_s == pytest.approx(0.01)


def test_shares_of_alternating_stays_are_those_of_arithmetic() -> None:
    """Stay and absence alike: half of the time; ready for exp(-2 settle / mean) of that."""
    shares = stay_shares(replace(HALF, settle_s=1.0), 1, 2_000.0)

    assert shares.active_ratio == pytest.approx(0.5, rel=0.03)
    assert shares.ready_ratio == pytest.approx(0.5 * 2.718281828 ** (-2 / 20), rel=0.04)
    assert shares.starts_per_s == pytest.approx(1 / 40, rel=0.05)


def test_one_of_two_devices_is_there_more_often_than_one() -> None:
    shares = stay_shares(HALF, 2, 2_000.0)

    assert shares.active_ratio == pytest.approx(0.5, rel=0.03)
    assert shares.present_when_written == pytest.approx(0.75, rel=0.03)
    assert shares.active_ratio < shares.ready_ratio < shares.present_when_written


def test_a_short_run_sees_the_first_enterings() -> None:
    """Everybody enters within ten seconds: on average five of twenty are missing."""
    shares = stay_shares(stays(enter_within_s=10.0), 1, 20.0)

    assert shares.active_ratio == pytest.approx(0.75, rel=0.03)


def test_who_is_only_entering_is_written_to_less_than_it_seems() -> None:
    """Within ten seconds all enter, and write from one second later on: others are there more often
    then than on average over the run."""
    shares = stay_shares(stays(enter_within_s=10.0, settle_s=1.0), 1, 20.0)

    # Ready at t: (t - 1) / 10 up to 11 s; there at t: t / 10 up to 10 s.
    ready_s = 5.0 + 9.0
    both_s = 3.33 - 0.5 + 0.95 + 9.0
    assert shares.active_when_written == pytest.approx(both_s / ready_s, rel=0.03)
    assert shares.active_when_written > shares.active_ratio


def test_entering_is_heard_by_those_who_are_there_by_then() -> None:
    """Evenly within the run: each, once, by half of the others; nobody leaves."""
    shares = stay_shares(stays(enter_within_s=100.0), 1, 100.0)

    assert shares.entered_heard_per_s == pytest.approx(0.5 / 100, rel=0.05)
    assert shares.left_heard_per_s == 0


def test_only_the_first_and_the_last_of_a_users_devices_are_heard() -> None:
    """Two devices: a quarter of the time nobody is there, so one of two enterings is heard."""
    one, two = (stay_shares(HALF, devices, 2_000.0) for devices in (1, 2))

    assert one.entered_heard_per_s == pytest.approx(0.5 / 40, rel=0.07)
    assert two.entered_heard_per_s == pytest.approx(one.entered_heard_per_s, rel=0.1)
    assert two.left_heard_per_s == pytest.approx(two.entered_heard_per_s, rel=0.1)


def test_being_offline_counts_against_everything() -> None:
    parameters = stays(presence=Presence(Exponential(30), Exponential(10)), settle_s=0.1)
    shares = stay_shares(parameters, 1, 1_000.0)

    assert shares.online_ratio == pytest.approx(0.75, rel=0.03)
    assert shares.active_ratio < shares.online_ratio


def test_time_that_two_devices_are_ready_counts_once() -> None:
    shares = stay_shares(stays(settle_s=0.5), 3, 10.0)

    assert shares.ready_ratio == pytest.approx(0.95)


def test_stays_that_leave_no_time_to_write_are_refused() -> None:
    parameters = stays(stay_s=Fixed(2), away_s=Fixed(1), settle_s=1.0)

    with pytest.raises(UsageError, match=r"nobody can write: .* make the run or the stays longer"):
        ready_ratio(parameters, 1, 60.0)


def test_a_run_of_many_days_has_the_shares_of_its_first_one() -> None:
    stays = load_profile("smoke").behaviour().stays
    day, month = (stay_shares(stays, 1, days * 86_400.0) for days in (1, 30))

    assert month.active_ratio == pytest.approx(day.active_ratio, rel=0.05)
    assert month.starts_per_s == pytest.approx(day.starts_per_s, rel=0.05)
