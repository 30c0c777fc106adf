import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.workload.randomness import RandomStream, cumulative_weights

DRAWS = 20_000


def test_a_stream_is_the_same_in_every_process_and_version() -> None:
    """Fixed values: a changed generator would silently change every plan."""
    rng = RandomStream(42, "cell", 3)

    assert [rng.bits() for _ in range(3)] == [
        12328118784558222102,
        4193793396088224170,
        18284442443784437479,
    ]
    assert rng.uniform() == pytest.approx(0.9035199081674, abs=1e-15)


def test_splitmix64_gives_the_published_numbers() -> None:
    """Reference values of the published C implementation for the seed 0."""
    rng = RandomStream()
    rng._state = 0

    assert [rng.bits() for _ in range(3)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param((1, 2), (12,), id="parts are not run together"),
        pytest.param((1, "2"), ("1", 2), id="numbers are not texts"),
        pytest.param(("a:str1:b",), ("a", "b"), id="a text cannot imitate two parts"),
        pytest.param((1, "cell", 1), (1, "cell", 2), id="neighbours differ"),
    ],
)
def test_different_keys_are_different_streams(
    one: tuple[int | str, ...], other: tuple[int | str, ...]
) -> None:
    assert RandomStream(*one).bits() != RandomStream(*other).bits()


def test_uniform_fills_its_interval_evenly() -> None:
    """Chi-squared over 64 classes; 63 degrees of freedom, 0.1 % quantile 103.4."""
    rng = RandomStream("uniform")
    counts = Counter(int(rng.uniform() * 64) for _ in range(DRAWS))

    expected = DRAWS / 64
    assert set(counts) == set(range(64))
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 103.4


def test_first_numbers_of_neighbouring_streams_are_independent() -> None:
    """Each user is a stream of its own: their first draws must not be alike."""
    counts = Counter(int(RandomStream(1, "member", n).uniform() * 64) for n in range(DRAWS))

    expected = DRAWS / 64
    assert sum((counts[k] - expected) ** 2 / expected for k in range(64)) < 103.4


def test_below_gives_every_integer_and_no_other() -> None:
    rng = RandomStream("below")

    assert {rng.below(7) for _ in range(1_000)} == set(range(7))
    assert rng.below(1) == 0


def test_exponential_has_its_mean_and_its_share_above_the_mean() -> None:
    rng = RandomStream("exponential")
    draws = [rng.exponential(5.0) for _ in range(DRAWS)]

    assert sum(draws) / DRAWS == pytest.approx(5.0, rel=0.03)
    assert sum(draw > 5.0 for draw in draws) / DRAWS == pytest.approx(math.exp(-1), abs=0.015)


def test_normal_has_mean_zero_and_deviation_one() -> None:
    rng = RandomStream("normal")
    draws = [rng.normal() for _ in range(DRAWS)]

    assert sum(draws) / DRAWS == pytest.approx(0, abs=0.03)
    assert sum(draw * draw for draw in draws) / DRAWS == pytest.approx(1, rel=0.04)


def test_weighted_index_follows_the_weights_and_skips_zero() -> None:
    rng = RandomStream("weights")
    cumulative = cumulative_weights([1, 0, 3])
    counts = Counter(rng.weighted_index(cumulative) for _ in range(DRAWS))

    assert counts[1] == 0
    assert counts[2] / DRAWS == pytest.approx(0.75, abs=0.015)


@given(st.integers(0, 30), st.data())
def test_a_sample_has_so_many_different_items(size: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, size))
    sample = RandomStream(size, count).sampled(range(size), count)

    assert len(set(sample)) == len(sample) == count
    assert set(sample) <= set(range(size))


def test_a_shuffle_moves_every_item_everywhere() -> None:
    rng = RandomStream("shuffle")
    firsts = Counter(rng.shuffled([0, 1, 2])[0] for _ in range(3_000))

    assert all(count == pytest.approx(1_000, rel=0.15) for count in firsts.values())
