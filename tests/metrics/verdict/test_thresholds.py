from typing import Any

import pytest

from loadtest.errors import UsageError
from loadtest.metrics.verdict.thresholds import parse, samples_needed

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
    result = parse(expression).evaluate(SUMMARY)

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
    result = parse(expression).evaluate(SUMMARY)

    assert result.held is None
    assert result.samples == samples


def test_what_breaks_a_threshold_breaks_it_without_samples_too() -> None:
    """An amount that had to come and did not is no want of samples."""
    result = parse("notifications.delivered > 10").evaluate(SUMMARY)

    assert (result.value, result.held, result.samples) == (0, False, 0)


@pytest.mark.parametrize(
    ("figure", "needed"), [("p50_ms", 20), ("p95_ms", 200), ("p99_ms", 1000), ("p999_ms", 10_000)]
)
def test_a_percentile_needs_ten_samples_beyond_it(figure: str, needed: int) -> None:
    assert samples_needed(f"latency.channel.message.created.{figure}") == needed
    assert samples_needed("ledger.channel.message.created.lost") == 0


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "cannot be read"),
        ("latency.p99_ms", "cannot be read"),
        ("notifications.missed = 0", "cannot be read"),
        ("notifications.missed == none", "compares with 'none', not a number"),
        ("notifications.missed < nan", "compares with 'nan', not a number"),
        ("notifications.mised == 0", "did you mean notifications.missed"),
        (
            "ratio(ledger.channel.message.create) > 0",
            "did you mean ledger.channel.message.created.delivery_ratio",
        ),
        ("generator.speed > 1", "generator has: clock_uncertainty_ms, cpu_ratio_peak"),
        ("speed > 1", "figures begin with one of: action, actions, activation, by_device_class"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_the_run(expression: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(expression)

    assert problem in str(raised.value)
    assert "threshold" in str(raised.value)


def test_a_result_is_an_entry_of_the_summary() -> None:
    result = parse("ledger.channel.message.created.lost == 0").evaluate(SUMMARY)

    assert result.to_dict() == {
        "expression": "ledger.channel.message.created.lost == 0",
        "value": 1,
        "held": False,
        "samples": 1000,
    }
