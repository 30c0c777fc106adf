"""``capacity.json``: what is written can be read, and the shipped schema is that of the types."""

import json
from pathlib import Path

import pytest

import loadtest.capacity
from loadtest.capacity.study import decode_study, encode_study, schema_text
from loadtest.errors import UsageError
from tests.support.studies import study

SCHEMA_FILE = Path(loadtest.capacity.__file__).parent / "capacity.schema.json"


def test_a_study_can_be_read_again() -> None:
    assert decode_study(encode_study(study()), "capacity.json") == study()


def test_the_shipped_schema_is_that_of_the_types() -> None:
    """Made anew by: python -m loadtest.capacity.study loadtest/capacity/capacity.schema.json."""
    assert SCHEMA_FILE.read_text() == schema_text()


def test_the_names_that_others_read_are_there() -> None:
    written = json.loads(encode_study(study()))

    assert {
        "schema",
        "study_id",
        "axis",
        "unit",
        "limit",
        "bracket",
        "is_at_least",
    } <= written.keys()
    assert {"first_broken", "stopped_by", "trials", "usl", "sizing"} <= written.keys()
    assert written["limit"].keys() == {"estimate", "low", "high", "level"}
    assert written["bracket"].keys() == {"highest_passed", "lowest_failed"}
    assert {
        "run_id",
        "load",
        "outcome",
        "devices",
        "deliveries_per_s",
        "p99_ms",
        "lost",
        "generator_lag_p99_ms",
        "cpu",
    } <= written["trials"][0].keys()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"{", "x.json: cannot be read", id="no JSON"),
        pytest.param(b'{"schema": "other/2"}', "schema is other/2; this version reads", id="other"),
        pytest.param(
            b'{"schema": "chatkitty-loadtest/capacity/1"}', "missing required field", id="half"
        ),
    ],
)
def test_what_is_no_study_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        decode_study(content, "x.json")
