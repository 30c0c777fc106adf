"""One connection of a device: the WebSocket and the STOMP frames in it.

What arrives in, as calls on a ``FrameOwner``; STOMP frames out, masked and joined into one write.
Once it was aborted, nothing more comes out of it in either direction. What the bytes mean is read
by its ``reader``.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from loadtest.device.fleet import DeviceSettings, Link
from loadtest.device.reader import EVENT, FRAME, RECEIPT, DeflatedReader, Event, Reader
from loadtest.errors import RemoteProtocolError
from loadtest.wire.deflate import Deflate
from loadtest.wire.handshake import ClientHandshake
from loadtest.wire.stomp import Frame
from loadtest.wire.websocket import (
    Opcode,
    encode_client_frame,
    encode_close,
    parse_close,
)

__all__ = ["Connection", "DeflatingConnection", "FrameOwner"]

# A plain integer: to look a member up in its enum costs more than to compare it.
_TEXT = int(Opcode.TEXT)


class FrameOwner(Protocol):
    """Takes what a connection brings."""

    def websocket_opened(self, now_ns: int) -> None:
        """The opening handshake has succeeded."""

    def receive_event(self, event: Event, now_ns: int) -> None:
        """Take one MESSAGE of a subscription."""

    def receive_receipt(self, number: int | None, identifier: bytes, now_ns: int) -> None:
        """Take one RECEIPT: its number, or its id if that is none of ours."""

    def receive_frame(self, frame: Frame, now_ns: int) -> None:
        """Take any other frame."""

    def websocket_closing(self, code: int, reason: str, now_ns: int) -> None:
        """The server has begun the closing handshake, or answered ours."""


class Connection:
    """Framing of one connection; raises ``RemoteProtocolError`` from ``receive``."""

    __slots__ = (
        "_handshake",
        "_is_aborted",
        "_is_closing",
        "_link",
        "_out",
        "_random_bits",
        "_read",
        "last_byte_ns",
    )

    def __init__(
        self,
        link: Link,
        settings: DeviceSettings,
        random_bits: Callable[[int], int],
        reader: Reader,
        now_ns: int,
    ) -> None:
        self._link = link
        self._random_bits = random_bits
        self._handshake: ClientHandshake | None = ClientHandshake(
            settings.uri,
            subprotocol="v12.stomp",
            extra_headers=settings.upgrade_headers,
            offers_deflate=settings.offers_deflate,
        )
        self._read = reader.read
        self._out: list[bytes] = []
        self._is_aborted = False
        self._is_closing = False
        self.last_byte_ns = now_ns
        link.write(self._handshake.request())

    def receive(self, data: bytes, owner: FrameOwner, now_ns: int) -> None:
        """Take ``data``, which was read at ``now_ns``, and hand what it brings to ``owner``.

        Raises:
            RemoteProtocolError: The peer broke a rule; the connection is of no use any more.
        """
        self.last_byte_ns = now_ns
        if self._handshake is not None:
            rest = self._handshake.receive(data)
            if rest is None:
                return
            self._agree(self._handshake)
            self._handshake = None
            owner.websocket_opened(now_ns)
            data = rest
        for arrival in self._read(data):
            if self._is_aborted:
                return
            if arrival[0] == EVENT:
                owner.receive_event(arrival, now_ns)
            elif arrival[0] == RECEIPT:
                owner.receive_receipt(arrival[1], arrival[2], now_ns)
            elif arrival[0] == FRAME:
                owner.receive_frame(arrival[1], now_ns)
            else:
                self._receive_control(arrival[1], arrival[2], owner, now_ns)

    def _agree(self, handshake: ClientHandshake) -> None:
        """Take what the handshake agreed on; nothing was offered here."""

    def _receive_control(self, opcode: int, payload: bytes, owner: FrameOwner, now_ns: int) -> None:
        if opcode == Opcode.PING:
            self._frame(Opcode.PONG, payload)
        elif opcode == Opcode.CLOSE:
            if not self._is_closing:
                self._is_closing = True
                self._frame(Opcode.CLOSE, payload[:2])
            self.flush()
            self._link.close()
            owner.websocket_closing(*parse_close(payload), now_ns)

    def write(self, frame: bytes) -> None:
        """Have one STOMP frame, or a heart-beat, written at the next ``flush``."""
        self._out.append(encode_client_frame(_TEXT, frame, self._random_bits(32)))

    def write_all(self, frames: Iterable[bytes]) -> None:
        """Have several STOMP frames written at the next ``flush``."""
        out, random_bits = self._out, self._random_bits
        for frame in frames:
            out.append(encode_client_frame(_TEXT, frame, random_bits(32)))

    def acknowledge(self, acknowledgement: bytes) -> None:
        """Have the ACK of an event written, which came with it."""
        self._out.append(acknowledgement)

    def _frame(self, opcode: Opcode, payload: bytes) -> None:
        self._out.append(encode_client_frame(opcode, payload, self._random_bits(32)))

    def flush(self) -> None:
        """Hand what was written to the link, in one piece."""
        out = self._out
        if out and not self._is_aborted:
            self._link.write(out[0] if len(out) == 1 else b"".join(out))
            out.clear()

    def read_slowly(self, bytes_per_s: float) -> None:
        """Take no more than so much per second from now on."""
        self._link.read_slowly(bytes_per_s)

    def close(self) -> None:
        """Begin the closing handshake, without a status code as the SDK does."""
        if not self._is_closing and self._handshake is None:
            self._is_closing = True
            self._frame(Opcode.CLOSE, encode_close(None))
        self.flush()

    def abort(self) -> None:
        """Be done with the link: what was written goes out, nothing more is taken from it."""
        self.flush()
        self._is_aborted = True
        self._link.abort()

    def explain_close(self, reason: str) -> str:
        """Return why the link was closed: ``reason``, and what it cut short."""
        if self._handshake is None:
            return reason
        try:
            self._handshake.receive_eof()
        except RemoteProtocolError as error:
            return f"{reason}: {error}"


class DeflatingConnection(Connection):
    """A connection that offers to compress messages; each side may still send plain ones.

    A class of its own, so that the usual connection does not ask with every frame.
    """

    __slots__ = ("_deflate", "_reader")

    def __init__(
        self,
        link: Link,
        settings: DeviceSettings,
        random_bits: Callable[[int], int],
        reader: DeflatedReader,
        now_ns: int,
    ) -> None:
        super().__init__(link, settings, random_bits, reader, now_ns)
        self._reader = reader
        self._deflate: Deflate | None = None

    def _agree(self, handshake: ClientHandshake) -> None:
        self._deflate = handshake.deflate
        if self._deflate is not None:
            self._reader.inflate(self._deflate)

    def write(self, frame: bytes) -> None:
        """Have one STOMP frame, or a heart-beat, written at the next ``flush``."""
        self._frame(Opcode.TEXT, frame)

    def write_all(self, frames: Iterable[bytes]) -> None:
        """Have several STOMP frames written at the next ``flush``."""
        for frame in frames:
            self._frame(Opcode.TEXT, frame)

    def acknowledge(self, acknowledgement: bytes) -> None:
        """Have the ACK of an event written, which came with it."""
        self._frame(Opcode.TEXT, acknowledgement)

    def _frame(self, opcode: Opcode, payload: bytes) -> None:
        if self._deflate is None:
            super()._frame(opcode, payload)
        else:
            self._out.append(self._deflate.encode(opcode, payload))
