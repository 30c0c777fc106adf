"""The posterior of a limit: what outcomes do to it, against what can be said without it."""

import pytest

from loadtest.capacity.posterior import Posterior


def test_before_any_trial_every_factor_is_as_likely() -> None:
    posterior = Posterior(10, 1000)

    assert posterior.median == pytest.approx(100, rel=0.01)
    low, high = posterior.interval(0.5)
    assert high / low == pytest.approx(10, rel=0.02)


def test_a_pass_and_a_fail_leave_the_limit_between_them() -> None:
    posterior = Posterior(10, 1000)
    posterior.update(100, is_passed=True)
    posterior.update(200, is_passed=False)

    low, high = posterior.interval(0.9)
    assert 85 < low < posterior.median < high < 235
    assert posterior.median == pytest.approx(141, rel=0.03)


def test_the_order_of_the_trials_does_not_matter() -> None:
    outcomes = [(100.0, True), (200.0, False), (140.0, True), (160.0, False), (150.0, True)]
    forth, back = Posterior(10, 1000), Posterior(10, 1000)
    for load, is_passed in outcomes:
        forth.update(load, is_passed=is_passed)
    for load, is_passed in reversed(outcomes):
        back.update(load, is_passed=is_passed)

    assert forth.interval(0.9) == pytest.approx(back.interval(0.9))


def test_one_odd_outcome_does_not_decide() -> None:
    """A trial may fail far below the limit: somebody else used the machine."""
    posterior = Posterior(10, 1000)
    for load in (100, 120, 140, 150, 155):
        posterior.update(load, is_passed=True)
    for load in (200, 180, 165):
        posterior.update(load, is_passed=False)
    posterior.update(50, is_passed=False)

    assert 140 < posterior.median < 180


def test_contradicting_outcomes_widen_the_interval() -> None:
    clear, noisy = Posterior(10, 1000), Posterior(10, 1000)
    for posterior, odd in ((clear, 150), (noisy, 175)):
        posterior.update(100, is_passed=True)
        posterior.update(200, is_passed=False)
        posterior.update(160, is_passed=False)
        posterior.update(odd, is_passed=True)

    clear_low, clear_high = clear.interval(0.95)
    noisy_low, noisy_high = noisy.interval(0.95)
    assert noisy_high / noisy_low > clear_high / clear_low
