"""Compressed WebSocket messages: ``permessage-deflate`` as the ``websockets`` library does it.

It is off unless a run asks for it, so speed matters less than here being nothing of our own: frames
are parsed, inflated and deflated by the library. What a small frame inflates to is bounded by the
size of a message.
"""

from collections.abc import Generator

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
)
from websockets.frames import Frame
from websockets.frames import Opcode as LibraryOpcode
from websockets.streams import StreamReader

from loadtest.errors import RemoteProtocolError

__all__ = ["Deflate", "deflate_factory"]

_CONT = int(LibraryOpcode.CONT)
_TEXT = int(LibraryOpcode.TEXT)
_BINARY = int(LibraryOpcode.BINARY)
_CLOSE = int(LibraryOpcode.CLOSE)


def deflate_factory() -> ClientPerMessageDeflateFactory:
    """Return what offers the extension in an opening handshake, as browsers do."""
    # As the library's own client has it: a fifth of the memory of zlib's default.
    return ClientPerMessageDeflateFactory(
        client_max_window_bits=True, compress_settings={"memLevel": 5}
    )


class Deflate:
    """Messages of one connection on which the extension was agreed, in both directions."""

    __slots__ = ("_extension", "_is_over", "_max_bytes", "_messages", "_parser", "_stream")

    def __init__(self, extension: PerMessageDeflate, *, max_message_bytes: int) -> None:
        self._extension = extension
        self._max_bytes = max_message_bytes
        self._stream = StreamReader()
        self._messages: list[tuple[int, bytes]] = []
        self._is_over = False
        self._parser = self._parse()
        next(self._parser)

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return what these bytes complete, as ``MessageReader.feed`` does.

        Raises:
            RemoteProtocolError: The server broke a rule, or a message is too long.
        """
        if self._is_over:
            return []
        self._stream.feed_data(data)
        try:
            next(self._parser)
        except StopIteration:
            self._is_over = True
        except (ProtocolError, PayloadTooBig) as error:
            self._is_over = True
            raise RemoteProtocolError(f"got a frame that cannot be used: {error}") from error
        messages, self._messages = self._messages, []
        return messages

    def encode(self, opcode: int, payload: bytes) -> bytes:
        """Return one masked frame; messages are compressed, control frames are not."""
        frame = Frame(LibraryOpcode(opcode), payload)
        return frame.serialize(mask=True, extensions=[self._extension])

    def _parse(self) -> Generator[None]:
        """Read frames, and join their fragments, until the server closes."""
        fragments: list[bytes] = []
        opened = size = 0
        yield
        while True:
            frame = yield from Frame.parse(
                self._stream.read_exact,
                mask=False,
                max_size=self._max_bytes - size,
                extensions=[self._extension],
            )
            opcode = int(frame.opcode)
            if opcode > _BINARY:
                self._messages.append((opcode, bytes(frame.data)))
                if opcode == _CLOSE:
                    return
                continue
            if (opcode == _CONT) != bool(opened):
                raise ProtocolError("a message's fragments are out of order")
            opened = opened or opcode
            fragments.append(bytes(frame.data))
            size += len(frame.data)
            if frame.fin:
                self._messages.append((opened, _checked(opened, b"".join(fragments))))
                fragments.clear()
                opened = size = 0


def _checked(opcode: int, message: bytes) -> bytes:
    if opcode == _TEXT:
        try:
            message.decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(
                f"a TEXT message is not UTF-8 at byte {error.start} of {len(message)}"
            ) from error
    return message
