"""The client side of WebSocket (RFC 6455): frames and messages; ``deflate`` has compressed ones.

What we accept is what the ``websockets`` library accepts, byte for byte, and we notice
what is wrong at the same byte; property tests hold the reader to that. The reader exists because
short text messages can be read several times faster than that library does. Answering a PING or a
CLOSE, masks that are random, sockets and timeouts are the caller's.
"""

from enum import IntEnum

from websockets.frames import EXTERNAL_CLOSE_CODES

from loadtest.errors import LocalProtocolError, RemoteProtocolError

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without a compiled wheel
    from websockets.utils import apply_mask

__all__ = [
    "MAX_MESSAGE_BYTES",
    "MessageReader",
    "Opcode",
    "encode_client_frame",
    "encode_close",
    "parse_close",
]

MAX_MESSAGE_BYTES = 4 * 1024 * 1024

NO_STATUS = 1005

_MAX_CONTROL_BYTES = 125


class Opcode(IntEnum):
    """What a WebSocket frame carries."""

    CONT = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


_TEXT = Opcode.TEXT
_FINAL = 0x80
_FINAL_TEXT = _FINAL | Opcode.TEXT
_RESERVED_BITS = 0x70
_MASKED = 0x80
_OPCODES = {int(opcode): opcode for opcode in Opcode}
# The first two bytes of every masked frame with a 7-bit length.
_SHORT_HEADS: dict[int, tuple[bytes, ...]] = {
    opcode: tuple(bytes((_FINAL | opcode, _MASKED | length)) for length in range(126))
    for opcode in Opcode
}


def encode_client_frame(opcode: int, payload: bytes, mask: int) -> bytes:
    """Return one unfragmented frame, masked with the 32 bits of ``mask``.

    The payload of a TEXT frame must be UTF-8; nothing here checks that.

    Raises:
        LocalProtocolError: The opcode is reserved, or a control frame is too long.
    """
    heads = _SHORT_HEADS.get(opcode)
    if heads is None:
        raise LocalProtocolError(f"{opcode:#x} is not an opcode of a WebSocket frame")
    size = len(payload)
    key = mask.to_bytes(4, "big")
    if size <= _MAX_CONTROL_BYTES:
        head = heads[size]
    elif opcode >= Opcode.CLOSE:
        raise LocalProtocolError(
            f"{Opcode(opcode).name} has {size} bytes; a control frame has at most "
            f"{_MAX_CONTROL_BYTES}"
        )
    elif size < 1 << 16:
        head = bytes((_FINAL | opcode, _MASKED | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FINAL | opcode, _MASKED | 127)) + size.to_bytes(8, "big")
    # The library's C function: a third of the time of an exclusive or of two integers.
    return head + key + apply_mask(payload, key)


def parse_close(payload: bytes) -> tuple[int, str]:
    """Return code and reason of a CLOSE frame; the code is 1005 if it has none.

    Raises:
        RemoteProtocolError: The code is cut or not allowed, or the reason is not UTF-8.
    """
    if not payload:
        return NO_STATUS, ""
    if len(payload) == 1:
        raise RemoteProtocolError("got CLOSE with 1 byte; its code has 2")
    code = int.from_bytes(payload[:2], "big")
    if not _is_close_code(code):
        raise RemoteProtocolError(f"got CLOSE with the code {code}; no frame may carry it")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(
            f"got CLOSE {code} with a reason that is not UTF-8: {payload[2:]!r}"
        ) from error


def encode_close(code: int | None, reason: str = "") -> bytes:
    """Return the payload of a CLOSE frame; without a code it is empty.

    Raises:
        LocalProtocolError: No frame may carry this code, or the reason is too long.
    """
    if code is None:
        if reason:
            raise LocalProtocolError(f"CLOSE has the reason {reason!r} but no code")
        return b""
    if not _is_close_code(code):
        raise LocalProtocolError(f"{code} is a close code that no frame may carry")
    payload = code.to_bytes(2, "big") + reason.encode()
    if len(payload) > _MAX_CONTROL_BYTES:
        raise LocalProtocolError(
            f"the reason of CLOSE has {len(payload) - 2} bytes; it may have at most "
            f"{_MAX_CONTROL_BYTES - 2}"
        )
    return payload


def _is_close_code(code: int) -> bool:
    return code in EXTERNAL_CLOSE_CODES or 3000 <= code < 5000


class MessageReader:
    """Server frames in, messages out.

    After a CLOSE or an error the rest of the stream is dropped, as RFC 6455 asks.
    """

    __slots__ = (
        "_fragments",
        "_is_over",
        "_max_message_bytes",
        "_needed_bytes",
        "_opened",
        "_size_bytes",
        "is_between_messages",
        "rest",
    )

    def __init__(self, *, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._max_message_bytes = max_message_bytes
        self._is_over = False
        # An incomplete frame, and how long it must be before looking at it again is worth while:
        # so a large message in many small reads costs linear, not quadratic time.
        self.rest: bytearray | None = None
        """The incomplete frame; None: there is none, as nearly always."""
        self._needed_bytes = 0
        # The fragmented message that is open: its opcode (None: there is none), parts and size.
        self._opened: Opcode | None = None
        self._fragments: list[bytes] | None = None
        self._size_bytes = 0
        self.is_between_messages = True
        """Whether a message may begin with the next frame."""

    def join(self, data: bytes) -> bytes:
        """Return ``data`` behind what was kept; empty if that is no whole frame yet, and kept."""
        if self.rest is None:
            return data
        self.rest += data
        if len(self.rest) < self._needed_bytes:
            return b""
        data = bytes(self.rest)
        self.rest = None
        return data

    def feed(self, data: bytes, at: int = 0) -> list[tuple[int, bytes]]:
        """Return what these bytes complete, in order, as (opcode, payload).

        Messages come whole, with the opcode TEXT or BINARY; control frames as they are. Whoever has
        read messages at the front of what ``join`` returned says where the next one begins.

        Raises:
            RemoteProtocolError: The server broke a rule of RFC 6455; messages before that in this
                piece are dropped with it.
        """
        if self.rest is not None:
            data = self.join(data)
        messages: list[tuple[int, bytes]] = []
        limit = self._max_message_bytes
        size = len(data)
        while at < size and not self._is_over:
            # The hot path: a whole text message of less than 64 KiB in one frame.
            if data[at] == _FINAL_TEXT and at + 4 <= size and self._opened is None:
                length = data[at + 1]
                start = at + 2
                if length == 126:
                    length = data[at + 2] << 8 | data[at + 3]
                    start = at + 4
                # 127 and a mask bit make a first byte that is no length; both are rare.
                if (start > at + 2 or length < 126) and length <= limit and start + length <= size:
                    at = start + length
                    payload = data[start:at]
                    if not payload.isascii():
                        self._check_text(payload)
                    messages.append((_TEXT, payload))
                    continue
            end = self._read_frame(data, at, messages)
            if end is None:
                self.rest = bytearray(data[at:])
                break
            at = end
        return messages

    def _read_frame(self, data: bytes, at: int, messages: list[tuple[int, bytes]]) -> int | None:
        """Take any frame and return its end, or None if it is not all there."""
        size = len(data) - at
        if size < 2:
            self._needed_bytes = 2
            return None
        opcode = _OPCODES.get(data[at] & 0x0F)
        length = data[at + 1]
        start = at + 2
        if opcode is None:
            raise self._broken(f"got a frame with the reserved opcode {data[at] & 0x0F:#x}")
        if length & _MASKED:
            raise self._broken(f"got a masked {opcode.name} frame; a server must not mask")
        if length >= 126:
            start += 2 if length == 126 else 8
            if start > len(data):
                self._needed_bytes = start - at
                return None
            length = int.from_bytes(data[at + 2 : start], "big")
        # As the library does it, an open fragmented message leaves less even to control frames.
        if length > self._max_message_bytes - self._size_bytes:
            raise self._broken(
                f"got a {opcode.name} frame of {length} bytes after {self._size_bytes} bytes of "
                f"its message; the limit is {self._max_message_bytes} bytes"
            )
        end = start + length
        if end > len(data):
            self._needed_bytes = end - at
            return None
        if data[at] & _RESERVED_BITS:
            raise self._broken(
                f"got a {opcode.name} frame with the first byte {data[at]:#04x}; its reserved bits "
                "must be 0, as no extension was agreed"
            )
        is_final = data[at] >= _FINAL
        if opcode >= Opcode.CLOSE:
            self._take_control(opcode, data[start:end], is_final=is_final)
            messages.append((opcode, data[start:end]))
        else:
            self._take_data(opcode, data[start:end], messages, is_final=is_final)
        return end

    def _take_control(self, opcode: Opcode, payload: bytes, *, is_final: bool) -> None:
        if len(payload) > _MAX_CONTROL_BYTES:
            raise self._broken(
                f"got {opcode.name} with {len(payload)} bytes; a control frame has at most "
                f"{_MAX_CONTROL_BYTES}"
            )
        if not is_final:
            raise self._broken(f"got a fragment of {opcode.name}; control frames must be whole")
        if opcode is Opcode.CLOSE:
            self._is_over = True
            self.is_between_messages = False
            parse_close(payload)
            if self._opened is not None:
                raise self._broken("got CLOSE in the middle of a fragmented message")

    def _take_data(
        self,
        opcode: Opcode,
        payload: bytes,
        messages: list[tuple[int, bytes]],
        *,
        is_final: bool,
    ) -> None:
        if opcode is Opcode.CONT:
            if self._opened is None:
                raise self._broken("got CONT, but no fragmented message is open")
            opcode = self._opened
        elif self._opened is not None:
            raise self._broken(f"got {opcode.name} in the middle of a fragmented message")
        fragments = [] if self._fragments is None else self._fragments
        fragments.append(payload)
        if not is_final:
            self._opened = opcode
            self._fragments = fragments
            self._size_bytes += len(payload)
            self.is_between_messages = False
            return
        message = b"".join(fragments)
        self._opened = self._fragments = None
        self._size_bytes = 0
        self.is_between_messages = True
        if opcode is _TEXT:
            self._check_text(message)
        messages.append((opcode, message))

    def _check_text(self, payload: bytes) -> None:
        try:
            payload.decode()
        except UnicodeDecodeError as error:
            self._is_over = True
            self.is_between_messages = False
            raise RemoteProtocolError(
                f"got a TEXT message that is not UTF-8 at byte {error.start} of {len(payload)}"
            ) from error

    def _broken(self, text: str) -> RemoteProtocolError:
        self._is_over = True
        self.is_between_messages = False
        return RemoteProtocolError(text)
