from typing import Any

import pytest

from loadtest.report.reasons import reasons, threshold_text, value_text

RATIO = "ledger.channel.message.created.delivery_ratio"
LAG = "generator.lag.p99_ms"
P99 = "latency.channel.message.created.p99_ms"


def told(**reason: Any) -> str:
    (text,) = reasons({"reasons": [{"code": "threshold", "remedy": "r", **reason}]})
    return text.text


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ({"figure": P99, "value": 412.0, "limit": "< 200"}, "2.1 times as much"),
        ({"figure": P99, "value": 212.0, "limit": "< 200"}, "limit < 200 ms (6.0 % more)"),
        (
            {"figure": P99, "value": "never", "limit": "< 200"},
            "fanout.p99 is never; limit < ",
        ),
        (
            {
                "figure": "ledger.channel.message.created.delivery_ratio",
                "value": 0.75,
                "limit": ">= 1",
            },
            "delivery.message.ratio is 75.00 %; limit >= 100 %",
        ),
        (
            {"figure": "notifications.missed", "value": 3, "limit": "== 0"},
            "notifications.missed is 3; limit == 0",
        ),
        (
            {
                "code": "generator_lag",
                "figure": LAG,
                "value": 180.2,
                "limit": 20.0,
            },
            "generator.lag.p99 is 180 ms; limit 20.0 ms (9.0 times as much)",
        ),
        (
            {"code": "too_few_samples", "figure": P99, "value": 12, "limit": ">= 1000"},
            "fanout.p99 rests on 12 samples; needed >= 1000",
        ),
        (
            {"code": "too_near", "figure": P99, "value": "190.2 to 230.1", "limit": "< 200"},
            "fanout.p99 is 190.2 to 230.1; limit < 200 ms",
        ),
        ({"code": "not_in_run", "figure": "no spike", "value": None, "limit": None}, "no spike"),
        (
            {"code": "x", "figure": "load.users", "value": None, "limit": 1},
            "load.users: not",
        ),
    ],
)
def test_a_reason_names_its_figure_with_units_and_how_far_it_is(
    reason: dict[str, Any], text: str
) -> None:
    assert text in told(**reason)


def test_a_value_of_no_figure_is_shown_as_it_is() -> None:
    assert value_text("nothing", 3.5) == "3.5"
    assert value_text(P99, None) == "\N{EN DASH}"


def test_a_threshold_is_told_with_its_value_and_how_far_it_is() -> None:
    threshold = {"expression": "fanout.p99 < 200ms", "figure": P99, "value": 500.0, "limit": 200.0}

    assert threshold_text({**threshold, "held": False}) == (
        "fanout.p99 < 200ms: 500 ms (2.5 times as much)"
    )
    assert (
        threshold_text({**threshold, "value": 100.0, "held": True}) == "fanout.p99 < 200ms: 100 ms"
    )
