"""Text that cannot be sent is named; text of a server is harmless, short and of a kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.chat.texts import LONGEST_REASON, cleaned, folded, json_problem, text_problem

HALF = "\ud83d"


def test_half_a_surrogate_pair_is_no_text() -> None:
    assert text_problem("grüße \U0001f600\0") == ""
    assert "character 3 is U+D83D, half of a surrogate pair" in text_problem(f"ab{HALF}")
    assert "of the type bytes; it must be text" in text_problem(b"ab")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": [1, None, "ü", {"b": True}]}, ""),
        ({"a": HALF}, "half of a surrogate pair"),
        ({"a": object()}, "it is no JSON"),
    ],
)
def test_what_is_no_json_is_named(value: object, words: str) -> None:
    problem = json_problem(value)
    assert words in problem
    assert bool(problem) is bool(words)


def test_a_value_that_holds_itself_is_no_json() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert "it is no JSON" in json_problem(endless)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain text", "plain text"),
        ("two\r\nlines\tand  more", "two lines and more"),
        ("\x1b[2J\x1b[1;32mPASS", "\ufffd[2J\ufffd[1;32mPASS"),
        ("abc\u202egnp.exe", "abc\ufffdgnp.exe"),
        ("\x9b31m", "\ufffd31m"),
    ],
)
def test_a_terminal_is_told_nothing_that_it_obeys(text: str, expected: str) -> None:
    assert cleaned(text) == expected


@given(st.text(max_size=2_000), st.integers(10, 300))
def test_whatever_comes_fits_on_one_printable_line(text: str, longest: int) -> None:
    line = cleaned(text, longest)
    assert line.isprintable()
    assert len(line) <= longest
    assert cleaned(line, longest) == line
    assert len(folded(text)) <= LONGEST_REASON


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("channel 17 not found", "channel 4,711 not found"),
        ("retry after PT3.25S", "retry after PT11S"),
        ("bye 6fa459ea-ee8a-3ca4-894e-db77e160355e", "bye 9f1c04e1-00aa-4f7e-8f77-0123456789ab"),
        ("got 'x\\'y' there", 'got b"z" there'),
        ("node a1 says no", "node b22c says no"),
    ],
)
def test_what_differs_each_time_is_one_kind(one: str, other: str) -> None:
    assert folded(one) == folded(other)
    assert "#" in folded(one)


def test_different_words_stay_different() -> None:
    assert folded("connection refused") == "connection refused"
    assert folded("not found") != folded("not allowed")
