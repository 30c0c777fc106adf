"""The client side of the opening handshake of WebSocket (RFC 6455).

It is judged by the ``websockets`` library; one that is plainly right is accepted here, faster.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NoReturn

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidMessage, InvalidStatus, InvalidURI
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import CONNECTING, OPEN
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri
from websockets.utils import accept_key, generate_key

from loadtest.errors import LocalProtocolError, RemoteProtocolError
from loadtest.wire.deflate import Deflate, deflate_factory
from loadtest.wire.websocket import MAX_MESSAGE_BYTES

__all__ = ["ClientHandshake"]

_EXCERPT_LENGTH = 200
_BLANK_LINE = b"\r\n\r\n"
_STATUS_LINE = b"HTTP/1.1 101 "
_MAX_HEAD_BYTES = 16 * 1024


class ClientHandshake:
    """The opening handshake, judged by the ``websockets`` library's own sans-I/O code.

    The request is the library's, made once per address. An answer that is plainly the one expected
    is accepted here, in a tenth of the library's time, which counts when thousands of devices
    connect at once; whatever else comes is the library's to judge.
    """

    __slots__ = (
        "_extra_headers",
        "_head",
        "_key",
        "_offers_deflate",
        "_protocol",
        "_subprotocol",
        "_tail",
        "_uri",
    )

    def __init__(
        self,
        uri: str,
        *,
        subprotocol: str,
        extra_headers: Iterable[tuple[str, str]] = (),
        offers_deflate: bool = False,
    ) -> None:
        self._uri = uri
        self._subprotocol = subprotocol
        self._extra_headers = tuple(extra_headers)
        self._offers_deflate = offers_deflate
        self._key = generate_key()
        self._head = b""
        # Made when an answer is not plainly the expected one.
        self._protocol: ClientProtocol | None = None
        self._tail = b""
        # An address that cannot be used must be refused before anything is written.
        self._parts()

    def _parts(self) -> tuple[bytes, bytes]:
        return _request_parts(
            self._uri, self._subprotocol, self._extra_headers, offers_deflate=self._offers_deflate
        )

    def request(self) -> bytes:
        """Return the HTTP request to write; call it once."""
        before, after = self._parts()
        return b"%b%b%b" % (before, self._key.encode(), after)

    @property
    def deflate(self) -> Deflate | None:
        """What reads and writes messages if the server agreed to compress them, else None."""
        for extension in self._protocol.extensions if self._protocol is not None else ():
            if isinstance(extension, PerMessageDeflate):
                return Deflate(extension, max_message_bytes=MAX_MESSAGE_BYTES)
        return None

    def receive(self, data: bytes) -> bytes | None:
        """Return None while the answer is incomplete, then the bytes that follow it.

        Those are the first bytes of the WebSocket: hand them to a ``MessageReader``.

        Raises:
            RemoteProtocolError: The server refused, chose another subprotocol, or did not answer
                with HTTP.
        """
        if self._protocol is not None:
            return self._judge(self._protocol, data)
        self._head += data
        end = self._head.find(_BLANK_LINE)
        is_promising = _STATUS_LINE.startswith(self._head[: len(_STATUS_LINE)])
        if end < 0 and is_promising and len(self._head) < _MAX_HEAD_BYTES:
            return None
        if end >= 0 and self._is_plain_success(self._head[:end]):
            return self._head[end + len(_BLANK_LINE) :]
        return self._judge(self._library(), self._head)

    def _is_plain_success(self, head: bytes) -> bool:
        """Whether this is an answer with all that a client must check, and with no surprise."""
        status, *lines = head.split(b"\r\n")
        fields = [line.partition(b": ")[::2] for line in lines]
        headers = {name.lower(): value for name, value in fields}
        return (
            status.startswith(_STATUS_LINE)
            and len(headers) == len(lines)
            and headers.get(b"upgrade", b"").lower() == b"websocket"
            and headers.get(b"connection", b"").lower() == b"upgrade"
            and headers.get(b"sec-websocket-accept") == accept_key(self._key).encode()
            and headers.get(b"sec-websocket-protocol") == self._subprotocol.encode()
            and b"sec-websocket-extensions" not in headers
        )

    def _library(self) -> ClientProtocol:
        """Return the library's view of this handshake, its request sent."""
        protocol = _new_protocol(self._uri, self._subprotocol, offers_deflate=self._offers_deflate)
        protocol.key = self._key
        protocol.send_request(protocol.connect())
        protocol.data_to_send()
        self._protocol = protocol
        return protocol

    def _judge(self, protocol: ClientProtocol, data: bytes) -> bytes | None:
        rest = b""
        # The library would go on and read frames; it gets the head only. The blank line after the
        # head may be cut in two.
        head_end = (self._tail + data).find(_BLANK_LINE)
        if protocol.state is CONNECTING and head_end >= 0:
            size = head_end + len(_BLANK_LINE) - len(self._tail)
            data, rest = data[:size], data[size:]
        self._tail = (self._tail + data)[1 - len(_BLANK_LINE) :]
        protocol.receive_data(data)
        self._raise_if_failed(protocol)
        if protocol.state is OPEN:
            self._check_subprotocol(protocol)
            return rest
        if rest:
            protocol.receive_data(rest)
            self._raise_if_failed(protocol)
        return None

    def receive_eof(self) -> NoReturn:
        """Say why the connection ended before the answer was complete.

        Raises:
            RemoteProtocolError: Always; with the refusal, if that is what came.
        """
        protocol = self._protocol
        if protocol is None:
            protocol = self._library()
            protocol.receive_data(self._head)
        protocol.receive_eof()
        self._raise_if_failed(protocol)
        raise RemoteProtocolError("the server closed the connection during the handshake")

    def _raise_if_failed(self, protocol: ClientProtocol) -> None:
        failure = protocol.handshake_exc
        if failure is None:
            return
        if isinstance(failure, InvalidStatus):
            response = failure.response
            body = " ".join(bytes(response.body).decode(errors="replace").split())
            text = f"the server refused the WebSocket: HTTP {response.status_code}"
            for part in (response.reason_phrase, body[:_EXCERPT_LENGTH]):
                text += f" {part}" if part else ""
            raise RemoteProtocolError(text) from failure
        cause = f": {failure.__cause__}" if isinstance(failure, InvalidMessage) else ""
        raise RemoteProtocolError(f"the WebSocket handshake failed: {failure}{cause}") from failure

    def _check_subprotocol(self, protocol: ClientProtocol) -> None:
        if protocol.subprotocol is None:
            raise RemoteProtocolError(
                f"the server chose no subprotocol; it must choose {self._subprotocol}"
            )


def _new_protocol(uri: str, subprotocol: str, *, offers_deflate: bool) -> ClientProtocol:
    return ClientProtocol(
        _parsed(uri),
        subprotocols=[Subprotocol(subprotocol)],
        extensions=[deflate_factory()] if offers_deflate else None,
    )


@lru_cache(maxsize=32)
def _request_parts(
    uri: str,
    subprotocol: str,
    extra_headers: tuple[tuple[str, str], ...],
    *,
    offers_deflate: bool,
) -> tuple[bytes, bytes]:
    """Return what stands before and after the key in the library's request to this address."""
    protocol = _new_protocol(uri, subprotocol, offers_deflate=offers_deflate)
    request = protocol.connect()
    for name, _value in extra_headers:
        # One that the library sets itself, such as Host, is replaced.
        request.headers.pop(name, None)
    for name, value in extra_headers:
        request.headers[name] = value
    protocol.send_request(request)
    before, _, after = b"".join(protocol.data_to_send()).partition(protocol.key.encode())
    return before, after


def _parsed(uri: str) -> WebSocketURI:
    try:
        return parse_uri(uri)
    # The address is not repeated: it holds the API key.
    except InvalidURI as error:
        raise LocalProtocolError(f"this is no WebSocket address: {error.msg}") from None
    except ValueError as error:
        raise LocalProtocolError(f"this is no WebSocket address: {error}") from None
