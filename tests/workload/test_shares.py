from dataclasses import replace

import pytest

from loadtest.errors import UsageError
from loadtest.workload import Presence
from loadtest.workload.distributions import Exponential, Fixed
from loadtest.workload.shares import ready_ratio, stay_shares
from tests.support.workloads import stays

HALF = stays(stay_s=Exponential(20), away_s=Exponential(20), active_share_at_start=0.5)


def test_who_never_leaves_is_always_there() -> None:
    shares = stay_shares(stays(settle_s=1.0), 1, 100.0)

    assert shares.active_ratio == shares.present_ratio == shares.online_ratio == 1.0
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
    assert shares.present_ratio == pytest.approx(0.75, rel=0.03)
    assert shares.active_ratio < shares.ready_ratio < shares.present_ratio


def test_a_short_run_sees_the_first_enterings() -> None:
    """Everybody enters within ten seconds: on average five of twenty are missing."""
    shares = stay_shares(stays(enter_within_s=10.0), 1, 20.0)

    assert shares.active_ratio == pytest.approx(0.75, rel=0.03)


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
