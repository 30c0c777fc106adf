"""Compressed messages, both ways, against the library's own server side; bombs are refused."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from loadtest.errors import RemoteProtocolError
from loadtest.wire.deflate import Deflate
from loadtest.wire.handshake import ClientHandshake
from loadtest.wire.websocket import encode_client_frame

LIMIT = 1_000


class Pair:
    """A client and the library's server that agreed, or did not, on the extension."""

    def __init__(self, *, server_agrees: bool = True, client_offers: bool = True) -> None:
        extensions = [ServerPerMessageDeflateFactory()] if server_agrees else None
        self.server = ServerProtocol(subprotocols=[Subprotocol("v12.stomp")], extensions=extensions)
        handshake = ClientHandshake(
            "ws://chat.test/x", subprotocol="v12.stomp", offers_deflate=client_offers
        )
        self.server.receive_data(handshake.request())
        [request] = self.server.events_received()
        assert isinstance(request, Request)
        self.request = request
        self.server.send_response(self.server.accept(request))
        assert handshake.receive(b"".join(self.server.data_to_send())) == b""
        self.deflate = handshake.deflate

    def from_server(self, text: bytes, *, fin: bool = True) -> bytes:
        """Return what the server writes for a message, or for its first part."""
        self.server.send_text(text, fin=fin)
        return b"".join(self.server.data_to_send())


def agreed() -> tuple[Pair, Deflate]:
    pair = Pair()
    assert pair.deflate is not None
    return pair, pair.deflate


def test_it_is_offered_as_browsers_offer_it_and_only_if_asked_for() -> None:
    offer = Pair().request.headers["Sec-WebSocket-Extensions"]
    assert offer == "permessage-deflate; client_max_window_bits"
    assert "Sec-WebSocket-Extensions" not in Pair(client_offers=False).request.headers


@pytest.mark.parametrize("side", ["server_agrees", "client_offers"])
def test_without_both_sides_nothing_is_compressed(side: str) -> None:
    assert Pair(**{side: False}).deflate is None


@settings(deadline=None)
@given(
    texts=st.lists(st.text(max_size=200).map(str.encode), min_size=1, max_size=5),
    step=st.integers(1, 50),
)
def test_messages_arrive_whole_both_ways_however_the_bytes_are_cut(
    texts: list[bytes], step: int
) -> None:
    pair, deflate = agreed()
    data = b"".join(pair.from_server(text) for text in texts)
    got = [each for at in range(0, len(data), step) for each in deflate.feed(data[at : at + step])]
    assert got == [(1, text) for text in texts]

    for text in texts:
        pair.server.receive_data(deflate.encode(Opcode.TEXT, text))
    seen = [frame for frame in pair.server.events_received() if isinstance(frame, Frame)]
    assert [bytes(frame.data) for frame in seen] == texts


def test_a_server_may_still_send_plain_messages_and_control_frames() -> None:
    _, deflate = agreed()
    plain = Frame(Opcode.TEXT, b"plain").serialize(mask=False)
    ping = Frame(Opcode.PING, b"?").serialize(mask=False)
    assert deflate.feed(plain + ping) == [(1, b"plain"), (9, b"?")]
    assert deflate.encode(Opcode.PONG, b"?")[:2] == encode_client_frame(Opcode.PONG, b"?", 0)[:2]


def test_fragments_are_joined() -> None:
    pair, deflate = agreed()
    first = pair.from_server(b"first ", fin=False)
    pair.server.send_continuation(b"second", fin=True)
    assert deflate.feed(first + b"".join(pair.server.data_to_send())) == [(1, b"first second")]


def bounded(limit: int = LIMIT) -> Deflate:
    return Deflate(PerMessageDeflate(False, False, 15, 15), max_message_bytes=limit)


def compressed(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def on_the_wire(opcode: int, payload: bytes, first_bits: int) -> bytes:
    """Return a server's frame with the given FIN and reserved bits."""
    plain = Frame(Opcode(opcode), payload).serialize(mask=False)
    return bytes((first_bits << 4 | opcode,)) + plain[1:]


def test_a_bomb_is_refused_before_it_is_inflated() -> None:
    bomb = compressed(b"a" * 5_000_000)
    assert len(bomb) < 10_000
    deflate = bounded(10_000)
    with pytest.raises(RemoteProtocolError, match="cannot be used"):
        deflate.feed(on_the_wire(Opcode.TEXT, bomb, 0xC))
    assert deflate.feed(b"more") == []


def test_fragments_together_are_bounded_too() -> None:
    half = compressed(b"a" * (LIMIT // 2 + 10))
    deflate = bounded()
    assert deflate.feed(on_the_wire(Opcode.TEXT, half, 0x4)) == []
    with pytest.raises(RemoteProtocolError, match="cannot be used"):
        deflate.feed(on_the_wire(Opcode.CONT, half, 0x8))


@pytest.mark.parametrize(
    ("opcode", "payload", "first_bits"),
    [
        pytest.param(Opcode.TEXT, b"\xff\xff\xff", 0xC, id="no deflate"),
        pytest.param(Opcode.TEXT, compressed(b"\xff"), 0xC, id="no UTF-8"),
        pytest.param(Opcode.CONT, b"x", 0x8, id="nothing to continue"),
        pytest.param(Opcode.TEXT, b"x", 0xA, id="another bit"),
    ],
)
def test_what_breaks_a_rule_is_refused(opcode: int, payload: bytes, first_bits: int) -> None:
    with pytest.raises(RemoteProtocolError):
        bounded().feed(on_the_wire(opcode, payload, first_bits))


def test_nothing_is_read_behind_a_close() -> None:
    deflate = bounded()
    close = Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=False)
    assert deflate.feed(close + b"\xff") == [(8, b"\x03\xe8")]
    assert deflate.feed(b"\xff\xff") == []
