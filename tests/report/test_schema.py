import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from loadtest.metrics import Totals
from loadtest.report.figures import Summary
from loadtest.report.schema import SCHEMA_FILE, summary_schema
from loadtest.report.summary import SCHEMA, RunFacts, build_summary
from tests.support.schema import broken_rules
from tests.support.summaries import (
    built_summary,
    failed_summary,
    inconclusive_summary,
    passing_summary,
    with_pushes,
    with_slow_devices,
    with_warnings,
)


def test_the_schema_that_ships_is_made_from_the_declarations() -> None:
    """``python -m loadtest.report.schema loadtest/report/summary.schema.json`` writes it."""
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == summary_schema()


def test_it_is_a_schema_of_this_version() -> None:
    schema = summary_schema()

    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == "urn:chatkitty-loadtest:1"
    assert schema["properties"]["schema"] == {"const": SCHEMA}


@pytest.mark.parametrize(
    "make",
    [
        built_summary,
        passing_summary,
        failed_summary,
        inconclusive_summary,
        with_pushes,
        with_slow_devices,
        with_warnings,
    ],
)
def test_each_summary_keeps_to_it(make: Callable[[], Summary]) -> None:
    assert broken_rules(make()) == []


def test_a_run_in_which_nothing_happened_keeps_to_it() -> None:
    facts = RunFacts(
        run_id="20261122T191500Z-smoke-3f9a",
        host="http://127.0.0.1:1",
        dialect=2,
        is_embedded=False,
        profile={},
        seed=1,
        duration_s=0.0,
        versions={},
        lag_p99_limit_ms=20.0,
    )

    assert broken_rules(build_summary(Totals(), facts)) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"verdict": "GOOD"}, "verdict: 'GOOD' is not one of"),
        ({"schema": "chatkitty-loadtest/2"}, "schema: 'chatkitty-loadtest/1' was expected"),
        ({"duration_s": "20 s"}, "duration_s: '20 s' is not of type 'number'"),
        ({"reasons": [{"code": "x"}]}, "'remedy' is a required property"),
        ({"notifications": {}}, "notifications: 'missed' is a required property"),
        ({"unexpected": {"channel.message.created": 3}}, "3 is not of type 'object'"),
    ],
)
def test_what_breaks_it_is_found(change: dict[str, Any], rule: str) -> None:
    assert any(rule in broken for broken in broken_rules({**passing_summary(), **change}))


def test_a_time_is_a_number_null_or_never() -> None:
    summary = passing_summary()
    summary["completion"]["all"]["last"]["p99_ms"] = "later"
    summary["latency"]["channel.message.created"]["p50_ms"] = "soon"

    assert len(broken_rules(summary)) == 2
