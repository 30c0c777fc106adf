from dataclasses import dataclass, field

import pytest

from loadtest.metrics.catalogue.declaration import (
    LATENCY_KEYS,
    Better,
    Block,
    count,
    latency,
    level,
    ratio,
)
from loadtest.metrics.catalogue.values import block_values, latency_values, ratio_value
from loadtest.metrics.figures.histogram import Histogram


def histogram(*values_us: int) -> Histogram:
    made = Histogram()
    made.record_all(values_us)
    return made


@dataclass
class Inner:
    negative: int = 3


@dataclass
class Counts:
    planned: int = 3
    failed: dict[str, int] = field(default_factory=lambda: {"refused": 1, "late": 1})
    inner: Inner = field(default_factory=Inner)
    took: Histogram = field(default_factory=Histogram)
    highest: float | None = None


BLOCK = Block(
    "block.<event>",
    (
        count("all", "actions", "all of them", source="planned"),
        count("errors", "actions", "those that failed", source="failed"),
        ratio("error_ratio", "errors", ("all",), "failed of all", Better.LOWER),
        count("negative", "actions", "below 0", source="inner.negative"),
        latency("took", "how long"),
        level("highest", "ms", "the highest"),
    ),
)


def test_a_block_has_the_keys_of_its_declarations_in_their_order() -> None:
    assert block_values(BLOCK, Counts()) == {
        "all": 3,
        "errors": 2,
        "error_ratio": 0.666667,
        "negative": 3,
        "took": {"count": 0, **dict.fromkeys(LATENCY_KEYS[1:])},
        "highest": None,
    }
    assert list(block_values(BLOCK, Counts())) == [each.name for each in BLOCK.figures]


def test_counts_may_come_as_a_mapping() -> None:
    block = Block("b", (count("a", "n", "a"), level("b", "n", "b")))

    assert block_values(block, {"a": 1, "b": None, "c": 2}) == {"a": 1, "b": None}


def test_a_distribution_without_a_name_stands_in_the_block_itself() -> None:
    block = Block("b", (latency("", "how long", source="took"), count("more", "n", "more")))

    made = block_values(block, {"took": histogram(1500), "more": 4})
    assert made["p50_ms"] == 1.5
    assert made["more"] == 4


def test_times_are_milliseconds_with_three_decimals() -> None:
    figures = latency_values(histogram(1234, 2_000_000))

    assert figures["count"] == 2
    assert (figures["min_ms"], figures["mean_ms"], figures["max_ms"]) == (1.234, 1000.617, 2000.0)
    assert set(figures) == set(LATENCY_KEYS)


def test_samples_outside_the_range_are_told() -> None:
    figures = latency_values(histogram(0, -5, 700_000_000))

    assert (figures["below_range"], figures["above_range"], figures["negative"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("part", "whole", "better", "value"),
    [
        pytest.param(1, 0, Better.HIGHER, None, id="no share of nothing"),
        pytest.param(3, 3, Better.HIGHER, 1.0, id="all"),
        pytest.param(9_999_999, 10_000_000, Better.HIGHER, 0.999999, id="never up to all"),
        pytest.param(1, 10_000_000, Better.LOWER, 1e-06, id="never down to none"),
        pytest.param(0, 10_000_000, Better.LOWER, 0.0, id="none"),
    ],
)
def test_a_ratio_is_rounded_to_its_worse_side(
    part: int, whole: int, better: Better, value: float | None
) -> None:
    assert ratio_value(part, whole, better) == value


def test_what_never_came_is_later_than_all_that_did() -> None:
    figures = latency_values(histogram(*[1000] * 30), never=70)

    assert (figures["count"], figures["never"], figures["min_ms"]) == (100, 70, 1.0)
    assert {figures[key] for key in ("mean_ms", "p50_ms", "p99_ms", "max_ms")} == {"never"}
    assert latency_values(histogram(*[1000] * 60), never=40)["p50_ms"] == 1.0


def test_where_nothing_came_everything_is_never() -> None:
    figures = latency_values(Histogram(), never=3)

    assert {figures[key] for key in LATENCY_KEYS[1:]} == {"never"}
