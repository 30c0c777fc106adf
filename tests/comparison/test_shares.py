import math

import pytest

from loadtest.comparison.estimates import paired
from loadtest.comparison.shares import Share, most_possible, share_estimate


def shares(parts: list[int], whole: int = 1_000) -> list[Share]:
    return [Share(part, whole) for part in parts]


def test_of_what_was_never_seen_three_in_n_may_exist() -> None:
    assert most_possible(shares([0, 0, 0])) == pytest.approx(3 / 3_000)
    assert most_possible(shares([0, 1, 0])) is None
    assert most_possible([Share(0, 2)]) == 1.0


def test_the_bound_of_three_in_n_is_that_of_95_per_cent() -> None:
    """A true share of 3/n would have shown itself in about 95 of 100 such counts."""
    assert pytest.approx(0.05, abs=0.001) == (1 - 3 / 10_000) ** 10_000


def test_the_error_is_what_the_replicates_show_where_that_is_more_than_counting() -> None:
    base, candidate = shares([0, 40, 5, 90, 1]), shares([50, 10, 80, 0, 70])
    estimate = share_estimate(base, candidate, is_paired=True)
    plain = paired([each.value for each in base], [each.value for each in candidate])

    assert estimate == plain


def test_five_replicates_with_one_loss_each_are_no_more_certain_than_five_losses() -> None:
    estimate = share_estimate(shares([0] * 5), shares([1] * 5), is_paired=True)
    common = 5 / 10_000
    counting = math.sqrt(common * (1 - common) * 2 / 5_000)

    assert estimate.spread == 0
    assert estimate.error == pytest.approx(counting)
    assert 0.05 < estimate.p < 0.1


def test_nothing_on_both_sides_is_no_difference() -> None:
    estimate = share_estimate(shares([0] * 3), shares([0] * 4), is_paired=False)
    assert (estimate.value, estimate.p) == (0, 1)
