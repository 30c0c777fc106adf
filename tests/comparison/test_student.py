"""Against published tables, and against scipy where a table has too few digits."""

import math

import pytest
from scipy import stats

from loadtest.comparison.student import t_cdf, t_quantile, t_two_sided_p

FREEDOMS = (1, 2, 3, 4, 9, 30, 3.7, 250.5)


@pytest.mark.parametrize(
    ("probability", "freedom", "expected"),
    [
        pytest.param(0.95, 1, 6.314, id="two pairs, 90 %"),
        pytest.param(0.95, 2, 2.920, id="three pairs, 90 %"),
        pytest.param(0.95, 4, 2.132, id="five pairs, 90 %"),
        pytest.param(0.99, 4, 3.747, id="five pairs, 98 %"),
        pytest.param(0.975, 9, 2.262, id="ten pairs, 95 %"),
        pytest.param(0.5, 4, 0.0, id="the middle"),
    ],
)
def test_quantiles_are_those_of_the_printed_tables(
    probability: float, freedom: float, expected: float
) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(expected, abs=5e-4)
    assert t_quantile(1 - probability, freedom) == pytest.approx(-expected, abs=5e-4)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_quantiles_agree_with_scipy(freedom: float) -> None:
    for probability in (0.001, 0.05, 0.3, 0.6, 0.8, 0.95, 0.99, 0.9999):
        expected = stats.t.ppf(probability, freedom)
        assert t_quantile(probability, freedom) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_probabilities_agree_with_scipy(freedom: float) -> None:
    for t in (-40.0, -2.1, -0.3, 0.0, 0.01, 1.0, 3.7, 55.0):
        assert t_cdf(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), rel=1e-9)
        both = 2 * stats.t.sf(abs(t), freedom)
        assert t_two_sided_p(t, freedom) == pytest.approx(both, rel=1e-9)


def test_nothing_lies_beyond_the_infinite() -> None:
    assert t_two_sided_p(math.inf, 4) == 0
