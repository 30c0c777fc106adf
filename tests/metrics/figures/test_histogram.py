import math

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from loadtest.metrics.figures.histogram import HIGHEST_US, Histogram, bucket_index, bucket_range_us

VALUES = st.one_of(
    st.integers(1, 3000), st.integers(1, HIGHEST_US), st.sampled_from([2047, 2048, 4095, 4096])
)
ANY_VALUES = st.one_of(VALUES, st.integers(-(10**9), 10**10))


def histogram_of(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values)
    return histogram


def hdr_of(values: list[int]) -> HdrHistogram:
    hdr = HdrHistogram(1, HIGHEST_US, 3)
    for value in values:
        assert hdr.record_value(value)
    return hdr


@given(VALUES)
def test_a_bucket_is_the_one_of_hdrhistogram(value: int) -> None:
    hdr = hdr_of([value])

    assert hdr.counts[bucket_index(value)] == 1
    assert bucket_range_us(bucket_index(value)) == (
        hdr.get_lowest_equivalent_value(value),
        hdr.get_highest_equivalent_value(value),
    )


@given(VALUES)
def test_a_bucket_is_narrower_than_a_thousandth_of_its_values(value: int) -> None:
    lowest, highest = bucket_range_us(bucket_index(value))

    assert lowest <= value <= highest
    assert highest - lowest <= value / 1000


@given(st.lists(VALUES, min_size=1, max_size=60), st.sampled_from([1, 50, 90, 95, 99, 99.9]))
def test_a_percentile_is_that_of_hdrhistogram_at_the_rank_rounded_up(
    values: list[int], percentile: float
) -> None:
    """The Python port rounds the rank to the nearest: one rank up it says the same."""
    rank = max(1, math.ceil(round(percentile * len(values) / 100, 9)))
    hdr = hdr_of(values)
    at_rank = hdr.get_value_at_percentile(100 * rank / len(values))

    found = histogram_of(values).percentile_us(percentile)

    assert found == min(at_rank, max(values))
    assert found >= min(hdr.get_value_at_percentile(percentile), max(values))


@given(st.lists(VALUES, min_size=1, max_size=60), st.floats(0, 100))
def test_a_percentile_is_within_a_thousandth_of_the_exact_one(
    values: list[int], percentile: float
) -> None:
    exact = sorted(values)[max(1, math.ceil(percentile / 100 * len(values) - 1e-9)) - 1]

    found = histogram_of(values).percentile_us(percentile)

    assert found is not None
    assert exact <= found <= exact * 1.001 + 1
    assert found <= max(values)


@given(st.lists(ANY_VALUES, min_size=1))
def test_count_sum_and_extremes_are_exact_and_nothing_is_dropped(values: list[int]) -> None:
    histogram = histogram_of(values)

    inside = [value for value in values if 1 <= value <= HIGHEST_US]
    assert histogram.count == len(values)
    assert histogram.sum_us == sum(values)
    assert (histogram.min_us, histogram.max_us) == (min(values), max(values))
    assert histogram.percentile_us(100) == max(values)
    assert sum(histogram.counts.values()) == len(inside)
    assert histogram.too_low_count == sum(value < 1 for value in values)
    assert histogram.too_high_count == sum(value > HIGHEST_US for value in values)
    assert histogram.negative_count == sum(value < 0 for value in values)


@given(st.lists(ANY_VALUES), st.lists(ANY_VALUES))
def test_merging_is_recording_everything_into_one(some: list[int], others: list[int]) -> None:
    merged = histogram_of(some)
    merged.merge(histogram_of(others))

    assert merged == histogram_of(some + others)


@given(st.lists(ANY_VALUES))
def test_the_plain_form_gives_the_same_histogram_back(values: list[int]) -> None:
    histogram = histogram_of(values)

    assert Histogram.from_plain(histogram.to_plain()) == histogram


def test_values_outside_the_range_take_part_in_percentiles() -> None:
    histogram = histogram_of([-5, 0, 10, 10**9])

    assert histogram.percentile_us(50) == 0
    assert histogram.percentile_us(75) == 10
    assert histogram.percentile_us(99) == 10**9


def test_an_empty_histogram_has_no_figures() -> None:
    histogram = Histogram()

    assert histogram.percentile_us(50) is None
    assert histogram.mean_us is None


def test_nanoseconds_are_cut_to_whole_microseconds() -> None:
    histogram = Histogram()
    histogram.record_ns(2_999)

    assert histogram.max_us == 2


def test_a_copy_changes_on_its_own() -> None:
    histogram = histogram_of([1, 2])
    twin = histogram.copy()
    twin.record_all([3])

    assert histogram == histogram_of([1, 2])
    assert twin == histogram_of([1, 2, 3])


@pytest.mark.parametrize(
    ("percentile", "expected_us"),
    [
        pytest.param(0, 1, id="the lowest rank at 0"),
        pytest.param(99, 99, id="the 99th of 100 at 99"),
        pytest.param(99.1, 100, id="the rank above as soon as 99 do not suffice"),
    ],
)
def test_the_rank_of_a_percentile_is_rounded_up(percentile: float, expected_us: int) -> None:
    assert histogram_of(list(range(1, 101))).percentile_us(percentile) == expected_us


def test_what_is_left_without_a_part_is_as_if_it_had_never_been_counted() -> None:
    ours, theirs = [700, 5_000, 800_000], [3, 900_000, 700]
    whole, part, rest = Histogram(), Histogram(), Histogram()
    whole.record_all(ours + theirs)
    part.record_all(theirs)
    rest.record_all(ours)
    left = whole.without(part)

    assert (left.count, left.mean_us, left.counts) == (rest.count, rest.mean_us, rest.counts)
    assert left.percentile_us(50) == rest.percentile_us(50) == 5_003
    assert left.min_us == 700
    assert left.max_us == pytest.approx(800_000, rel=0.001)


def test_nothing_is_left_without_all() -> None:
    whole = Histogram()
    whole.record_all([1, 2, 700_000_000])

    assert whole.without(whole) == Histogram()
    assert whole.without(Histogram()) == whole


def test_values_outside_the_range_can_be_taken_out_too() -> None:
    whole, part, rest = Histogram(), Histogram(), Histogram()
    whole.record_all([-5, 0, 10, 700_000_000])
    part.record_all([-5, 10])
    rest.record_all([0, 700_000_000])
    left = whole.without(part)

    assert (left.too_low_count, left.too_high_count, left.negative_count) == (1, 1, 0)
    assert left.max_us == rest.max_us
