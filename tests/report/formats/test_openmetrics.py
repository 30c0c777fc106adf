"""Read back by the parser of Prometheus' own client."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from loadtest.report.formats.openmetrics import openmetrics
from tests.support.summaries import (
    built_summary,
    failed_summary,
    passing_summary,
    stopped_summary,
    with_pushes,
    with_slow_devices,
)


def families(summary: dict[str, Any]) -> dict[str, Any]:
    read: Any = text_string_to_metric_families
    return {each.name: each for each in read(openmetrics(summary))}


def value(summary: dict[str, Any], name: str, **labels: str) -> float:
    found = [
        sample.value
        for family in families(summary).values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    (only,) = found
    return float(only)


@pytest.mark.parametrize(
    "summary",
    [
        pytest.param(passing_summary(), id="passing"),
        pytest.param(failed_summary(), id="failed"),
        pytest.param(stopped_summary(), id="stopped"),
        pytest.param(with_pushes(), id="with pushes"),
        pytest.param(with_slow_devices(), id="with slow devices"),
        pytest.param(built_summary(), id="built from figures"),
        pytest.param({}, id="empty"),
    ],
)
def test_it_can_be_read_and_ends_as_it_must(summary: dict[str, Any]) -> None:
    assert "loadtest_verdict" in families(summary)
    assert openmetrics(summary).endswith("\n# EOF\n")


def test_latencies_are_summaries_in_seconds() -> None:
    summary = passing_summary()
    block = summary["latency"]["channel.message.created"]
    labels = {"event": "channel.message.created"}
    family = families(summary)["loadtest_latency_seconds"]

    assert (family.type, family.unit) == ("summary", "seconds")
    p99 = value(summary, "loadtest_latency_seconds", quantile="0.99", **labels)
    assert p99 == pytest.approx(block["p99_ms"] / 1000)
    assert value(summary, "loadtest_latency_seconds_count", **labels) == block["count"]
    total = value(summary, "loadtest_latency_seconds_sum", **labels)
    assert total == pytest.approx(block["count"] * block["mean_ms"] / 1000)


def test_counts_are_exact_however_large() -> None:
    summary = passing_summary()
    summary["ledger"]["channel.message.created"]["expected"] = 123_456_789
    name = "loadtest_ledger_expected_total"

    assert value(summary, name, event="channel.message.created") == 123_456_789


def test_the_verdict_is_one_of_a_set() -> None:
    found = {
        sample.labels["loadtest_verdict"]: sample.value
        for sample in families(failed_summary())["loadtest_verdict"].samples
    }
    assert found == {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 0, "STOPPED": 0}


def test_what_never_came_is_later_than_everything() -> None:
    summary = passing_summary()
    summary["completion"]["all"]["last"]["p99_ms"] = "never"
    name = "loadtest_completion_last_seconds"

    assert value(summary, name, size_class="all", quantile="0.99") == math.inf


def test_what_was_not_measured_is_absent() -> None:
    assert "loadtest_latency_seconds" not in families(stopped_summary())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_text_from_outside_breaks_a_line(text: str) -> None:
    summary = passing_summary()
    summary["profile"]["name"] = text
    (info,) = families(summary)["loadtest_run"].samples

    assert info.labels["profile"] == text.replace("\r", " ")
