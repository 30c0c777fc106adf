"""Framing of one connection: bytes in any pieces, control frames, closing, what comes too late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame as LibraryFrame
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from loadtest.device import DeviceSettings
from loadtest.device.connection import Connection, DeflatingConnection
from loadtest.device.numbers import RELAY, id_prefix, wire_id
from loadtest.device.reader import DeflatedReader, Event, body_of
from loadtest.errors import RemoteProtocolError
from loadtest.wire.stomp import HEART_BEAT, Frame, FrameParser, encode
from tests.support.device_world import RUN, URI, DeviceWorld
from tests.support.stompx_peer import FakeLink, StompxPeer, message, receipt

PREFIX = id_prefix(RUN, 1)


def topic(number: int) -> str:
    """Return the id of a topic's subscription."""
    return wire_id("subscription-id", PREFIX, number)


TYPING = b'{"type":"thread.typing.started","resource":{"id":7}}'
FRAMES = (
    message(topic(0x13), TYPING, ack="ack-1"),
    receipt(wire_id("receipt", PREFIX, 0x14)),
    HEART_BEAT,
    message(topic(0x14), "ü\0ü".encode(), ack="ack-2"),
    message("sub-1", b"{}", ack="ack-3"),
    encode("ERROR", (("message", "no: it\\is"),), b"{}"),
    encode("RECEIPT", (("receipt-id", "r-2"), ("other", "header"))),
    message(topic(RELAY | 1), "ü".encode()),
)
SEEN = [
    ("event", 0x13, ("thread.typing.started", 7, None, 0, None), "ack-1", TYPING),
    ("receipt", 0x14, b""),
    ("event", 0x14, None, "ack-2", "ü\0ü".encode()),
    ("frame", "MESSAGE", b"{}"),
    ("frame", "ERROR", b"{}"),
    ("receipt", None, b"r-2"),
    ("event", RELAY | 1, None, None, "ü".encode()),
]


def ack_of(frame: bytes) -> str:
    """Return the id in an ACK, which comes as a frame of the WebSocket."""
    [ack] = FrameParser().feed(b"".join(unmasked(frame)))
    assert ack is not None
    assert ack.command == "ACK"
    return ack.require("id")


def unmasked(data: bytes) -> list[bytes]:
    """Return the payloads of frames of a client."""
    server = ServerProtocol(state=State.OPEN)
    server.receive_data(data)
    return [
        bytes(event.data) for event in server.events_received() if isinstance(event, LibraryFrame)
    ]


WITHOUT_HEART_BEAT = [frame for frame in FRAMES if frame != HEART_BEAT]


class Owner:
    """Keeps what a connection brings, whichever way it was read."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []
        self.abort_at_error: Connection | None = None

    def websocket_opened(self, _now_ns: int) -> None:
        self.seen.append(("opened",))

    def receive_event(self, event: Event, _now_ns: int) -> None:
        _, number, facts, acknowledgement, _, _, _, _ = event
        ack = ack_of(acknowledgement) if acknowledgement is not None else None
        self.seen.append(("event", number, facts, ack, body_of(event)))

    def receive_receipt(self, number: int | None, identifier: bytes, _now_ns: int) -> None:
        self.seen.append(("receipt", number, b"" if number is not None else identifier))

    def receive_frame(self, frame: Frame, _now_ns: int) -> None:
        self.seen.append(("frame", frame.command, frame.body))
        if frame.command == "ERROR" and self.abort_at_error is not None:
            self.abort_at_error.abort()

    def websocket_closing(self, code: int, reason: str, _now_ns: int) -> None:
        self.seen.append(("closing", code, reason))


class Line:
    """A connection with its two ends."""

    def __init__(self) -> None:
        self.link = FakeLink()
        self.peer = StompxPeer(self.link)
        fleet = DeviceWorld().fleet
        reader = fleet.new_reader(PREFIX.encode(), ())
        self.connection = Connection(self.link, DeviceSettings(URI), fleet.random_bits, reader, 0)
        self.owner = Owner()

    def feed(self, data: bytes, now_ns: int = 1) -> None:
        self.connection.receive(data, self.owner, now_ns)

    def take(self) -> list[tuple[object, ...]]:
        """Return what the owner has seen since the last time."""
        seen = self.owner.seen[:]
        self.owner.seen.clear()
        return seen


def opened() -> Line:
    """Return a connection with an open WebSocket."""
    line = Line()
    line.feed(line.peer.accept())
    assert line.take() == [("opened",)]
    return line


def test_the_handshake_asks_for_stomp_on_the_address_with_the_key() -> None:
    line = Line()
    line.peer.accept()
    request = line.peer.request

    assert request is not None
    assert request.path == "/rtm/websocket?api-key=k"
    assert request.headers["Host"] == "chat.test:8080"
    assert request.headers["Sec-WebSocket-Protocol"] == "v12.stomp"
    assert "Sec-WebSocket-Extensions" not in request.headers


@given(st.lists(st.integers(1, 60), min_size=1))
def test_pieces_of_any_size_give_the_same_frames(sizes: list[int]) -> None:
    line = Line()
    stream = line.peer.accept() + line.peer.say(*FRAMES)
    at = 0
    while at < len(stream):
        for size in sizes:
            line.feed(stream[at : at + size])
            at += size

    assert line.take() == [("opened",), *SEEN]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_frames_may_be_cut_and_joined_over_websocket_messages(sizes: list[int]) -> None:
    line = opened()
    # Each text message must be UTF-8 by itself, so no letter may be cut.
    stream = b"".join(frame for frame in FRAMES if frame.isascii())
    at = 0
    while at < len(stream):
        for size in sizes:
            if stream[at : at + size]:
                line.feed(line.peer.say(stream[at : at + size]))
            at += size
    assert line.take() == [
        seen for seen, frame in zip(SEEN, WITHOUT_HEART_BEAT, strict=True) if frame.isascii()
    ]


def test_many_frames_may_come_in_one_websocket_message() -> None:
    line = opened()
    line.feed(line.peer.say_joined(FRAMES))
    assert line.take() == SEEN


def test_what_is_written_goes_out_in_one_piece() -> None:
    line = opened()
    line.connection.write(receipt("a"))
    line.connection.write(HEART_BEAT)
    assert line.link.written == []
    line.connection.flush()
    assert len(line.link.written) == 1
    assert line.peer.read_all() == [Frame("RECEIPT", (("receipt-id", "a"),)), None]


def test_a_ping_is_answered_with_its_payload() -> None:
    line = opened()
    line.feed(line.peer.ping(b"are you there?"))
    line.connection.flush()
    line.peer.read_all()
    assert line.peer.pongs == [b"are you there?"]


def test_the_instant_of_the_last_byte_is_kept() -> None:
    line = Line()
    assert line.connection.last_byte_ns == 0
    line.feed(line.peer.accept()[:3], now_ns=77)
    assert line.connection.last_byte_ns == 77


def test_the_server_s_close_is_answered_and_told() -> None:
    line = opened()
    line.feed(line.peer.close(1012, "restart"))
    line.peer.read_all()

    assert line.peer.closed_by_device is not None
    assert line.peer.closed_by_device.data == (1012).to_bytes(2, "big")
    assert line.link.is_closed
    assert line.take() == [("closing", 1012, "restart")]


def test_our_close_has_no_code_and_waits_for_the_answer() -> None:
    line = opened()
    line.connection.close()
    line.connection.close()
    line.peer.read_all()
    assert line.peer.closed_by_device is not None
    assert line.peer.closed_by_device.data == b""
    assert not line.link.is_closed

    line.feed(line.peer.answer_close())
    assert line.link.is_closed
    assert line.link.take() == b""


def test_a_ping_between_our_close_and_its_answer_delays_nothing() -> None:
    line = opened()
    line.connection.close()
    late = line.peer.ping(b"late")
    line.peer.read_all()
    line.feed(late + line.peer.answer_close())
    assert line.link.is_closed


def test_nothing_comes_out_of_an_aborted_connection() -> None:
    line = opened()
    line.owner.abort_at_error = line.connection
    error = encode("ERROR", (), b"{}")
    line.feed(line.peer.say(error, *FRAMES) + line.peer.ping(b""))
    line.connection.write(HEART_BEAT)
    line.connection.flush()

    assert line.take() == [("frame", "ERROR", b"{}")]
    assert line.link.is_aborted
    assert line.link.written == []


def test_an_abort_within_a_websocket_message_ends_it_too() -> None:
    line = opened()
    line.owner.abort_at_error = line.connection
    line.feed(line.peer.say_joined([encode("ERROR", (), b"{}"), *FRAMES]))
    assert line.take() == [("frame", "ERROR", b"{}")]


def test_what_was_written_before_an_abort_goes_out() -> None:
    line = opened()
    line.connection.write(receipt("last"))
    line.connection.abort()
    assert line.peer.read() == [Frame("RECEIPT", (("receipt-id", "last"),))]


def test_a_slow_reader_asks_its_link_to_be_slow() -> None:
    line = opened()
    line.connection.read_slowly(1_000)
    assert line.link.pace_bytes_per_s == 1_000


def test_a_refused_handshake_says_what_the_server_said() -> None:
    line = Line()
    with pytest.raises(RemoteProtocolError, match=r"HTTP 403 Forbidden unknown API key"):
        line.feed(line.peer.refuse(403, "unknown API key"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(b"", "connection closed while reading HTTP status line", id="no answer"),
        pytest.param(b"HTTP/1.1 101 Swi", "did not receive a valid HTTP response", id="cut"),
        pytest.param(
            b"HTTP/1.1 503 Busy\r\n\r\ntry later", "HTTP 503 Busy try later", id="refused"
        ),
    ],
)
def test_a_close_during_the_handshake_says_what_it_cut_short(answer: bytes, words: str) -> None:
    line = Line()
    line.feed(answer)
    reason = line.connection.explain_close("connection closed by the server")
    assert reason.startswith("connection closed by the server: ")
    assert words in reason


def test_a_close_after_the_handshake_needs_no_explanation() -> None:
    assert opened().connection.explain_close("reset") == "reset"


# --- compressed ---------------------------------------------------------------------------------


class DeflatingLine(Line):
    """A connection that offers to compress, beside the library's server."""

    def __init__(self, *, server_agrees: bool) -> None:
        self.link = FakeLink()
        settings = DeviceSettings(URI, offers_deflate=True)
        fleet = DeviceWorld(offers_deflate=True).fleet
        reader = DeflatedReader(fleet.reading, PREFIX.encode(), ())
        self.connection = DeflatingConnection(self.link, settings, fleet.random_bits, reader, 0)
        self.owner = Owner()
        self.server = ServerProtocol(
            subprotocols=[Subprotocol("v12.stomp")],
            extensions=[ServerPerMessageDeflateFactory()] if server_agrees else None,
        )
        self.server.receive_data(self.link.take())
        [request] = self.server.events_received()
        assert isinstance(request, Request)
        self.server.send_response(self.server.accept(request))

    def answer(self) -> None:
        """Give the connection what the server has written."""
        self.feed(b"".join(self.server.data_to_send()))

    def read(self) -> tuple[list[bytes], bool]:
        """Return what the server got, and whether it came compressed."""
        data = self.link.take()
        self.server.receive_data(data)
        frames = [each for each in self.server.events_received() if isinstance(each, LibraryFrame)]
        return [bytes(each.data) for each in frames], bool(data[0] & 0x40)


@pytest.mark.parametrize("agrees", [True, False], ids=["agreed", "declined"])
def test_messages_are_compressed_both_ways_if_the_server_agrees(agrees: bool) -> None:
    line = DeflatingLine(server_agrees=agrees)
    line.server.send_text(receipt("receipt-1"))
    line.server.send_text(message(topic(0x13), b"b" * 200))
    line.answer()
    assert [each[0] for each in line.take()] == ["opened", "receipt", "event"]

    line.connection.write(b"first")
    line.connection.write_all([b"second"])
    ack = b"ACK\nid:7\nsubscription:subscription-1\n\n\0"
    line.connection.acknowledge(ack)
    line.connection.flush()
    assert line.read() == ([b"first", b"second", ack], agrees)


def test_a_compressed_connection_answers_pings_and_closes() -> None:
    line = DeflatingLine(server_agrees=True)
    line.answer()
    line.take()
    line.server.send_ping(b"?")
    line.answer()
    line.connection.flush()
    assert line.read() == ([b"?"], False)
    line.server.send_close(1001, "bye")
    line.answer()
    assert line.take() == [("closing", 1001, "bye")]
