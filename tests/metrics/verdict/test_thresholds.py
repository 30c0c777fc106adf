from typing import Any

import pytest

from loadtest.metrics.catalogue.values import latency_values
from loadtest.metrics.figures.histogram import Histogram
from loadtest.metrics.verdict.grammar import parse
from loadtest.metrics.verdict.intervals import Distribution
from loadtest.metrics.verdict.thresholds import evaluate, samples_needed

SUMMARY: dict[str, Any] = {
    "ledger": {
        "channel.message.created": {
            **{"expected": 1000, "delivered": 999, "lost": 1},
            "delivery_ratio": 0.999,
        }
    },
    "latency": {"channel.message.created": {"count": 5000, "p99_ms": 12.5, "max_ms": 80.0}},
    "notifications": {
        **{"expected": 0, "delivered": 0, "missed": 0, "spurious": 0, "late": 0},
        "latency": {"count": 0},
    },
    "actions": {"read": {"completed": 4, "errors": 0, "dropped": 0}},
    "completion": {"all": {"last": {"count": 3}, "incomplete": 0}},
}


@pytest.mark.parametrize(
    ("expression", "value", "held"),
    [
        ("latency.channel.message.created.p99_ms < 250", 12.5, True),
        ("latency.channel.message.created.p99_ms<12.5", 12.5, False),
        ("latency.channel.message.created.p99_ms <= 12.5", 12.5, True),
        ("latency.channel.message.created.max_ms > 1e2", 80.0, False),
        ("ledger.channel.message.created.lost == 0", 1, False),
        ("ledger.channel.message.created.lost != 0", 1, True),
        ("ratio(ledger.channel.message.created) >= 0.999", 0.999, True),
        (" ratio( ledger.channel.message.created ) > .9991 ", 0.999, False),
        ("notifications.expected == 0", 0, True),
        ("notifications.spurious == 0", 0, True),
        ("notifications.latency.count < 1", 0, True),
        ("actions.read.errors == 0", 0, True),
        ("actions.read.dropped < 1", 0, True),
        ("completion.all.incomplete < 1", 0, True),
    ],
)
def test_a_threshold_holds_or_breaks(expression: str, value: float, held: bool) -> None:
    result = evaluate(parse(expression), SUMMARY)

    assert (result.value, result.held) == (value, held)


@pytest.mark.parametrize(
    ("expression", "samples"),
    [
        pytest.param("ratio(notifications) >= 1", 0, id="a ratio of nothing"),
        pytest.param("notifications.latency.p99_ms < 5", 0, id="a percentile of nothing"),
        pytest.param("actions.edit.p99_ms < 5", 0, id="an action that never was"),
        pytest.param("actions.edit.errors == 0", 0, id="no error of an action that never was"),
        pytest.param("completion.1.incomplete == 0", 0, id="no loss in a size that never was"),
        pytest.param("notifications.missed == 0", 0, id="nothing missed of nothing"),
        pytest.param("notifications.late < 3", 0, id="nothing late of nothing"),
        pytest.param(
            "latency.channel.message.created.p999_ms < 5", 5000, id="a percentile of too few"
        ),
    ],
)
def test_too_few_samples_decide_nothing(expression: str, samples: int) -> None:
    result = evaluate(parse(expression), SUMMARY)

    assert result.held is None
    assert result.samples == samples


def test_what_breaks_a_threshold_breaks_it_without_samples_too() -> None:
    """An amount that had to come and did not is no want of samples."""
    result = evaluate(parse("notifications.delivered > 10"), SUMMARY)

    assert (result.value, result.held, result.samples) == (0, False, 0)


@pytest.mark.parametrize(
    ("figure", "needed"), [("p50_ms", 20), ("p95_ms", 200), ("p99_ms", 1000), ("p999_ms", 10_000)]
)
def test_a_percentile_needs_ten_samples_beyond_it(figure: str, needed: int) -> None:
    assert samples_needed(f"latency.channel.message.created.{figure}") == needed
    assert samples_needed("ledger.channel.message.created.lost") == 0


def test_a_result_is_an_entry_of_the_summary() -> None:
    result = evaluate(parse("ledger.channel.message.created.lost == 0"), SUMMARY)

    assert result.to_dict() == {
        "expression": "ledger.channel.message.created.lost == 0",
        "figure": "ledger.channel.message.created.lost",
        "limit": 0.0,
        "value": 1,
        "held": False,
        "samples": 1000,
        "interval": None,
        "consequence": "fail",
    }


def uniform(count: int, never: int = 0) -> Distribution:
    """Return 1, 2, 3 … milliseconds."""
    histogram = Histogram()
    histogram.record_all(each * 1000 for each in range(1, count + 1))
    return Distribution(histogram, never)


def summary_of(distribution: Distribution) -> dict[str, Any]:
    figures = latency_values(distribution.histogram, distribution.never)
    return {"latency": {"channel.message.created": figures}}


@pytest.mark.parametrize(
    ("limit", "held"),
    [
        pytest.param("2000ms", True, id="far above"),
        pytest.param("1985ms", None, id="above, and within what 2,000 samples leave open"),
        pytest.param("1975ms", None, id="below, and within it"),
        pytest.param("1900ms", False, id="far below"),
    ],
)
def test_a_limit_within_the_uncertainty_of_a_percentile_decides_nothing(
    limit: str, held: bool | None
) -> None:
    """The p99 of 1 to 2,000 ms is 1,980 ms, and lies between 1,971 and 1,990 ms."""
    distribution = uniform(2000)
    result = evaluate(parse(f"fanout.p99 < {limit}"), summary_of(distribution), distribution)

    assert result.held is held
    assert result.has_enough
    assert result.is_near is (held is None)


def test_never_is_later_than_every_limit() -> None:
    distribution = uniform(1000, never=1000)
    result = evaluate(parse("fanout.p99 < 60min"), summary_of(distribution), distribution)

    assert result.held is False
    assert result.to_dict()["value"] == "never"
    assert result.to_dict()["interval"] == ["never", "never"]
