from typing import Any

import pytest

from loadtest.metrics.verdict.grammar import parse
from loadtest.metrics.verdict.thresholds import evaluate
from loadtest.metrics.verdict.warnings import warnings_of


def summary(share: float | None) -> dict[str, Any]:
    return {
        "ledger": {"channel.message.created": {"judged_share": share, "lost": 0, "expected": 9}},
        "notifications": {"judged_share": 0.2, "missed": 0, "expected": 4},
        "load": {"users": 3},
    }


def warned(expression: str, share: float | None = 0.9) -> list[tuple[str, Any]]:
    result = evaluate(parse(expression), summary(share))
    return [(each.figure, each.value) for each in warnings_of(summary(share), [result])]


@pytest.mark.parametrize(
    ("expression", "warnings"),
    [
        ("delivery.message.lost == 0", [("ledger.channel.message.created.judged_share", 0.9)]),
        ("fanout.p99 < 200", [("ledger.channel.message.created.judged_share", 0.9)]),
        ("fanout.last.p99 < 200", [("ledger.channel.message.created.judged_share", 0.9)]),
        ("notifications.missed == 0", [("notifications.judged_share", 0.2)]),
        ("load.users > 1", []),
    ],
)
def test_a_threshold_is_warned_of_by_the_share_of_its_own_figure(
    expression: str, warnings: list[tuple[str, float]]
) -> None:
    assert warned(expression) == warnings


@pytest.mark.parametrize("share", [0.95, 1.0, None])
def test_enough_is_enough_and_nothing_is_no_warning(share: float | None) -> None:
    assert warned("delivery.message.lost == 0", share) == []


def test_a_share_is_told_once() -> None:
    thresholds = ("delivery.message.lost == 0", "delivery.message.duplicate == 0")
    results = [evaluate(parse(each), summary(0.5)) for each in thresholds]

    assert len(warnings_of(summary(0.5), results)) == 1
