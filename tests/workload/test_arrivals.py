from collections.abc import Callable
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.workload.arrivals import (
    Arrivals,
    Bursts,
    Curve,
    Even,
    Poisson,
    arrivals_from_setting,
    setting_from_arrivals,
)
from loadtest.workload.randomness import RandomStream

EXAMPLES = [
    Poisson(5.0),
    Even(5.0),
    Bursts(size=5, every_s=1.0),
    Curve(((0.0, 2.0), (50.0, 8.0), (100.0, 5.0))),
    Curve(((0.0, 0.0), (5.0, 10.0), (10.0, 5.0)), period_s=12.0),
]


def offsets_before(arrivals: Arrivals, seconds: float, key: str = "offsets") -> list[int]:
    offsets = arrivals.offsets_ns(RandomStream(key))
    return list(takewhile(lambda offset_ns: offset_ns < seconds * NS_PER_S, offsets))


@pytest.mark.parametrize("arrivals", EXAMPLES, ids=repr)
def test_offsets_come_in_order_and_as_often_as_expected(arrivals: Arrivals) -> None:
    offsets = offsets_before(arrivals, 400)

    assert all(earlier <= later for earlier, later in pairwise(offsets))
    assert len(offsets) == pytest.approx(arrivals.expected_count(0, 400), rel=0.06)


@pytest.mark.parametrize("arrivals", EXAMPLES, ids=repr)
def test_scaling_scales_the_rate_everywhere(arrivals: Arrivals) -> None:
    tripled = arrivals.scaled(3)

    for at_s in (0.0, 3.0, 30.0, 77.0, 500.0):
        assert tripled.rate_at(at_s) == pytest.approx(3 * arrivals.rate_at(at_s))
    assert tripled.expected_count(3, 60) == pytest.approx(3 * arrivals.expected_count(3, 60))


@pytest.mark.parametrize("arrivals", EXAMPLES, ids=repr)
def test_the_expected_count_is_the_integral_of_the_rate(arrivals: Arrivals) -> None:
    step_s = 0.01
    summed = sum(arrivals.rate_at((number + 0.5) * step_s) * step_s for number in range(3_700))

    assert arrivals.expected_count(0, 37) == pytest.approx(summed, rel=1e-3)


def test_poisson_gaps_vary_as_much_as_their_mean() -> None:
    offsets = offsets_before(Poisson(100.0), 100)
    gaps = [(later - earlier) / NS_PER_S for earlier, later in pairwise(offsets)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5

    assert deviation / mean == pytest.approx(1, abs=0.05)


def test_an_even_grid_does_not_drift_in_a_million_arrivals() -> None:
    """3 per second is no whole number of nanoseconds: added gaps would be off by 0.3 ms."""
    offsets = Even(3.0, phase_ratio=0.0).offsets_ns(RandomStream())
    last = next(islice(offsets, 999_999, None))

    assert last == round(999_999 * NS_PER_S / 3)


def test_even_streams_are_out_of_step_unless_told() -> None:
    firsts = {next(Even(1.0).offsets_ns(RandomStream(n))) for n in range(50)}

    assert len(firsts) == 50
    assert next(Even(1.0, phase_ratio=0.25).offsets_ns(RandomStream())) == NS_PER_S // 4


def test_a_burst_arrives_at_one_instant() -> None:
    offsets = list(islice(Bursts(3, 2.0, phase_ratio=0.5).offsets_ns(RandomStream()), 7))

    assert offsets == [NS_PER_S] * 3 + [3 * NS_PER_S] * 3 + [5 * NS_PER_S]


def test_a_curve_is_steep_where_its_table_is() -> None:
    offsets = offsets_before(Curve(((0.0, 0.0), (100.0, 20.0))), 100)
    first_half = sum(offset_ns < 50 * NS_PER_S for offset_ns in offsets)

    assert first_half / len(offsets) == pytest.approx(0.25, abs=0.04)


def test_nothing_arrives_while_the_rate_is_zero() -> None:
    curve = Curve(((0.0, 5.0), (10.0, 0.0), (20.0, 0.0), (30.0, 5.0)))

    assert not [at for at in offsets_before(curve, 60) if 10 * NS_PER_S < at < 20 * NS_PER_S]


def test_a_curve_that_falls_to_zero_ends() -> None:
    offsets = list(Curve(((0.0, 5.0), (10.0, 0.0))).offsets_ns(RandomStream("end")))

    assert offsets
    assert max(offsets) <= 10 * NS_PER_S


def test_a_period_repeats_the_curve() -> None:
    day = Curve(((0.0, 1.0), (10.0, 9.0)), period_s=20.0)

    assert day.rate_at(5.0) == day.rate_at(105.0) == 5.0
    assert day.rate_at(15.0) == 9.0
    assert day.expected_count(0, 20) == day.expected_count(60, 80) == 140.0


@given(
    st.lists(st.floats(0, 50), min_size=1, max_size=6).filter(lambda rates: max(rates) > 0.1),
    st.booleans(),
)
def test_any_curve_yields_ordered_offsets(rates: list[float], repeats: bool) -> None:
    points = tuple((float(number), rate) for number, rate in enumerate(rates))
    curve = Curve(points, period_s=float(len(rates)) if repeats else None)
    offsets = list(islice(curve.offsets_ns(RandomStream("any")), 200))

    assert all(0 <= earlier <= later for earlier, later in pairwise(offsets))


@pytest.mark.parametrize(
    "setting",
    [
        "poisson",
        "even",
        {"kind": "even", "phase_ratio": 0.5},
        {"kind": "bursts", "size": 4},
        {"kind": "curve", "points": [[0.0, 1.0], [60.0, 3.0]], "period_s": 90.0},
    ],
    ids=str,
)
def test_a_setting_written_back_reads_the_same(setting: object) -> None:
    arrivals = arrivals_from_setting(setting)

    assert arrivals_from_setting(setting_from_arrivals(arrivals)) == arrivals


def test_settings_have_rate_one_so_that_they_can_be_scaled() -> None:
    assert arrivals_from_setting("poisson").rate_at(0) == 1
    assert arrivals_from_setting("even").rate_at(0) == 1
    assert arrivals_from_setting({"kind": "bursts", "size": 7}).rate_at(0) == 1


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        pytest.param(3, "value is 3; it must be a kind or a table", id="number"),
        pytest.param("evn", "kind is 'evn'; it must be one of poisson", id="unknown kind"),
        pytest.param({"kind": "even", "phase": 0}, "did you mean phase_ratio?", id="near"),
        pytest.param({"kind": "even", "phase_ratio": 1}, "phase_ratio is 1", id="phase"),
        pytest.param({"kind": "even", "phase_ratio": "x"}, "must be a number", id="type"),
        pytest.param({"kind": "bursts"}, "size is missing; bursts needs it", id="missing"),
        pytest.param({"kind": "bursts", "size": 0}, "size is 0", id="size"),
        pytest.param({"kind": "curve", "points": 3}, "points is 3", id="no list"),
        pytest.param({"kind": "curve", "points": [[0]]}, "each must be [seconds", id="pair"),
        pytest.param({"kind": "curve", "points": [[1, 1]]}, "at 0 seconds", id="start"),
        pytest.param({"kind": "curve", "points": [[0, 1], [0, 2]]}, "order of time", id="order"),
        pytest.param({"kind": "curve", "points": [[0, -1], [1, 1]]}, "below 0", id="negative"),
        pytest.param({"kind": "curve", "points": [[0, 0]]}, "no rate above 0", id="all zero"),
        pytest.param(
            {"kind": "curve", "points": [[0, 1], [9, 1]], "period_s": 5},
            "period_s is 5; the last point is later",
            id="period",
        ),
        pytest.param(
            {"kind": "curve", "points": [[0, 1]], "period_s": 0}, "period_s is 0", id="no period"
        ),
    ],
)
def test_wrong_settings_are_named(setting: object, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        arrivals_from_setting(setting)

    assert problem in str(caught.value)


@pytest.mark.parametrize("make", [lambda: Poisson(0), lambda: Even(-1), lambda: Bursts(1, 0)])
def test_rates_must_be_above_zero(make: Callable[[], Arrivals]) -> None:
    with pytest.raises(UsageError, match="must be above 0"):
        make()
