import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.report.scales import (
    LinearScale,
    LogScale,
    counting_scale,
    decades_scale,
    seconds_scale,
)


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        pytest.param(0, (0, 1), id="nothing counted still makes an axis"),
        pytest.param(10, (0, 2, 4, 6, 8, 10), id="a round number is its own end"),
        pytest.param(2_093, (0, 500, 1000, 1500, 2000, 2500), id="up to the next round step"),
        pytest.param(0.4, (0, 0.1, 0.2, 0.30000000000000004, 0.4), id="below one"),
    ],
)
def test_counts_start_at_zero_and_end_round(highest: float, ticks: tuple[float, ...]) -> None:
    scale = counting_scale(highest)

    assert scale.ticks == pytest.approx(ticks)
    assert scale.high >= highest


@pytest.mark.parametrize(
    ("last_s", "ticks"),
    [
        pytest.param(0, (0, 1), id="a run of no length has an axis of a second"),
        pytest.param(19, (0, 5, 10, 15), id="twenty seconds"),
        pytest.param(60, (0, 10, 20, 30, 40, 50, 60), id="a minute"),
        pytest.param(5_000, (0, 900, 1800, 2700, 3600, 4500), id="over an hour"),
    ],
)
def test_seconds_are_named_at_round_times(last_s: float, ticks: tuple[float, ...]) -> None:
    assert seconds_scale(last_s).ticks == ticks


def test_a_week_is_named_in_days() -> None:
    scale = seconds_scale(7 * 86_400)

    assert scale.ticks[1] == 86_400


def test_a_logarithmic_axis_gives_each_decade_the_same_room() -> None:
    scale = LogScale(1, 100, ())

    assert scale.place(10) == pytest.approx(0.5)
    assert scale.place(0.001) == 0


def test_few_decades_are_named_at_one_two_and_five() -> None:
    assert decades_scale(1.5, 30).ticks == pytest.approx((1, 2, 5, 10, 20, 50))


def test_many_decades_are_named_at_one_only() -> None:
    assert decades_scale(0.2, 10_412).ticks == pytest.approx((1, 10, 100, 1000, 10_000))


def test_one_value_alone_makes_an_axis() -> None:
    scale = decades_scale(5, 5)

    assert scale.low == 5
    assert scale.high == 10


@given(st.floats(0.001, 1e6), st.floats(1, 1e6))
def test_every_value_of_the_range_is_on_the_axis(lowest: float, factor: float) -> None:
    highest = lowest * factor
    logarithmic, linear = decades_scale(lowest, highest), counting_scale(highest)

    for scale in (logarithmic, linear):
        assert -1e-6 <= scale.place(lowest) <= scale.place(highest) <= 1 + 1e-6
        assert all(-1e-6 <= scale.place(tick) <= 1 + 1e-6 for tick in scale.ticks)


def test_a_linear_axis_places_in_proportion() -> None:
    assert LinearScale(0, 8, ()).place(2) == 0.25
