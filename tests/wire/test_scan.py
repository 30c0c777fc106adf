"""The quick readers against the parser, which is right by definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.errors import RemoteProtocolError
from loadtest.wire.scan import message_head, receipt_id
from loadtest.wire.stomp import Frame, FrameParser, encode

properties = settings(deadline=None, max_examples=400)

LINES = [
    b"subscription:s-1",
    b"subscription:s-2",
    b"subscription:s\\c3",
    b"ack:a-1",
    b"ack:a:2",
    b"ack:",
    b"acknowledge:no",
    b"destination:/topic/channels/4.messages",
    b"destination:\xc3\xa9",
    b"content-type:application/json;charset=UTF-8",
    b"message-id:m\r",
    b"x-other:subscription:s-4",
    b"x-bad:\xff",
    b"x-nul:\0",
    b"x-tab:\\t",
    b"no colon",
    b":no name",
    b"",
    b"content-length:5",
    b"content-length:6",
    b"content-length:5\r",
    b"content-length:x",
    b"receipt-id:r-1",
]

RECEIPT_PARTS = [
    b"RECEIPT\nreceipt-id:",
    b"RECEIPT\n",
    b"receipt-id:",
    b"receipt-1",
    b"content-length:0\n",
    b"\n\n\0",
    b"\n",
    b"\r",
    b"\0",
    b":",
    b"\\c",
    b"\xc3\xa9",
]


def parsed(payload: bytes) -> list[Frame | None]:
    """Return the frames in bytes, none if they are malformed."""
    try:
        return FrameParser().feed(payload)
    except RemoteProtocolError:
        return []


def test_a_delivery_is_read_from_its_head() -> None:
    headers = [
        ("destination", "/topic/channels/4.messages"),
        ("content-type", "application/json;charset=UTF-8"),
        ("subscription", "subscription-id-1"),
        ("message-id", "m-1"),
        ("ack", "ack-1"),
        ("receipt-id", "receipt-1"),
    ]
    body = b'{"type":"a\\n\\nack:no","text":"\xc3\xa9"}'
    payload = encode("MESSAGE", headers, body)

    head = message_head(payload)

    assert head is not None
    assert head[:2] == (b"subscription-id-1", b"ack-1")
    assert payload[head[2] : -1] == body


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"MESSAGE\nsubscription:s\n\nbody\0", id="no ack, no content-length"),
        pytest.param(b"MESSAGE\nx-any:1\nsubscription:s\nx-more:2\n\nbody\0", id="other headers"),
        pytest.param(b"MESSAGE\nsubscription:s\ncontent-length:4\nx:y\n\nbody\0", id="count early"),
    ],
)
def test_the_quick_way_takes_other_shapes_too(payload: bytes) -> None:
    head = message_head(payload)

    assert head is not None
    assert head[:2] == (b"s", None)
    assert payload[head[2] :] == b"body\0"


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n", id="a heart-beat"),
        pytest.param(b"RECEIPT\nreceipt-id:1\n\n\0", id="another command"),
        pytest.param(b"MESSAGE\nsubscription:s\n\nbody", id="no NUL yet"),
        pytest.param(b"MESSAGE\nsubscription:s\n\nbody\0\n", id="a line end after the frame"),
        pytest.param(b"MESSAGE\nsubscription:s\n\nbody\0MESSAGE\n\n\0", id="two frames"),
        pytest.param(b"MESSAGE\nsubscription:a\nsubscription:b\n\n\0", id="repeated header"),
        pytest.param(b"MESSAGE\nsubscription:a\\cb\n\n\0", id="an escape"),
        pytest.param(b"MESSAGE\r\nsubscription:s\r\n\r\n\0", id="carriage returns"),
        pytest.param(b"MESSAGE\nsubscription:s\ncontent-length:3\n\nbody\0", id="wrong count"),
        pytest.param(b"MESSAGE\nsubscription:s\ncontent-length:3\n\nbody", id="count, no NUL"),
        pytest.param(b"MESSAGE\nsubscription:s\nx:\xff\n\nbody\0", id="head is not UTF-8"),
        pytest.param(b"MESSAGE\nsubscription:s\nx:a\rb\n\nbody\0", id="carriage return in a line"),
        pytest.param(b"MESSAGE\nsubscription:s\nx:\0\n\nbody\0", id="NUL in a header"),
        pytest.param(b"MESSAGE\ndestination:d\n\nsubscription:s\n\n\0", id="only in the body"),
    ],
)
def test_anything_else_is_left_to_the_parser(payload: bytes) -> None:
    assert message_head(payload) is None


@properties
@given(
    st.sampled_from([b"MESSAGE", b"MESSAGE", b"MESSAGE\r", b"ERROR"]),
    # Most begin well, so that what follows decides.
    st.builds(
        lambda well, odd: well + odd,
        st.sampled_from([[], [b"subscription:s-1"], [b"destination:d", b"subscription:s-1"]]),
        st.lists(st.sampled_from(LINES), max_size=4),
    ),
    st.sampled_from([b"12345", b"12345", b"", b"123\n\n", b"1\x0034", b"\nack:x"]),
    st.sampled_from([b"\0", b"\0", b"\0\n", b"", b"\0\0"]),
)
def test_the_quick_reader_of_a_message_never_differs_from_the_parser(
    command: bytes, lines: list[bytes], body: bytes, end: bytes
) -> None:
    payload = b"\n".join([command, *lines, b"", body]) + end
    head = message_head(payload)
    if head is None:
        return
    subscription, ack, start = head
    frames = parsed(payload)

    assert len(frames) == 1
    assert frames[0] is not None
    assert frames[0].command == "MESSAGE"
    assert frames[0].get("subscription") == subscription.decode()
    assert frames[0].get("ack") == (None if ack is None else ack.decode())
    assert frames[0].body == payload[start:-1]


@properties
@given(
    st.permutations(
        [
            ("destination", "/topic/channels/4.messages"),
            ("subscription", "subscription-id-1"),
            ("message-id", "m-1"),
            ("ack", "a-1"),
            ("x-other", "no"),
        ]
    ),
    st.sampled_from(["plain", "a\\b", "ü", "\n"]),
    st.binary(max_size=20),
)
def test_a_plain_message_with_its_ack_after_its_subscription_is_read_at_once(
    headers: list[tuple[str, str]], other: str, body: bytes
) -> None:
    payload = encode("MESSAGE", [*headers, ("x-last", other)], body)
    head = message_head(payload)
    # The quick way takes the ack after the subscription, and nothing that needs decoding.
    names = [name for name, _ in headers]
    is_plain = other == "plain" and names.index("ack") > names.index("subscription")

    assert (head is not None) == is_plain
    assert head is None or head[:2] == (b"subscription-id-1", b"a-1")
    assert head is None or payload[head[2] : -1] == body


def test_a_receipt_gives_its_id() -> None:
    assert receipt_id(encode("RECEIPT", [("receipt-id", "receipt-1")])) == b"receipt-1"


@properties
@given(st.lists(st.sampled_from(RECEIPT_PARTS), max_size=7))
def test_the_quick_reader_of_a_receipt_never_differs_from_the_parser(parts: list[bytes]) -> None:
    payload = b"".join(parts)
    found = receipt_id(payload)
    if found is None:
        return

    assert parsed(payload) == [Frame("RECEIPT", (("receipt-id", found.decode()),))]
