"""Least squares, against solutions known beforehand."""

import pytest

from loadtest.capacity.least_squares import free_fit, non_negative_fit


def test_coefficients_that_fit_exactly_are_found() -> None:
    rows = [(1.0, x, x * x) for x in (1.0, 10.0, 100.0, 1_000.0)]
    wanted = [5 + 0.3 * x + 2e-4 * x * x for _, x, _ in rows]

    assert non_negative_fit(rows, wanted) == pytest.approx((5, 0.3, 2e-4))
    assert free_fit(rows, wanted) == pytest.approx((5, 0.3, 2e-4))


def test_a_negative_coefficient_becomes_none() -> None:
    """Of a line that falls from 4 to 1, the best that is not below 0 is its mean."""
    rows, wanted = [(1.0, x) for x in (0.0, 1.0, 2.0, 3.0)], [4.0, 3.0, 2.0, 1.0]

    assert non_negative_fit(rows, wanted) == pytest.approx((2.5, 0))
    assert free_fit(rows, wanted) == pytest.approx((4, -1))


def test_terms_that_cannot_be_told_apart_leave_one_of_them() -> None:
    rows = [(x, 2 * x) for x in (1.0, 2.0, 3.0)]

    first, second = non_negative_fit(rows, [2.0, 4.0, 6.0])
    assert first + 2 * second == pytest.approx(2)
    assert free_fit(rows, [2.0, 4.0, 6.0]) == (first, second)
