"""The server's end of one connection, in memory, saying exactly what a test tells it to say.

The WebSocket is the ``websockets`` library's, so a device and its test share no framing.
"""

from collections.abc import Sequence

from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from loadtest.wire.stomp import Frame, FrameParser, encode

__all__ = ["FakeLink", "StompxPeer", "connected", "message", "receipt"]

JSON = "application/json;charset=UTF-8"


class FakeLink:
    """A connection in memory: it keeps what the device wrote, and how the device left it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False
        self.is_aborted = False
        self.pace_bytes_per_s = 0.0

    def write(self, data: bytes) -> None:
        assert not self.is_aborted, "written after abort"
        self.written.append(data)

    def read_slowly(self, bytes_per_s: float) -> None:
        self.pace_bytes_per_s = bytes_per_s

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_aborted = True

    def take(self) -> bytes:
        """Return what was written since the last time."""
        data = b"".join(self.written)
        self.written.clear()
        return data


class StompxPeer:
    """Reads what a device wrote to its link, and makes the bytes of an answer."""

    def __init__(self, link: FakeLink) -> None:
        self.link = link
        self.request: Request | None = None
        self.closed_by_device: WebSocketFrame | None = None
        self.pongs: list[bytes] = []
        self._websocket = ServerProtocol(subprotocols=[Subprotocol("v12.stomp")])
        self._stomp = FrameParser()

    # --- from the device -----------------------------------------------------------------------

    def read(self) -> list[Frame]:
        """Return the STOMP frames written since the last time; heart-beats left out."""
        return [frame for frame in self.read_all() if frame is not None]

    def read_all(self) -> list[Frame | None]:
        """Return the STOMP frames written since the last time, None for each heart-beat."""
        self._websocket.receive_data(self.link.take())
        assert self._websocket.parser_exc is None, self._websocket.parser_exc
        frames: list[Frame | None] = []
        for event in self._websocket.events_received():
            if isinstance(event, Request):
                self.request = event
                continue
            assert isinstance(event, WebSocketFrame)
            if event.opcode is Opcode.CLOSE:
                self.closed_by_device = event
            elif event.opcode is Opcode.PONG:
                self.pongs.append(bytes(event.data))
            else:
                assert event.opcode is Opcode.TEXT
                found = self._stomp.feed(bytes(event.data))
                assert len(found) == 1, "a device writes one frame per WebSocket message"
                frames += found
        return frames

    # --- to the device -------------------------------------------------------------------------

    def accept(self) -> bytes:
        """Return the answer to the opening handshake."""
        self.read_all()
        assert self.request is not None, "the device asked for no WebSocket"
        self._websocket.send_response(self._websocket.accept(self.request))
        return self._sent()

    def refuse(self, status: int, text: str) -> bytes:
        """Return a refusal of the opening handshake."""
        self.read_all()
        self._websocket.send_response(self._websocket.reject(status, text))
        return self._sent()

    def say(self, *frames: bytes) -> bytes:
        """Return frames as bytes of a socket, each in a WebSocket message of its own."""
        # Not by the protocol object: a test may say what no server in its right state says.
        texts = [WebSocketFrame(Opcode.TEXT, frame).serialize(mask=False) for frame in frames]
        return b"".join(texts)

    def say_joined(self, frames: Sequence[bytes]) -> bytes:
        """Return frames as bytes of a socket, all in one WebSocket message."""
        return self.say(b"".join(frames))

    def ping(self, payload: bytes) -> bytes:
        """Return a ping."""
        self._websocket.send_ping(payload)
        return self._sent()

    def close(self, code: int, reason: str = "") -> bytes:
        """Return the first CLOSE frame of a closing handshake."""
        self._websocket.send_close(code, reason)
        return self._sent()

    def answer_close(self) -> bytes:
        """Return the answer to the device's CLOSE frame, which ``read`` has read."""
        return self._sent()

    def _sent(self) -> bytes:
        return b"".join(self._websocket.data_to_send())


def connected(*, session: str = "session-1", heart_beat: str = "10000,10000") -> bytes:
    """Return CONNECTED."""
    return encode(
        "CONNECTED", (("version", "1.2"), ("heart-beat", heart_beat), ("session", session))
    )


def receipt(identifier: str) -> bytes:
    """Return RECEIPT."""
    return encode("RECEIPT", (("receipt-id", identifier),))


def message(
    subscription: str,
    body: bytes,
    *,
    ack: str | None = None,
    extra: tuple[tuple[str, str], ...] = (),
) -> bytes:
    """Return MESSAGE; ``extra`` headers stand where a server puts ``receipt-id``."""
    headers = [("destination", "~"), ("content-type", JSON), ("subscription", subscription)]
    headers.append(("message-id", f"m-{ack}"))
    if ack is not None:
        headers.append(("ack", ack))
    return encode("MESSAGE", (*headers, *extra), body)
