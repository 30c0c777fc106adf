"""Ids on the wire: a UUID in shape, a number in content, and nobody else's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.device.numbers import (
    ACTION,
    ERRORS_QUEUE_INDEX,
    RELAY,
    TOPIC_BITS,
    TOPIC_MASK,
    device_in_run,
    id_prefix,
    number_of_id,
    session_number,
    topic_number,
    wire_id,
)

UUID_4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
devices = st.integers(1, (1 << 40) - 1)
numbers = st.one_of(
    st.builds(topic_number, st.integers(0, (1 << 28) - 1), st.integers(0, TOPIC_MASK)),
    st.integers(1, 1 << 40).map(lambda counter: RELAY | counter),
    st.integers(1, 1 << 40).map(lambda counter: ACTION | counter),
)


@given(devices, numbers)
def test_an_id_has_the_shape_of_the_sdk_s_and_tells_its_number(device: int, number: int) -> None:
    prefix = id_prefix("00c0ffee", device)
    for kind in ("subscription-id", "receipt"):
        identifier = wire_id(kind, prefix, number)
        assert re.fullmatch(f"{kind}-{UUID_4}", identifier)
        assert number_of_id(identifier.encode(), prefix.encode()) == number


@given(devices, devices, numbers)
def test_an_id_of_another_device_is_not_ours(device: int, other: int, number: int) -> None:
    identifier = wire_id("receipt", id_prefix("00c0ffee", other), number).encode()
    ours = number_of_id(identifier, id_prefix("00c0ffee", device).encode())
    assert (ours == number) == (device == other)


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"close-0", id="too short"),
        pytest.param(b"receipt-00c0ffee-0000-4001-8000-00000000000g", id="not hexadecimal"),
        pytest.param(b"receipt-00c0ffef-0000-4001-8000-000000000001", id="another run"),
        pytest.param(b"receipt-00c0ffee-0000-4001-8000-0000000000\xc3\xa9", id="not ASCII"),
    ],
)
def test_what_was_never_given_out_is_no_number(identifier: bytes) -> None:
    assert number_of_id(identifier, id_prefix("00c0ffee", 1).encode()) is None


@given(st.integers(0, 1 << 20), st.integers(0, ERRORS_QUEUE_INDEX))
def test_a_topic_s_number_tells_chat_session_and_topic(ordinal: int, index: int) -> None:
    number = topic_number(ordinal, index)
    assert (number >> TOPIC_BITS, number & TOPIC_MASK) == (ordinal, index)
    assert number < RELAY < ACTION


@given(st.lists(st.tuples(st.integers(1, 50_000), st.integers(1, 100_000)), unique=True))
def test_no_two_chat_sessions_share_a_number(pairs: list[tuple[int, int]]) -> None:
    assert len({session_number(*pair) for pair in pairs}) == len(pairs)


@given(st.integers(1, 40), st.integers(1, 60))
def test_no_two_devices_of_a_run_share_a_number_or_an_id(workers: int, devices: int) -> None:
    numbers = {
        device_in_run(serial, worker=worker, workers=workers)
        for worker in range(workers)
        for serial in (*range(1, devices + 1), *range(1_000_000, 1_000_000 + devices))
    }
    assert len(numbers) == 2 * workers * devices
    assert len({id_prefix("00c0ffee", number) for number in numbers}) == len(numbers)
    # In the log of a recording and in the marks a chat session's number has 63 bits.
    assert session_number(max(numbers), (1 << 28) - 1) < 1 << 63
