"""Against the noncentral t distribution of scipy, and against changes found by simulation."""

import math
from random import Random

import pytest
from scipy import stats

from loadtest.comparison.estimates import paired
from loadtest.comparison.power import POWER, chance_found, replicates_needed, smallest_found

SPREAD_OF_PAIRS = 0.03 * math.sqrt(2)


@pytest.mark.parametrize("replicates", [3, 5, 10, 40])
@pytest.mark.parametrize("change", [0.0, 0.03, 0.1])
def test_without_a_tolerance_the_chance_is_that_of_the_noncentral_t(
    replicates: int, change: float
) -> None:
    freedom = replicates - 1
    away = change / SPREAD_OF_PAIRS * math.sqrt(replicates)
    expected = stats.nct.sf(stats.t.ppf(0.95, freedom), freedom, away)
    found = chance_found(change, spread=SPREAD_OF_PAIRS, replicates=replicates, confidence=0.9)

    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("replicates", "per_cent"), [pytest.param(3, 10.2), pytest.param(5, 5.9), pytest.param(10, 3.7)]
)
def test_a_spread_of_three_per_cent_finds_these_changes(replicates: int, per_cent: float) -> None:
    found = smallest_found(spread=SPREAD_OF_PAIRS, replicates=replicates, confidence=0.9)
    assert 100 * math.expm1(found) == pytest.approx(per_cent, abs=0.06)


def test_a_tolerance_makes_small_changes_harder_to_find() -> None:
    tolerance = math.log1p(0.05)
    found = smallest_found(
        spread=SPREAD_OF_PAIRS, replicates=10, confidence=0.9, tolerance=tolerance
    )
    again = chance_found(
        found, spread=SPREAD_OF_PAIRS, replicates=10, confidence=0.9, tolerance=tolerance
    )

    assert found > tolerance
    assert again == pytest.approx(POWER, abs=1e-6)


def test_the_chance_with_a_tolerance_is_the_one_that_simulation_shows() -> None:
    rng, replicates, change, tolerance = Random(5), 5, 0.07, 0.05
    hits = 0
    for _ in range(4_000):
        zeros = [0.0] * replicates
        drawn = [rng.gauss(change, SPREAD_OF_PAIRS) for _ in range(replicates)]
        estimate = paired(zeros, drawn)
        hits += estimate.value > tolerance and estimate.interval(0.9)[0] > 0
    expected = chance_found(
        change,
        spread=SPREAD_OF_PAIRS,
        replicates=replicates,
        confidence=0.9,
        tolerance=tolerance,
    )

    assert hits / 4_000 == pytest.approx(expected, abs=0.025)


def test_the_number_that_is_needed_is_the_first_that_suffices() -> None:
    change = math.log1p(0.1)
    needed = replicates_needed(change, spread=SPREAD_OF_PAIRS, confidence=0.9)
    assert needed == 4
    for replicates, is_enough in ((3, False), (4, True)):
        chance = chance_found(change, spread=SPREAD_OF_PAIRS, replicates=replicates, confidence=0.9)
        assert (chance >= POWER) is is_enough


def test_no_number_of_replicates_finds_a_change_within_the_tolerance() -> None:
    assert replicates_needed(0.04, spread=0.01, confidence=0.9, tolerance=0.05) is None


def test_without_any_spread_every_change_beyond_the_tolerance_is_found() -> None:
    assert chance_found(0.06, spread=0, replicates=3, confidence=0.9, tolerance=0.05) == 1
    assert chance_found(0.04, spread=0, replicates=3, confidence=0.9, tolerance=0.05) == 0
