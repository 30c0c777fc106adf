import math

import pytest

from loadtest.workload import RandomStream
from loadtest.workload.distributions import Distribution, Exponential, Fixed, LogNormal, Zipf
from loadtest.workload.fitting import SAMPLES_MIN, Fit, fit_counts, fit_durations

# Of the distance between a distribution and 2,000 draws of it: exceeded once in a thousand cases.
KS_LIMIT = 1.95 / math.sqrt(2_000)


def draws(distribution: Distribution, count: int = 2_000) -> list[float]:
    rng = RandomStream("draws", distribution.kind)
    return [distribution.sample(rng) for _ in range(count)]


def durations(distribution: Distribution) -> Fit:
    fit = fit_durations(draws(distribution))
    assert fit is not None
    return fit


def counts(distribution: Distribution) -> Fit:
    fit = fit_counts([max(1, round(value)) for value in draws(distribution)])
    assert fit is not None
    return fit


def test_exponential_durations_are_recognised() -> None:
    fit = durations(Exponential(40))

    assert isinstance(fit.distribution, Exponential)
    assert fit.distribution.mean == pytest.approx(40, rel=0.07)
    assert fit.ks_distance < KS_LIMIT


def test_lognormal_durations_are_recognised() -> None:
    fit = durations(LogNormal(90, 1.2))

    assert isinstance(fit.distribution, LogNormal)
    assert fit.distribution.median == pytest.approx(90, rel=0.1)
    assert fit.distribution.sigma == pytest.approx(1.2, rel=0.06)
    assert fit.ks_distance < KS_LIMIT


def test_zipf_sizes_are_recognised() -> None:
    fit = counts(Zipf(1.7, 3, 60))

    assert isinstance(fit.distribution, Zipf)
    assert fit.distribution.exponent == pytest.approx(1.7, abs=0.1)
    assert fit.distribution.low == 3
    assert fit.ks_distance < KS_LIMIT
    assert fit.beyond_ratio == 0, "it ends at the largest size seen"


def test_rounded_lognormal_counts_are_recognised() -> None:
    fit = counts(LogNormal(30, 0.8))

    assert isinstance(fit.distribution, LogNormal)
    assert fit.distribution.median == pytest.approx(30, rel=0.06)
    assert fit.ks_distance < KS_LIMIT


def test_a_perfect_fit_is_half_a_step_from_its_data() -> None:
    """The middles of a thousand equally likely parts of a distribution."""
    fit = fit_durations([-20 * math.log(1 - (number + 0.5) / 1_000) for number in range(1_000)])
    assert fit is not None

    assert fit.ks_distance == pytest.approx(0.0005, abs=0.001)


def test_a_fit_that_cannot_follow_its_data_says_so() -> None:
    """Two heaps, and nothing in between: half of the data lie where neither kind has much."""
    fit = fit_durations([10.0] * 500 + [1000.0] * 500)
    assert fit is not None

    assert fit.ks_distance > 0.3


def test_what_lies_beyond_the_data_is_said() -> None:
    fit = fit_durations([10.0 + number / 10 for number in range(60)])
    assert fit is not None

    assert 0 < fit.beyond_ratio < 0.2


def test_quantiles_of_data_and_fit_stand_side_by_side() -> None:
    fit = durations(Exponential(10))
    shares = [share for share, _, _ in fit.quantiles]

    assert shares == [0.1, 0.5, 0.9, 0.99]
    for share, data, fitted in fit.quantiles:
        wanted = -10 * math.log(1 - share)
        assert data == pytest.approx(wanted, rel=0.25)
        assert fitted == pytest.approx(wanted, rel=0.15)


def test_values_that_are_all_alike_are_fixed() -> None:
    assert fit_counts([2] * 40) == Fit(
        Fixed(2), 40, 0.0, 0.0, ((0.1, 2, 2), (0.5, 2, 2), (0.9, 2, 2), (0.99, 2, 2))
    )
    fit = fit_durations([1.5] * 40)
    assert fit is not None
    assert fit.distribution == Fixed(1.5)


def test_too_few_values_give_no_fit() -> None:
    few = range(1, SAMPLES_MIN)

    assert fit_durations([float(value) for value in few]) is None
    assert fit_counts(list(few)) is None
    assert fit_counts([*few, SAMPLES_MIN]) is not None


def test_durations_of_nothing_do_not_break_a_logarithm() -> None:
    fit = fit_durations([0.0, *draws(Exponential(5), 100)])

    assert fit is not None
    assert fit.samples == 101
