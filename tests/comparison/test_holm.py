import pytest
from scipy import stats

from loadtest.comparison.holm import holm


def test_the_smallest_pays_for_all_and_none_falls_below_the_one_before_it() -> None:
    """The worked example of Holm's method: sorted 0.01, 0.02, 0.03, 0.5."""
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])


def test_one_figure_alone_stays_as_it_is() -> None:
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


def test_no_adjusted_value_is_above_one() -> None:
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_where_all_are_the_same_it_is_bonferronis() -> None:
    """scipy has no Holm; its bound for equal values is the plain product."""
    p = float(2 * stats.t.sf(3.0, 4))
    assert holm([p] * 5) == pytest.approx([min(1.0, 5 * p)] * 5)
