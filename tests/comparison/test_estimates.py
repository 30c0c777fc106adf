"""Paired and unpaired estimates against scipy's tests on the same figures."""

import math

import pytest
from scipy import stats

from loadtest.comparison.estimates import exact, from_log, paired, welch

BASE = [math.log(ms) for ms in (21.0, 24.5, 20.2, 26.1, 22.8)]
CANDIDATE = [math.log(ms) for ms in (23.4, 26.6, 22.9, 28.0, 25.5)]


def test_a_paired_estimate_is_the_t_test_of_the_differences() -> None:
    estimate = paired(BASE, CANDIDATE)
    reference = stats.ttest_rel(CANDIDATE, BASE)
    interval = reference.confidence_interval(0.9)

    assert estimate.p == pytest.approx(reference.pvalue, rel=1e-9)
    assert estimate.freedom == 4
    assert estimate.interval(0.9) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_an_unpaired_estimate_is_welchs_test() -> None:
    candidate = CANDIDATE[:3]
    estimate = welch(BASE, candidate)
    reference = stats.ttest_ind(candidate, BASE, equal_var=False)
    interval = reference.confidence_interval(0.9)

    assert estimate.p == pytest.approx(reference.pvalue, rel=1e-9)
    assert estimate.freedom == pytest.approx(reference.df, rel=1e-9)
    assert estimate.interval(0.9) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_pairs_see_through_a_drift_that_hides_a_change_from_unpaired_runs() -> None:
    """The machine gets slower from pair to pair; within each pair it is the same for both."""
    drift = [0.1 * number for number in range(5)]
    noise = (0.004, -0.003, 0.001, -0.004, 0.002)
    candidate = [slow + 0.1 + extra for slow, extra in zip(drift, noise, strict=True)]

    assert paired(drift, candidate).interval(0.9)[0] > 0.09
    assert welch(drift, candidate).interval(0.9)[0] < 0


def test_runs_that_all_gave_the_same_have_no_doubt_about_a_difference() -> None:
    assert paired([1.0, 1.0, 1.0], [1.5, 1.5, 1.5]).p == 0
    assert welch([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]) == exact(0.0, 4)
    assert exact(0.0, 4).p == 1


def test_a_difference_of_logarithms_is_shown_as_a_share() -> None:
    assert from_log(math.log(1.1)) == pytest.approx(0.1)
    assert from_log(2000) == math.inf
