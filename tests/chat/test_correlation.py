"""Marks come back as they went out, and nobody else's is taken for ours."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.chat.correlation import (
    KEYSTROKES_SEPARATOR,
    PROPERTY,
    KeySequence,
    Mark,
    encoded_text,
    key_of_keystrokes,
    marked_keystrokes,
    message_body,
    worker_of_key,
)

RUN = "00c0ffee"
keys = st.integers(1, (1 << 53) - 1)
instants = st.integers(0, (1 << 63) - 1)
marks = st.builds(
    Mark, st.just(RUN), keys, st.integers(0, 1 << 40), st.integers(0, 1 << 40), instants, instants
)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(texts, marks)
def test_a_message_comes_back_with_its_text_and_mark(text: str, mark: Mark) -> None:
    body = json.loads(message_body(encoded_text(text), mark))

    assert list(body) == ["type", "body", "properties"]
    assert (body["type"], body["body"]) == ("TEXT", text)
    assert msgspec.convert(body["properties"][PROPERTY], Mark) == mark


@given(texts, keys)
def test_keystrokes_come_back_with_their_key(typed: str, key: int) -> None:
    marked = marked_keystrokes(typed, RUN, key)
    assert marked.startswith(typed)
    assert key_of_keystrokes(marked, RUN) == key
    assert key_of_keystrokes(marked, "0000beef") is None


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "how are",
        "#lt.",
        f"x{KEYSTROKES_SEPARATOR}{RUN}",
        f"x{KEYSTROKES_SEPARATOR}{RUN}.",
        f"x{KEYSTROKES_SEPARATOR}{RUN}.zz",
        f"x{KEYSTROKES_SEPARATOR}{RUN}.1 and more",
    ],
)
def test_keystrokes_without_a_whole_mark_have_no_key(typed: str) -> None:
    assert key_of_keystrokes(typed, RUN) is None


@given(st.integers(0, 1 << 12), st.integers(0, 1 << 12))
def test_workers_never_hand_out_the_same_key(one: int, other: int) -> None:
    first, second = KeySequence(one), KeySequence(other)
    ours = {first() for _ in range(20)}
    theirs = {second() for _ in range(20)}

    assert len(ours) == 20
    assert {worker_of_key(key) for key in ours} == {one}
    assert ours.isdisjoint(theirs) == (one != other)


@given(st.integers(0, (1 << 12) - 1))
def test_a_key_survives_a_server_that_reads_numbers_as_floats(worker: int) -> None:
    key = KeySequence(worker)()
    assert int(float(key)) == key
