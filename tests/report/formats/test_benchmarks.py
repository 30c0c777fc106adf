from typing import Any

import pytest

from loadtest.metrics.catalogue.lookup import figure_named
from loadtest.report.formats.benchmarks import (
    FOLLOWED,
    bencher,
    benchmarks_bigger,
    benchmarks_smaller,
)
from tests.support.summaries import failed_summary, passing_summary, stopped_summary


@pytest.mark.parametrize("name", FOLLOWED)
def test_every_figure_that_is_followed_is_declared(name: str) -> None:
    assert figure_named(name) is not None


def by_name(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["name"]: entry for entry in entries}


def test_less_is_better_for_latencies_and_losses() -> None:
    found = by_name(benchmarks_smaller(failed_summary()))

    assert found["smoke/fanout.p99"] == {
        "name": "smoke/fanout.p99",
        "unit": "ms",
        "value": 15.99,
        "extra": "run 20261122T191500Z-smoke-3f9a, FAIL",
    }
    assert found["smoke/delivery.message.lost"]["value"] == round(100 * 27 / 41_873, 6)
    assert found["smoke/notifications.missed"]["unit"] == "%"


def test_more_is_better_for_throughput_and_delivery() -> None:
    found = by_name(benchmarks_bigger(passing_summary()))

    assert found["smoke/delivery.message"]["value"] == round(41_873 / 20.013, 3)
    assert found["smoke/delivery.message.ratio"]["value"] == 100
    assert found["smoke/notifications.ratio"]["unit"] == "%"


def test_bencher_gets_nanoseconds() -> None:
    found = bencher(passing_summary())

    assert found["smoke/fanout.p50"] == {"latency": {"value": 1_930_000}}
    assert set(found["smoke/delivery.message"]) == {"throughput"}
    for measures in found.values():
        for metric in measures.values():
            assert set(metric) == {"value"}


def test_what_was_not_measured_is_left_out() -> None:
    assert benchmarks_smaller(stopped_summary()) == []
    assert benchmarks_bigger({}) == []
    assert bencher({}) == {}
