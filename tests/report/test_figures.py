from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.report.figures import (
    MISSING,
    action_label,
    at,
    count_text,
    event_label,
    items,
    listed,
    measured,
    ms_text,
    number,
    plain_text,
    share_text,
    span_text,
    was_measured,
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param(("a", "b"), 1, id="the value at the end of the path"),
        pytest.param(("a", "c"), None, id="nothing where the last key is absent"),
        pytest.param(("x", "b"), None, id="nothing where the first key is absent"),
        pytest.param(("a", "b", "c"), None, id="nothing below a leaf"),
    ],
)
def test_a_path_leads_to(path: tuple[str, ...], found: object) -> None:
    assert at({"a": {"b": 1}}, *path) == found


@pytest.mark.parametrize("value", [None, True, "7", float("nan"), float("inf"), [], {}])
def test_only_finite_numbers_are_numbers(value: Any) -> None:
    assert number(value) is None
    assert count_text(value) == ms_text(value) == span_text(value) == MISSING


def test_counts_keep_their_thousands_apart() -> None:
    assert count_text(1_234_567) == "1,234,567"
    assert count_text(0) == "0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.004, "0.004"),
        (0.234, "0.23"),
        (7.527, "7.53"),
        (12.345, "12.3"),
        (312.4, "312"),
        (10_412.0, "10,412"),
        (-3.2, "-3.20"),
    ],
)
def test_milliseconds_have_three_digits(value: float, text: str) -> None:
    assert ms_text(value) == text


def test_a_span_takes_the_unit_of_its_size() -> None:
    assert span_text(7.41) == "7.41 ms"
    assert span_text(2100) == "2.10 s"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        pytest.param(5, 5, "100 %", id="all of it"),
        pytest.param(0, 5, "0 %", id="none of it"),
        pytest.param(0, 0, MISSING, id="of nothing there is no share"),
        pytest.param(None, 5, MISSING, id="unknown"),
        pytest.param(41_846, 41_873, "99.93 %", id="rounded down"),
        pytest.param(9_999_999, 10_000_000, "99.999990 %", id="one lost of ten million"),
        pytest.param(999_999_999, 10**9, "99.999999 %", id="one lost of a milliard"),
        pytest.param(1, 10**9, "below 0.000001 %", id="hardly any is not none"),
    ],
)
def test_a_share_is_never_flattered(part: int | None, whole: int, text: str) -> None:
    assert share_text(part, whole) == text


@given(st.integers(1, 10**12), st.data())
def test_only_the_whole_is_a_hundred_percent(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))

    assert (share_text(part, whole) == "100 %") is (part == whole)
    assert (share_text(part, whole) == "0 %") is (part == 0)


def test_figures_without_samples_were_not_measured() -> None:
    assert was_measured({"count": 1})
    assert not was_measured({"count": 0, "p50_ms": 0.0})
    assert not was_measured(None)
    assert measured({"count": 0, "p50_ms": 0.0}, "p50_ms") is None
    assert measured({"count": 2, "p50_ms": 1.5}, "p50_ms") == 1.5


def test_names_are_words() -> None:
    assert event_label("channel.participant.active") == "participant entered"
    assert event_label("some.new.event") == "some.new.event"
    assert action_label("chat_session_start") == "chat session start"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, MISSING),
        (True, "true"),
        (False, "false"),
        (1200, "1,200"),
        (0.25, "0.25"),
        (20.0, "20"),
        (["a", 2], "a, 2"),
        ("poisson", "poisson"),
    ],
)
def test_a_setting_reads_as_a_person_writes_it(value: object, text: str) -> None:
    assert plain_text(value) == text


def test_what_is_no_object_and_no_list_has_no_members() -> None:
    assert list(items({"a": 1})) == [("a", 1)]
    assert listed([1, 2]) == [1, 2]
    for odd in (None, 7, "x"):
        assert list(items(odd)) == list(listed(odd)) == []
