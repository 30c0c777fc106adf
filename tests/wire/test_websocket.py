"""Our WebSocket framing against the ``websockets`` library, which is right by definition."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.exceptions import ProtocolError
from websockets.frames import Close, Frame
from websockets.frames import Opcode as LibraryOpcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from loadtest.errors import LocalProtocolError, RemoteProtocolError
from loadtest.wire.websocket import (
    MessageReader,
    Opcode,
    encode_client_frame,
    encode_close,
    parse_close,
)

URI = "ws://127.0.0.1:8080/rtm/websocket?api-key=a%20key"
LIMIT = 300

properties = settings(deadline=None, max_examples=400)

Messages = list[tuple[int, bytes]]


@dataclass(frozen=True)
class WireFrame:
    """A server frame with every mistake that a server can make."""

    payload: bytes
    opcode: int = 1
    first_bits: int = 0x8
    length_bytes: int = 0
    is_masked: bool = False
    claimed_extra: int = 0

    def encode(self) -> bytes:
        """Return the bytes; a length is as short as it can be unless ``length_bytes`` is more."""
        length = max(0, len(self.payload) + self.claimed_extra)
        mask_bit = 0x80 if self.is_masked else 0
        size = 8 if length >= 1 << 16 else self.length_bytes
        head = bytes((self.first_bits << 4 | self.opcode,))
        if size == 0 and length < 126:
            head += bytes((mask_bit | length,))
        elif size != 8:
            head += bytes((mask_bit | 126,)) + length.to_bytes(2, "big")
        else:
            head += bytes((mask_bit | 127,)) + (length % 2**64).to_bytes(8, "big")
        return head + (b"\0\0\0\0" if self.is_masked else b"") + self.payload


texts = st.text(max_size=60).map(str.encode)
payloads = st.one_of(
    texts,
    st.binary(max_size=140),
    st.sampled_from([b"", b"a" * 125, b"b" * 126, b"c" * 298, b"d" * 300, b"e" * 301]),
    st.sampled_from([b"\xc3", b"\xa9", b"\x03\xe8", b"\x03\xee", b"\x03\xe8\xff", b"\x0b\xb8why"]),
)
plain_frames = st.builds(
    WireFrame,
    st.one_of(texts, st.sampled_from([b"a" * 125, b"b" * 126])),
    st.sampled_from([1, 1, 1, 2, 9, 10]),
)
fragments = st.builds(
    WireFrame, payloads, st.sampled_from([0, 0, 0, 1, 2, 9]), st.sampled_from([0x0, 0x0, 0x8])
)
odd_frames = st.builds(
    WireFrame,
    payloads,
    st.integers(0, 15),
    st.sampled_from([0x8, 0x8, 0x0, 0xC, 0xA, 0x9, 0xF]),
    st.sampled_from([0, 0, 2, 8]),
    st.sampled_from([False, False, False, True]),
    st.sampled_from([0, 0, 0, 1, -1, 1000, 2**63]),
)
streams = st.one_of(
    st.lists(plain_frames, max_size=6).map(lambda frames: b"".join(f.encode() for f in frames)),
    st.lists(st.one_of(plain_frames, fragments, odd_frames), max_size=8).map(
        lambda frames: b"".join(f.encode() for f in frames)
    ),
    st.lists(fragments, max_size=8).map(lambda frames: b"".join(f.encode() for f in frames)),
    st.binary(max_size=40),
)


class LibraryReader:
    """The library's protocol, with messages put together and text checked as its users do it."""

    def __init__(self) -> None:
        self._protocol = ClientProtocol(parse_uri(URI), state=OPEN, max_size=LIMIT)
        self._parts: list[bytes] = []
        self._opcode = 0

    def feed(self, data: bytes) -> Messages:
        """Return messages; raise RemoteProtocolError for any failure."""
        self._protocol.receive_data(data)
        messages = [
            message for event in self._protocol.events_received() for message in self._take(event)
        ]
        if self._protocol.parser_exc is not None:
            raise RemoteProtocolError("the library refuses this")
        return messages

    def _take(self, frame: object) -> Messages:
        assert isinstance(frame, Frame)
        payload = bytes(frame.data)
        if frame.opcode >= LibraryOpcode.CLOSE:
            return [(int(frame.opcode), payload)]
        if frame.opcode is not LibraryOpcode.CONT:
            self._opcode = int(frame.opcode)
        self._parts.append(payload)
        if not frame.fin:
            return []
        message = b"".join(self._parts)
        self._parts.clear()
        if self._opcode == Opcode.TEXT:
            try:
                message.decode()
            except UnicodeDecodeError as error:
                raise RemoteProtocolError("text is not UTF-8") from error
        return [(self._opcode, message)]


def outcome(reader: MessageReader | LibraryReader, pieces: list[bytes]) -> list[Messages | None]:
    """Return what each piece gave; None, and no more, where the stream broke."""
    given_by_piece: list[Messages | None] = []
    for piece in pieces:
        try:
            given_by_piece.append(reader.feed(piece))
        except RemoteProtocolError:
            return [*given_by_piece, None]
    return given_by_piece


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Cut bytes at any places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@properties
@given(streams, st.lists(st.integers(0, 2000), max_size=10))
def test_the_reader_agrees_with_the_library_on_any_stream_in_any_pieces(
    data: bytes, places: list[int]
) -> None:
    for pieces in ([data], cut(data, places), [bytes((byte,)) for byte in data]):
        ours = outcome(MessageReader(max_message_bytes=LIMIT), pieces)

        assert ours == outcome(LibraryReader(), pieces)


@pytest.mark.parametrize(
    ("frames", "messages"),
    [
        pytest.param([WireFrame(b"hello")], [(1, b"hello")], id="a short text"),
        pytest.param([WireFrame(b"")], [(1, b"")], id="an empty text"),
        pytest.param([WireFrame(b"a" * 300)], [(1, b"a" * 300)], id="a 16-bit length"),
        pytest.param([WireFrame(b"a", length_bytes=8)], [(1, b"a")], id="a needless 64-bit length"),
        pytest.param([WireFrame(b"\xff", opcode=2)], [(2, b"\xff")], id="binary"),
        pytest.param(
            [
                WireFrame(b"\xc3", first_bits=0),
                WireFrame(b"ping", opcode=9),
                WireFrame(b"", opcode=0, first_bits=0),
                WireFrame(b"\xa9", opcode=0),
            ],
            [(9, b"ping"), (1, b"\xc3\xa9")],
            id="fragments that cut a character, with a PING between them",
        ),
        pytest.param(
            [WireFrame(b"a" * 200, first_bits=0), WireFrame(b"", opcode=0)] * 2,
            [(1, b"a" * 200)] * 2,
            id="each fragmented message is counted by itself",
        ),
        pytest.param(
            [WireFrame(b"\x03\xe8bye", opcode=8), WireFrame(b"late", is_masked=True)],
            [(8, b"\x03\xe8bye")],
            id="nothing is read after CLOSE",
        ),
    ],
)
def test_messages_are_read_whole_byte_by_byte_and_before_others(
    frames: list[WireFrame], messages: Messages
) -> None:
    data = b"".join(frame.encode() for frame in frames)
    reader = MessageReader(max_message_bytes=LIMIT)

    assert MessageReader(max_message_bytes=LIMIT).feed(data) == messages
    assert [message for byte in data for message in reader.feed(bytes((byte,)))] == messages
    assert MessageReader().feed(WireFrame(b"x").encode() + data + b"\x81") == [
        (1, b"x"),
        *messages,
    ]


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        pytest.param([WireFrame(b"a", is_masked=True)], "masked TEXT frame", id="masked"),
        pytest.param([WireFrame(b"a", first_bits=0xC)], "first byte 0xc1", id="reserved bit"),
        pytest.param([WireFrame(b"a", opcode=3)], "reserved opcode 0x3", id="reserved opcode"),
        pytest.param([WireFrame(b"a", opcode=0)], "no fragmented message", id="CONT first"),
        pytest.param(
            [WireFrame(b"a", first_bits=0), WireFrame(b"whole")],
            "TEXT in the middle",
            id="text inside a fragmented message",
        ),
        pytest.param(
            [WireFrame(b"a", first_bits=0), WireFrame(b"", opcode=8)],
            "CLOSE in the middle",
            id="CLOSE inside a fragmented message",
        ),
        pytest.param([WireFrame(b"a" * 126, opcode=9)], "PING with 126 bytes", id="long PING"),
        pytest.param([WireFrame(b"", opcode=9, first_bits=0)], "fragment of PING", id="cut PING"),
        pytest.param(
            [WireFrame(b"a" * 301)], "301 bytes after 0 bytes .* 300 bytes", id="oversize"
        ),
        pytest.param(
            [WireFrame(b"a" * 200, first_bits=0), WireFrame(b"a" * 101, opcode=0)],
            "101 bytes after 200 bytes",
            id="oversize in fragments",
        ),
        pytest.param(
            [WireFrame(b"", length_bytes=8, claimed_extra=2**63)],
            "9223372036854775808 bytes",
            id="64-bit length with its top bit",
        ),
        pytest.param([WireFrame(b"a\xff")], "not UTF-8 at byte 1 of 2", id="text is not UTF-8"),
        pytest.param([WireFrame(b"\x03", opcode=8)], "1 byte; its code has 2", id="half a code"),
    ],
)
def test_what_a_server_must_not_send_is_refused_by_name(frames: list[WireFrame], text: str) -> None:
    reader = MessageReader(max_message_bytes=LIMIT)

    with pytest.raises(RemoteProtocolError, match=text):
        reader.feed(b"".join(frame.encode() for frame in frames))

    assert reader.feed(WireFrame(b"more").encode()) == []


def test_a_large_message_in_small_pieces_is_put_together() -> None:
    message = bytes(range(128)) * 8192
    data = WireFrame(message, length_bytes=8).encode()
    reader = MessageReader()

    messages = [
        found
        for start in range(0, len(data), 1000)
        for found in reader.feed(data[start : start + 1000])
    ]

    assert messages == [(1, message)]


@properties
@given(
    st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG]),
    st.one_of(texts, st.sampled_from([b"a" * 125, b"b" * 126, b"c" * 65_535, b"d" * 65_536])),
    st.integers(0, 2**32 - 1),
)
def test_the_library_reads_the_frames_we_write(opcode: Opcode, payload: bytes, mask: int) -> None:
    if opcode >= Opcode.CLOSE:
        payload = payload[:125]
    server = ServerProtocol(state=OPEN)

    server.receive_data(encode_client_frame(opcode, payload, mask))

    assert server.events_received() == [Frame(LibraryOpcode(opcode), payload)]
    assert server.parser_exc is None


def test_a_frame_that_nobody_may_send_is_a_local_error() -> None:
    with pytest.raises(LocalProtocolError, match="0x3 is not an opcode"):
        encode_client_frame(3, b"", 0)
    with pytest.raises(LocalProtocolError, match="PING has 126 bytes"):
        encode_client_frame(Opcode.PING, b"a" * 126, 0)


@properties
@given(st.one_of(st.binary(max_size=8), st.integers(0, 65_535).map(lambda c: c.to_bytes(2, "big"))))
def test_close_payloads_are_read_as_the_library_reads_them(payload: bytes) -> None:
    try:
        close = Close.parse(payload)
    except (ProtocolError, UnicodeDecodeError):
        with pytest.raises(RemoteProtocolError, match="got CLOSE"):
            parse_close(payload)
        return

    assert parse_close(payload) == (int(close.code), close.reason)
    if payload:
        assert encode_close(int(close.code), close.reason) == payload


def test_a_close_without_a_code_is_empty() -> None:
    assert encode_close(None) == b""
    assert parse_close(b"") == (1005, "")


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        pytest.param(None, "why", "no code", id="a reason without a code"),
        pytest.param(1005, "", "1005 is a close code", id="a code for no frame"),
        pytest.param(1000, "é" * 62, "124 bytes; .* 123", id="a reason that is too long"),
    ],
)
def test_a_close_that_cannot_be_sent_is_a_local_error(
    code: int | None, reason: str, text: str
) -> None:
    with pytest.raises(LocalProtocolError, match=text):
        encode_close(code, reason)
