"""HTTP/1.1 requests from bytes, and answers to them: what our small HTTP servers need, no more.

One rule: bytes may be split anywhere. Bodies have a length or come in chunks; whatever else a
server of the open web must know (upgrades, trailers, other encodings) is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from loadtest.errors import RemoteProtocolError

__all__ = ["Request", "RequestParser", "encode_answer"]

_END_OF_HEAD = b"\r\n\r\n"
_MAX_HEAD_BYTES = 64 * 1024
_MAX_CHUNK_LINE_BYTES = 1_024
_MAX_BODY_BYTES = 4 * 1024 * 1024
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.([01])")
_SIZE = re.compile(rb"[0-9]{1,9}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;.*)?")


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request."""

    method: str
    path: str
    body: bytes
    is_last: bool
    """Whether the peer closes the connection after it."""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)
    """By name in lower case; of a repeated header the last one."""


@dataclass(slots=True)
class _Head:
    method: str
    path: str
    is_last: bool
    headers: Mapping[str, str]
    length: int | None
    """None: the body comes in chunks."""
    expects_continue: bool
    chunks: list[bytes] = field(default_factory=list)
    size: int = 0


class RequestParser:
    """Reads the requests of one connection."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._head: _Head | None = None

    def take_continue(self) -> bool:
        """Tell, once for each request, whether the peer sends no body before it is told to."""
        if self._head is None or not self._head.expects_continue or self._data:
            return False
        self._head.expects_continue = False
        return True

    def feed(self, data: bytes) -> Iterator[Request]:
        """Yield the requests that these bytes complete.

        Raises:
            RemoteProtocolError: They are not HTTP/1.1, or too long.
        """
        self._data += data
        while True:
            if self._head is None:
                self._head = self._take_head()
            if self._head is None:
                return
            head = self._head
            body = self._take_chunked(head) if head.length is None else self._take(head.length)
            if body is None:
                return
            self._head = None
            yield Request(head.method, head.path, body, head.is_last, head.headers)

    def _take_head(self) -> _Head | None:
        end = self._data.find(_END_OF_HEAD)
        if end < 0:
            if len(self._data) > _MAX_HEAD_BYTES:
                raise RemoteProtocolError(
                    f"a request's head has more than {_MAX_HEAD_BYTES} bytes; that is too long"
                )
            return None
        first, *lines = bytes(self._data[:end]).split(b"\r\n")
        del self._data[: end + len(_END_OF_HEAD)]
        found = _REQUEST_LINE.fullmatch(first)
        if found is None:
            raise RemoteProtocolError(f"got {first[:80]!r}; expected an HTTP/1.1 request")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in lines)
        }
        connection = headers.get(b"connection", b"").lower()
        is_last = connection == b"close" or (found[3] == b"0" and connection != b"keep-alive")
        return _Head(
            found[1].decode(),
            found[2].decode("latin-1"),
            is_last,
            {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()},
            _length(headers),
            expects_continue=headers.get(b"expect", b"").lower() == b"100-continue",
        )

    def _take(self, length: int) -> bytes | None:
        if len(self._data) < length:
            return None
        body = bytes(self._data[:length])
        del self._data[:length]
        return body

    def _take_chunked(self, head: _Head) -> bytes | None:
        while (line_end := self._data.find(b"\r\n")) >= 0:
            line = bytes(self._data[:line_end])
            found = _CHUNK_SIZE.fullmatch(line)
            if found is None:
                raise RemoteProtocolError(f"got {line[:80]!r}; expected the size of a chunk")
            size = int(found[1], 16)
            _check_size(head.size + size)
            start = line_end + 2
            if len(self._data) < start + size + 2:
                return None
            chunk = bytes(self._data[start : start + size])
            if self._data[start + size : start + size + 2] != b"\r\n":
                raise RemoteProtocolError(f"a chunk of {size} bytes does not end after them")
            del self._data[: start + size + 2]
            if not size:
                return b"".join(head.chunks)
            head.chunks.append(chunk)
            head.size += size
        if len(self._data) > _MAX_CHUNK_LINE_BYTES:
            raise RemoteProtocolError(
                f"got {bytes(self._data[:80])!r}; expected the size of a chunk"
            )
        return None


def encode_answer(status: HTTPStatus, content_type: str, body: bytes, *, is_last: bool) -> bytes:
    """Return an answer; the connection is to be closed behind the last one."""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n{'Connection: close' if is_last else ''}"
    )
    return head.rstrip().encode() + _END_OF_HEAD + body


def _length(headers: Mapping[bytes, bytes]) -> int | None:
    encoding = headers.get(b"transfer-encoding", b"").lower()
    if encoding == b"chunked":
        return None
    if encoding:
        raise RemoteProtocolError(f"transfer-encoding is {encoding[:80]!r}; it must be chunked")
    text = headers.get(b"content-length", b"0")
    if _SIZE.fullmatch(text) is None:
        raise RemoteProtocolError(f"content-length is {text[:80]!r}; it must be a number")
    _check_size(int(text))
    return int(text)


def _check_size(size: int) -> None:
    if size > _MAX_BODY_BYTES:
        raise RemoteProtocolError(
            f"a body has {size} bytes; it must be at most {_MAX_BODY_BYTES} bytes"
        )
