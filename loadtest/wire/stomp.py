"""STOMP 1.2 frames: bytes from frames, frames from bytes, and heart-beat arithmetic.

The parser takes the bytes in any pieces and gives the same frames. It does not know which
side it plays, so it takes the frames of both. What a frame means, and which one may come when, is
not here; nor is the carrier that frames these bytes a second time (``websocket``).

We are strict in what we send and take a little more than STOMP allows: a raw colon in a header's
value (a name is what stands before the first colon), and a body in any frame.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from loadtest.errors import LocalProtocolError, RemoteProtocolError

__all__ = [
    "COMMANDS",
    "HEART_BEAT",
    "MAX_FRAME_BYTES",
    "Frame",
    "FrameParser",
    "Headers",
    "HeartBeat",
    "encode",
    "header_value",
    "negotiate_heart_beat",
    "parse_heart_beat",
]

HEART_BEAT: bytes = b"\n"

MAX_FRAME_BYTES = 4 * 1024 * 1024

_CLIENT_COMMANDS = (
    "CONNECT",
    "STOMP",
    "SEND",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "ACK",
    "NACK",
    "BEGIN",
    "COMMIT",
    "ABORT",
    "DISCONNECT",
)
_SERVER_COMMANDS = ("CONNECTED", "MESSAGE", "RECEIPT", "ERROR")

COMMANDS = frozenset(_CLIENT_COMMANDS + _SERVER_COMMANDS)

_WITH_BODY = frozenset({"SEND", "MESSAGE", "ERROR"})
# These two come before both sides know that they speak 1.2, the version that has escapes.
_UNESCAPED = frozenset({"CONNECT", "CONNECTED"})

_ESCAPES = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", ":": "\\c"}
_UNESCAPES = {escaped: plain for plain, escaped in _ESCAPES.items()}
_NEEDS_ESCAPE = re.compile(r"[\\\r\n:]")
# The second alternative is a lone backslash at the end.
_ESCAPE = re.compile(r"\\.|\\", re.DOTALL)
_LINE_END = re.compile(r"[\r\n]")
_HEAD_END = re.compile(rb"\n\r?\n")
_COUNT = re.compile(r"[0-9]{1,10}")
_HEART_BEAT_VALUE = re.compile(r"([0-9]{1,10}),([0-9]{1,10})")

_LF = 0x0A
_CR = 0x0D
_NUL = 0x00
_EXCERPT_LENGTH = 60

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One STOMP frame; its headers are unescaped and in wire order."""

    command: str
    headers: Headers = ()
    body: bytes = b""

    def get(self, name: str) -> str | None:
        """Return a header's value, or None; of repeated headers the first counts."""
        for header_name, value in self.headers:
            if header_name == name:
                return value
        return None

    def require(self, name: str) -> str:
        """Return a header's value.

        Raises:
            RemoteProtocolError: The frame has no such header.
        """
        value = self.get(name)
        if value is None:
            raise RemoteProtocolError(f"got {self.command} without the header {name}")
        return value


class HeartBeat(NamedTuple):
    """Two periods in milliseconds, 0 for never: as a header says them, or as agreed."""

    outgoing_ms: int
    incoming_ms: int


def parse_heart_beat(value: str) -> HeartBeat:
    """Return the two periods of a ``heart-beat`` header.

    Raises:
        RemoteProtocolError: The value is not two whole numbers with a comma between them.
    """
    found = _HEART_BEAT_VALUE.fullmatch(value)
    if found is None:
        raise RemoteProtocolError(
            f"heart-beat is {_excerpt(value)}; it must be two whole numbers of milliseconds, "
            "like 60000,10000"
        )
    return HeartBeat(int(found[1]), int(found[2]))


def negotiate_heart_beat(offer: tuple[int, int], answer: tuple[int, int]) -> HeartBeat:
    """Return the periods that hold for the side whose header is ``offer``.

    ``outgoing_ms`` is how often it must send, ``incoming_ms`` how often it may expect something;
    0 where one of the two sides does not want that direction. Works for either side: the other one
    calls it with the arguments exchanged.
    """
    can_send, wants = offer
    peer_can_send, peer_wants = answer
    return HeartBeat(
        outgoing_ms=max(can_send, peer_wants) if can_send and peer_wants else 0,
        incoming_ms=max(peer_can_send, wants) if peer_can_send and wants else 0,
    )


def encode(command: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b"") -> bytes:
    """Return one frame as bytes, with its closing NUL.

    Headers keep their order. ``content-length`` is added as the last one if there is a body and it
    is not given.

    Raises:
        LocalProtocolError: The frame would break a rule of STOMP.
    """
    if command not in COMMANDS:
        raise LocalProtocolError(f"{_excerpt(command)} is not a command of STOMP 1.2")
    if body and command not in _WITH_BODY:
        raise LocalProtocolError(f"{command} has a body of {len(body)} bytes; it must have none")
    headers = _with_content_length(command, tuple(headers), len(body))
    # One search for all: few headers need an escape.
    if _NEEDS_ESCAPE.search("".join(chain.from_iterable(headers))) is not None:
        headers = _escaped(command, headers)
    head = "".join([f"{name}:{value}\n" for name, value in headers])
    return b"%b\n%b\0" % (_head_bytes(command, head), body)


def _with_content_length(command: str, headers: Headers, size_bytes: int) -> Headers:
    said: str | None = None
    for name, value in headers:
        if not name:
            raise LocalProtocolError(f"{command} has a header without a name")
        if said is None and name == "content-length":
            said = value
    if said is None:
        return (*headers, ("content-length", str(size_bytes))) if size_bytes else headers
    if said != str(size_bytes):
        raise LocalProtocolError(
            f"{command} says content-length {_excerpt(said)}; its body has {size_bytes} bytes"
        )
    return headers


def _head_bytes(command: str, head: str) -> bytes:
    if "\0" in head:
        raise LocalProtocolError(f"{command} has a NUL in a header; STOMP cannot carry it")
    try:
        return f"{command}\n{head}".encode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"{command} has a header that is not text: {error}") from error


def _escaped(command: str, headers: Headers) -> Headers:
    if command not in _UNESCAPED:
        return tuple((_escape(name), _escape(value)) for name, value in headers)
    for name, value in headers:
        # A peer splits at the first colon, so only the name must be free of it.
        if _LINE_END.search(name + value) or ":" in name:
            raise LocalProtocolError(
                f"{command} has the header {_excerpt(f'{name}:{value}')}; nothing is escaped "
                "here, so it must hold no line end, and its name no colon"
            )
    return headers


def header_value(text: str) -> bytes:
    """Return ``text``, which has no NUL, as it stands in a header of any frame but CONNECT."""
    return (_escape(text) if _NEEDS_ESCAPE.search(text) is not None else text).encode()


def _escape(text: str) -> str:
    return _NEEDS_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)


class _Head(NamedTuple):
    """A frame whose head is read and whose body is not."""

    command: str
    headers: Headers
    size_bytes: int
    content_length: int | None


class FrameParser:
    """Frames from a stream of bytes, in pieces of any size, of either side.

    After an error the parser is of no more use: where the next frame begins is unknown.
    """

    __slots__ = ("_buffer", "_head", "_max_frame_bytes", "_searched")

    def __init__(self, *, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        # Empty, or begins with the first byte of an incomplete frame.
        self._buffer = bytearray()
        # Of that frame: its head, if complete, and how much holds no end of what is being read.
        # Both make many small pieces cost linear, not quadratic time.
        self._head: _Head | None = None
        self._searched = 0

    @property
    def is_partial(self) -> bool:
        """Whether a frame has begun and is not complete."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Frame | None]:
        """Return what these bytes complete: frames, and None for each lone line end between them.

        Raises:
            RemoteProtocolError: The bytes are not STOMP 1.2; frames before them in this piece are
                dropped with them.
        """
        source: bytes | bytearray = data
        if self._buffer:
            self._buffer += data
            source = self._buffer
        frames: list[Frame | None] = []
        at = 0
        size = len(source)
        while at < size:
            if self._head is None and source[at] in (_LF, _CR):
                end = _line_end(source, at)
                if end is None:
                    break
                frames.append(None)
                at = end
                continue
            head = self._head or self._read_head(source, at)
            if head is None:
                break
            body_end = self._find_body_end(source, at, head)
            if body_end is None:
                self._head = head
                break
            body = bytes(source[at + head.size_bytes : body_end])
            frames.append(Frame(head.command, head.headers, body))
            self._head = None
            self._searched = 0
            at = body_end + 1
        self._keep(source, at)
        return frames

    def _keep(self, source: bytes | bytearray, at: int) -> None:
        """Keep what was not used; nothing is copied if all was."""
        if source is self._buffer:
            del self._buffer[:at]
        elif at < len(source):
            self._buffer += source[at:]

    def _read_head(self, source: bytes | bytearray, at: int) -> _Head | None:
        # Two bytes back: the blank line may have been cut in two.
        found = _HEAD_END.search(source, max(at, at + self._searched - 2))
        if (found.end() if found else len(source)) > at + self._max_frame_bytes:
            raise self._oversize("head")
        if found is None:
            if source.find(_NUL, at + self._searched) >= 0:
                raise _nul_in_head(source[at:])
            self._searched = len(source) - at
            return None
        head = _parse_head(source[at : found.start()], found.end() - at)
        self._searched = head.size_bytes
        return head

    def _find_body_end(self, source: bytes | bytearray, at: int, head: _Head) -> int | None:
        """Return where the NUL after the body stands, or None if it has not come."""
        limit = at + self._max_frame_bytes
        if head.content_length is not None:
            end = at + head.size_bytes + head.content_length
            if end > limit:
                raise self._oversize(f"content-length {head.content_length}")
            if end >= len(source):
                return None
            if source[end] != _NUL:
                raise RemoteProtocolError(
                    f"got {head.command} with content-length {head.content_length}, but no NUL "
                    f"after that many bytes of body: {_excerpt(bytes(source[end : end + 20]))}"
                )
            return end
        end = source.find(_NUL, at + self._searched)
        if (end if end >= 0 else len(source)) > limit:
            raise self._oversize("body")
        if end < 0:
            self._searched = len(source) - at
            return None
        return end

    def _oversize(self, what: str) -> RemoteProtocolError:
        return RemoteProtocolError(
            f"got a frame whose {what} goes beyond the limit of {self._max_frame_bytes} bytes"
        )


def _line_end(source: bytes | bytearray, at: int) -> int | None:
    """Return the end of the lone line end at ``at``, or None if it is not all there."""
    if source[at] == _LF:
        return at + 1
    if at + 1 == len(source):
        return None
    if source[at + 1] != _LF:
        raise RemoteProtocolError("got a carriage return between frames without its line feed")
    return at + 2


def _parse_head(raw: bytes | bytearray, size_bytes: int) -> _Head:
    """Return the head in ``raw``, which is without the line end and the blank line after it."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(
            f"got a head that is not UTF-8 at byte {error.start}: {_excerpt(bytes(raw))}"
        ) from error
    if "\0" in text:
        raise _nul_in_head(raw)
    lines = text.split("\n")
    if "\r" in text:
        lines = [_without_carriage_return(line) for line in lines]
    command = lines[0]
    if command not in COMMANDS:
        raise RemoteProtocolError(f"got {_excerpt(command)}; it is not a command of STOMP 1.2")
    has_escapes = "\\" in text and command not in _UNESCAPED
    content_length: int | None = None
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name:
            raise RemoteProtocolError(
                f"got {command} with the header line {_excerpt(line)}; it must be a name, a colon "
                "and a value"
            )
        if has_escapes:
            name, value = _unescape(command, name), _unescape(command, value)
        if name == "content-length" and content_length is None:
            content_length = _parse_content_length(command, value)
        headers.append((name, value))
    return _Head(command, tuple(headers), size_bytes, content_length)


def _without_carriage_return(line: str) -> str:
    line = line.removesuffix("\r")
    if "\r" in line:
        raise RemoteProtocolError(
            f"got a carriage return inside the line {_excerpt(line)}; it must stand before a line "
            "feed or be escaped"
        )
    return line


def _unescape(command: str, text: str) -> str:
    try:
        return _ESCAPE.sub(lambda found: _UNESCAPES[found[0]], text)
    except KeyError as error:
        raise RemoteProtocolError(
            f"got {command} with the escape {_excerpt(error.args[0])} in {_excerpt(text)}; only "
            r"\\, \r, \n and \c exist"
        ) from error


def _parse_content_length(command: str, value: str) -> int:
    if _COUNT.fullmatch(value) is None:
        raise RemoteProtocolError(
            f"got {command} with content-length {_excerpt(value)}; it must be a whole number of "
            "bytes"
        )
    return int(value)


def _nul_in_head(raw: bytes | bytearray) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"got a NUL before the blank line that ends a head: {_excerpt(bytes(raw))}"
    )


def _excerpt(found: str | bytes) -> str:
    if len(found) <= _EXCERPT_LENGTH:
        return repr(found)
    return f"{found[:_EXCERPT_LENGTH]!r}… ({len(found)} in all)"
