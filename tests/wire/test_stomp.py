"""STOMP frames against literal bytes, recordings of the SDKs, and any split of the stream."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtest.errors import LocalProtocolError, RemoteProtocolError
from loadtest.wire.stomp import (
    COMMANDS,
    HEART_BEAT,
    Frame,
    FrameParser,
    HeartBeat,
    encode,
    negotiate_heart_beat,
    parse_heart_beat,
)

TRACES = Path(__file__).parent.parent / "data" / "traces"

# Frames that `encode` must write as these bytes and the parser must read from them.
SYMMETRIC = [
    pytest.param(
        Frame(
            "CONNECT",
            (
                ("StompX-User", "jane:doe@example.com"),
                ("accept-version", "1.2"),
                ("heart-beat", "60000,10000"),
            ),
        ),
        b"CONNECT\nStompX-User:jane:doe@example.com\naccept-version:1.2\n"
        b"heart-beat:60000,10000\n\n\0",
        id="CONNECT keeps a colon in a value as it is",
    ),
    pytest.param(
        Frame("CONNECTED", (("user-name", "back\\slash ü"), ("version", "1.2"))),
        b"CONNECTED\nuser-name:back\\slash \xc3\xbc\nversion:1.2\n\n\0",
        id="CONNECTED knows no escapes",
    ),
    pytest.param(
        Frame("SUBSCRIBE", (("id", "a:b\\c\nd\re"), ("na:me", ""), ("destination", "/é"))),
        b"SUBSCRIBE\nid:a\\cb\\\\c\\nd\\re\nna\\cme:\ndestination:/\xc3\xa9\n\n\0",
        id="every escape, in names too, and an empty value",
    ),
    pytest.param(
        Frame("SEND", (("destination", "/a"), ("content-length", "4")), b"a\0\0b"),
        b"SEND\ndestination:/a\ncontent-length:4\n\na\0\0b\0",
        id="a body with NULs is counted",
    ),
    pytest.param(
        Frame("MESSAGE", (("content-length", "6"),), "äöü".encode()),
        b"MESSAGE\ncontent-length:6\n\n\xc3\xa4\xc3\xb6\xc3\xbc\0",
        id="content-length counts bytes, not characters",
    ),
    pytest.param(
        Frame("RECEIPT", (("receipt-id", "1"), ("receipt-id", "2"))),
        b"RECEIPT\nreceipt-id:1\nreceipt-id:2\n\n\0",
        id="repeated headers are kept",
    ),
    pytest.param(
        Frame("SEND", (("content-length", "0"), ("destination", "/a"))),
        b"SEND\ncontent-length:0\ndestination:/a\n\n\0",
        id="content-length 0 where it is given",
    ),
    pytest.param(Frame("DISCONNECT"), b"DISCONNECT\n\n\0", id="no header at all"),
]

# What other implementations may write and we never do.
FOREIGN = [
    pytest.param(
        Frame("MESSAGE", (("a", "b"), ("c", "")), b"x\r\n"),
        b"MESSAGE\r\na:b\r\nc:\r\n\r\nx\r\n\0",
        id="CRLF ends the lines of a head",
    ),
    pytest.param(
        Frame("MESSAGE", (("a", "b"),), b"body"),
        b"MESSAGE\r\na:b\n\r\nbody\0",
        id="both line ends in one head",
    ),
    pytest.param(
        Frame("ERROR", (("message", "no: thanks"),), b"why"),
        b"ERROR\nmessage:no: thanks\n\nwhy\0",
        id="a raw colon in a value, and a body without content-length",
    ),
    pytest.param(
        Frame("RECEIPT", (("receipt-id", " 1 "), ("content-length", "0"))),
        b"RECEIPT\nreceipt-id: 1 \ncontent-length:0\n\n\0",
        id="blanks belong to the value",
    ),
    pytest.param(
        Frame("MESSAGE", (("content-length", "1"), ("content-length", "9")), b"\0"),
        b"MESSAGE\ncontent-length:1\ncontent-length:9\n\n\0\0",
        id="the first content-length counts",
    ),
    pytest.param(
        Frame("MESSAGE", (("content-length", "003"),), b"a\n\n"),
        b"MESSAGE\ncontent-length:003\n\na\n\n\0",
        id="leading zeros",
    ),
]

MALFORMED = [
    pytest.param(b"HELLO\n\n\0", "'HELLO'; it is not a command", id="unknown command"),
    pytest.param(b"send\n\n\0", "'send'; it is not a command", id="command in lower case"),
    pytest.param(b"SEND\nabc\n\n\0", "header line 'abc'", id="no colon"),
    pytest.param(b"SEND\n:abc\n\n\0", "header line ':abc'", id="no name"),
    pytest.param(b"SEND\na:\\t\n\n\0", r"SEND with the escape '\\\\t'", id="unknown escape"),
    pytest.param(b"SEND\na:b\\\n\n\0", r"escape '\\\\' in 'b", id="backslash at the end"),
    pytest.param(b"SEND\na:\xff\n\n\0", "not UTF-8 at byte 7", id="head is not UTF-8"),
    pytest.param(b"SEND\na:b\0", "NUL before the blank line", id="NUL instead of the blank line"),
    pytest.param(b"SEND\na:b\0c\n\n\0", "NUL before the blank line", id="NUL in a header"),
    pytest.param(b"SEND\na:b\rc\n\n\0", "carriage return inside", id="carriage return in a line"),
    pytest.param(b"\rSEND\n\n\0", "without its line feed", id="carriage return between frames"),
    pytest.param(
        b"SEND\ncontent-length:2\n\nabc\0", r"content-length 2, .*: b'c", id="count too low"
    ),
    pytest.param(b"SEND\ncontent-length:-1\n\n\0", "length '-1'; it must be", id="negative count"),
    pytest.param(b"SEND\ncontent-length:\n\n\0", "content-length ''", id="empty count"),
    pytest.param("SEND\ncontent-length:²\n\n\0".encode(), "length '²'", id="count in other digits"),
    pytest.param(
        b"SEND\ncontent-length:101\n\n", "length 101 goes beyond .* 100 bytes", id="count too high"
    ),
    pytest.param(b"SEND\na:" + b"b" * 100, "head goes beyond", id="head too long"),
    pytest.param(b"SEND\n\n" + b"b" * 100, "body goes beyond", id="body too long"),
    pytest.param(b"SEND\n\n" + b"b" * 95 + b"\0", "body goes beyond", id="complete but too long"),
]

HOSTILE_PARTS = [
    b"SEND\na:b\n\n",
    b"SEND",
    b"MESSAGE",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"a:b",
    b"content-length:3",
    b"\0",
    b"\\",
    b"\\c",
    b"\r",
    b"\xc3",
    b"xyz",
    b"x" * 50,
    b":",
]

properties = settings(deadline=None, max_examples=150)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
names = texts.filter(lambda name: name not in ("", "content-length"))
plain_texts = texts.filter(lambda text: not set(text) & set("\r\n"))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Any frame that may be sent, with its content-length in place."""
    command = draw(st.sampled_from(sorted(COMMANDS)))
    if command in ("CONNECT", "CONNECTED"):
        plain_names = plain_texts.filter(lambda name: name and ":" not in name)
        headers = draw(st.lists(st.tuples(plain_names, plain_texts), max_size=4))
    else:
        headers = draw(st.lists(st.tuples(names, texts), max_size=4))
    body = draw(st.binary(max_size=40)) if command in ("SEND", "MESSAGE", "ERROR") else b""
    if body:
        headers.append(("content-length", str(len(body))))
    return Frame(command, tuple(headers), body)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at any places, also twice at the same one."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def outcome(pieces: list[bytes]) -> tuple[list[Frame | None], bool]:
    """Return all frames, and whether the stream then broke."""
    parser = FrameParser(max_frame_bytes=100)
    seen: list[Frame | None] = []
    for piece in pieces:
        try:
            seen += parser.feed(piece)
        except RemoteProtocolError:
            return seen, True
    return seen, False


@pytest.mark.parametrize(("frame", "data"), SYMMETRIC)
def test_a_frame_has_exactly_these_bytes(frame: Frame, data: bytes) -> None:
    assert encode(frame.command, frame.headers, frame.body) == data


@pytest.mark.parametrize(("frame", "data"), [*SYMMETRIC, *FOREIGN])
def test_a_frame_is_read_whole_byte_by_byte_and_between_others(frame: Frame, data: bytes) -> None:
    other = encode("RECEIPT", [("receipt-id", "x")])
    receipt = Frame("RECEIPT", (("receipt-id", "x"),))
    parser = FrameParser()

    assert FrameParser().feed(data) == [frame]
    assert [parsed for byte in data for parsed in parser.feed(bytes((byte,)))] == [frame]
    assert parser.feed(other + data + other[:-1]) == [receipt, frame]
    assert parser.feed(other[-1:] + HEART_BEAT + data) == [receipt, None, frame]


@pytest.mark.parametrize(("data", "text"), MALFORMED)
def test_malformed_bytes_are_refused_however_they_come(data: bytes, text: str) -> None:
    parser = FrameParser(max_frame_bytes=100)

    with pytest.raises(RemoteProtocolError, match=text):
        FrameParser(max_frame_bytes=100).feed(data)
    with pytest.raises(RemoteProtocolError):
        for byte in data:
            parser.feed(bytes((byte,)))


def test_lone_line_ends_are_heart_beats() -> None:
    parser = FrameParser()

    assert parser.feed(b"\n\r\n\n\r") == [None, None, None]
    assert parser.feed(b"") == []
    assert parser.feed(b"\nACK\n\n\0") == [None, Frame("ACK")]


def test_a_frame_that_has_begun_is_partial_until_it_is_complete() -> None:
    parser = FrameParser()
    assert not parser.is_partial
    for piece in (b"ACK\nid", b":1\n\n", b""):
        parser.feed(piece)
        assert parser.is_partial
    parser.feed(b"\0\n")
    assert not parser.is_partial


def test_a_frame_of_exactly_the_limit_is_accepted() -> None:
    data = b"SEND\n\n" + b"b" * 94

    assert FrameParser(max_frame_bytes=100).feed(data + b"\0") == [Frame("SEND", (), b"b" * 94)]


def test_the_first_of_repeated_headers_counts() -> None:
    frame = Frame("MESSAGE", (("a", "1"), ("b", "2"), ("a", "3")))

    assert frame.get("a") == "1"
    assert frame.get("c") is None
    assert frame.require("b") == "2"
    with pytest.raises(RemoteProtocolError, match="got MESSAGE without the header subscription"):
        frame.require("subscription")


def test_content_length_is_added_last_and_only_for_a_body() -> None:
    assert encode("SEND", [("a", "b")], b"xy") == b"SEND\na:b\ncontent-length:2\n\nxy\0"
    assert encode("SEND", [("a", "b")]) == b"SEND\na:b\n\n\0"


@pytest.mark.parametrize(
    ("command", "headers", "body", "text"),
    [
        pytest.param("HELLO", [], b"", "'HELLO' is not a command", id="unknown command"),
        pytest.param("ACK", [], b"x", "ACK has a body of 1 bytes", id="body where none may be"),
        pytest.param("SEND", [("", "x")], b"", "without a name", id="empty name"),
        pytest.param("SEND", [("a", "\0")], b"", "NUL in a header", id="NUL"),
        pytest.param("SEND", [("a", "\ud800")], b"", "not text", id="lone surrogate"),
        pytest.param(
            "SEND", [("content-length", "2")], b"x", "content-length '2'; .* 1 bytes", id="count"
        ),
        pytest.param("CONNECT", [("a", "b\nc")], b"", "no line end", id="line feed in CONNECT"),
        pytest.param("CONNECT", [("a", "b\r")], b"", "no line end", id="carriage return there"),
        pytest.param("CONNECT", [("a", "\0")], b"", "NUL in a header", id="NUL in CONNECT"),
        pytest.param("CONNECTED", [("a:b", "c")], b"", "its name no colon", id="colon in a name"),
    ],
)
def test_what_must_not_be_sent_is_a_local_error(
    command: str, headers: list[tuple[str, str]], body: bytes, text: str
) -> None:
    with pytest.raises(LocalProtocolError, match=text):
        encode(command, headers, body)


def test_an_error_shows_the_beginning_of_long_bytes_only() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        FrameParser().feed(b"X" * 1000 + b"\n\n")

    assert len(str(caught.value)) < 150
    assert "1000 in all" in str(caught.value)


@properties
@given(st.lists(st.none() | frames(), max_size=5), st.lists(st.integers(0, 1000), max_size=12))
def test_any_split_of_the_bytes_gives_the_same_frames(
    sent: list[Frame | None], places: list[int]
) -> None:
    data = b"".join(
        HEART_BEAT if frame is None else encode(frame.command, frame.headers, frame.body)
        for frame in sent
    )
    parser = FrameParser()

    assert FrameParser().feed(data) == sent
    assert [frame for piece in cut(data, places) for frame in parser.feed(piece)] == sent


@properties
@given(
    st.lists(st.sampled_from(HOSTILE_PARTS), max_size=14),
    st.lists(st.integers(0, 1000), max_size=8),
)
def test_hostile_bytes_end_alike_however_they_are_split(
    parts: list[bytes], places: list[int]
) -> None:
    data = b"".join(parts)
    seen, is_broken = outcome([data])
    seen_in_pieces, is_broken_in_pieces = outcome(cut(data, places))
    seen_by_byte, is_broken_by_byte = outcome([bytes((byte,)) for byte in data])

    assert is_broken == is_broken_in_pieces == is_broken_by_byte
    assert seen_in_pieces == seen_by_byte[: len(seen_in_pieces)]
    assert is_broken or seen == seen_in_pieces == seen_by_byte


@pytest.mark.parametrize("name", ["full-dialect-1.jsonl", "full-dialect-2.jsonl"])
def test_every_recorded_frame_of_the_sdk_round_trips(name: str) -> None:
    recorded = [json.loads(line) for line in (TRACES / name).read_text("utf-8").splitlines()]
    count = 0
    for record in recorded:
        if record.get("command", "HEARTBEAT") == "HEARTBEAT":
            continue
        headers = tuple(record["headers"].items())
        body = record.get("body", "").encode()

        data = encode(record["command"], headers, body)

        assert FrameParser().feed(data) == [Frame(record["command"], headers, body)]
        count += 1
    assert count > 300


@pytest.mark.parametrize(
    ("value", "periods"),
    [("0,0", (0, 0)), ("60000,10000", (60_000, 10_000)), ("007,1", (7, 1))],
)
def test_a_heart_beat_header_is_two_numbers(value: str, periods: tuple[int, int]) -> None:
    assert parse_heart_beat(value) == periods


@pytest.mark.parametrize("value", ["", "1", "1,", "1,2,3", "-1,2", "a,b", "1, 2", "1.5,2", "²,1"])
def test_a_garbled_heart_beat_header_is_refused(value: str) -> None:
    with pytest.raises(RemoteProtocolError, match="two whole numbers"):
        parse_heart_beat(value)


@pytest.mark.parametrize(
    ("offer", "answer", "agreed"),
    [
        pytest.param((60_000, 10_000), (10_000, 10_000), (60_000, 10_000), id="slower one counts"),
        pytest.param((1_000, 1_000), (5_000, 7_000), (7_000, 5_000), id="in each direction"),
        pytest.param((60_000, 10_000), (0, 10_000), (60_000, 0), id="the peer cannot send"),
        pytest.param((60_000, 10_000), (10_000, 0), (0, 10_000), id="the peer wants none"),
        pytest.param((0, 0), (10_000, 10_000), (0, 0), id="we do neither"),
    ],
)
def test_heart_beats_are_negotiated_for_each_direction(
    offer: tuple[int, int], answer: tuple[int, int], agreed: tuple[int, int]
) -> None:
    assert negotiate_heart_beat(offer, answer) == HeartBeat(*agreed)
    assert negotiate_heart_beat(answer, offer) == agreed[::-1]
