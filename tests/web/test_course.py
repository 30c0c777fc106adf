"""The course of a run: bounded, thinned evenly, and nothing of it dropped."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.metrics import Histogram
from loadtest.web.course import Course, Point, timing


def second(number: int, value_us: int = 1_000) -> Point:
    histogram = Histogram()
    histogram.record_all([value_us, value_us + 1])
    return Point(
        number,
        number + 1,
        counts={"deliveries": number},
        gauges={"devices": number},
        peaks={"cpu_ratio": number % 10},
        histograms={"latency": histogram},
    )


def course_of(seconds: int, most_points: int = 50) -> Course:
    course = Course(most_points)
    for number in range(seconds):
        course.add(second(number))
    return course


@pytest.mark.parametrize("seconds", [1, 49, 50, 51, 99, 100, 101, 350, 2_000])
def test_however_long_a_run_is_its_course_is_bounded_and_whole(seconds: int) -> None:
    course = course_of(seconds)
    points = list(course.points())

    assert len(course) <= 51
    assert len(course) >= min(seconds, 24), "and it is not thinned more than it must be"
    assert (points[0].from_s, points[-1].to_s) == (0, seconds)
    assert all(a.to_s == b.from_s for a, b in itertools.pairwise(points))
    assert sum(point.counts["deliveries"] for point in points) == sum(range(seconds))
    assert sum(point.histograms["latency"].count for point in points) == 2 * seconds
    assert max(point.span_s for point in points) <= course.step_s


def test_a_point_holds_the_sums_the_peaks_and_the_end_of_its_stretch() -> None:
    both = second(8, 1_000).then(second(9, 5_000))

    assert (both.from_s, both.to_s, both.counts) == (8, 10, {"deliveries": 17})
    assert (both.gauges, both.peaks) == ({"devices": 9}, {"cpu_ratio": 9})
    assert both.histograms["latency"].max_us == 5_001


def test_a_row_gives_rates_and_percentiles() -> None:
    row = second(8, 1_000).then(second(9, 3_000)).row()

    assert row["deliveries_per_s"] == 8.5
    assert row["timings"] == {"latency": [4, 1.001, 3.001, 3.001, 3.001]}
    assert (row["devices"], row["cpu_ratio"]) == (9, 9)


def test_only_what_is_new_is_told() -> None:
    course = course_of(10)

    assert [row["to_s"] for row in course.rows(since_s=7)] == [8, 9, 10]
    assert course.end_s == 10
    assert Course().rows() == []


@given(st.lists(st.integers(-5, 700_000_000), max_size=60))
def test_percentiles_in_one_pass_are_the_histogram_s_own(values: list[int]) -> None:
    random.Random(1).shuffle(values)
    histogram = Histogram()
    histogram.record_all(values)
    expected = [histogram.percentile_us(percent) for percent in (50, 95, 99, 100)]
    if values:
        expected[3] = max(values)

    assert timing(histogram) == [
        len(values),
        *(None if value is None else round(value / 1000, 3) for value in expected),
    ]
