import math
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.errors import UsageError
from loadtest.workload.distributions import (
    Distribution,
    Exponential,
    Fixed,
    LogNormal,
    Uniform,
    WeightedTable,
    Zipf,
    distribution_from_setting,
    setting_from_distribution,
)
from loadtest.workload.randomness import RandomStream

EXAMPLES = [
    Fixed(3),
    Uniform(2, 6),
    Exponential(4.0),
    LogNormal(3.0, 0.6),
    WeightedTable((1, 5, 9), (2, 1, 1)),
    Zipf(1.2, 2, 50),
]


@pytest.mark.parametrize("distribution", EXAMPLES, ids=lambda each: each.kind)
def test_draws_have_the_expectation_and_keep_the_bounds(distribution: Distribution) -> None:
    rng = RandomStream("draws", distribution.kind)
    draws = [distribution.sample(rng) for _ in range(20_000)]

    assert sum(draws) / len(draws) == pytest.approx(distribution.expectation(), rel=0.03)
    assert distribution.lowest <= min(draws)
    assert max(draws) <= distribution.highest


@pytest.mark.parametrize("distribution", EXAMPLES, ids=lambda each: each.kind)
def test_a_setting_read_back_is_the_same_distribution(distribution: Distribution) -> None:
    assert distribution_from_setting(setting_from_distribution(distribution)) == distribution


def test_a_number_is_always_that_value() -> None:
    assert distribution_from_setting(5) == Fixed(5)
    assert setting_from_distribution(Fixed(5)) == 5


def test_zipf_follows_its_power() -> None:
    rng = RandomStream("zipf")
    counts = Counter(Zipf(1.0, 1, 100).sample(rng) for _ in range(20_000))

    assert counts[1] / counts[2] == pytest.approx(2, rel=0.1)
    assert counts[1] / counts[4] == pytest.approx(4, rel=0.15)


def test_half_of_a_lognormal_lies_below_its_median() -> None:
    rng = RandomStream("median")
    below = sum(LogNormal(7.0, 1.0).sample(rng) < 7.0 for _ in range(10_000))

    assert below / 10_000 == pytest.approx(0.5, abs=0.02)


def test_values_of_weight_zero_do_not_count_for_the_bounds() -> None:
    table = WeightedTable((1, 2, 3), (0, 1, 0))

    assert (table.lowest, table.highest) == (2, 2)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(lambda: Fixed(math.nan), "value is nan", id="not a number"),
        pytest.param(lambda: Uniform(3, 1), "high is 1; it must be at least low (3)", id="order"),
        pytest.param(lambda: Exponential(-1), "mean is -1; it must be above 0", id="sign"),
        pytest.param(lambda: LogNormal(1, 9), "sigma is 9", id="sigma too large"),
        pytest.param(lambda: WeightedTable((), ()), "values is empty", id="empty table"),
        pytest.param(
            lambda: WeightedTable((1,), (1, 2)), "weights has 2 numbers", id="lengths differ"
        ),
        pytest.param(
            lambda: WeightedTable((1,), (0,)), "their sum must be above 0", id="no weight"
        ),
        pytest.param(lambda: Zipf(1, 0, 10), "low is 0; it must be at least 1", id="zipf from 0"),
        pytest.param(lambda: Zipf(1, 1, 10**9), "high is 1000000000", id="zipf too large"),
    ],
)
def test_impossible_parameters_are_refused(make: Callable[[], Distribution], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        pytest.param("5", "value is '5'; it must be a number or a table", id="text"),
        pytest.param(True, "value is True", id="boolean"),
        pytest.param({"mean": 1}, "kind is None; it must be one of exponential", id="no kind"),
        pytest.param({"kind": "gauss"}, "kind is 'gauss'", id="unknown kind"),
        pytest.param(
            {"kind": "lognormal", "median": 1, "sigm": 1},
            "sigm is not a parameter of lognormal; did you mean sigma?\n"
            "sigma is missing; lognormal needs it",
            id="two problems at once",
        ),
        pytest.param({"kind": "fixed", "value": "x"}, "value is 'x'; it must be a number", id="x"),
        pytest.param(
            {"kind": "zipf", "exponent": 1, "low": 1.5, "high": 3},
            "low is 1.5; it must be a whole number",
            id="whole numbers",
        ),
        pytest.param(
            {"kind": "table", "values": 3, "weights": ["a"]},
            "values is 3; it must be a list of numbers\n"
            "weights is ['a']; it must be a list of numbers",
            id="lists",
        ),
    ],
)
def test_wrong_settings_are_named(setting: object, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        distribution_from_setting(setting)

    assert problem in str(caught.value)


@given(st.floats(0.01, 1e6), st.floats(0.01, 5))
def test_lognormal_never_draws_zero_or_less(median: float, sigma: float) -> None:
    assert LogNormal(median, sigma).sample(RandomStream("positive", str(median))) > 0
