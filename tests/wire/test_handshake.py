"""The opening handshake against the ``websockets`` library's server side."""

import pytest
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from loadtest.errors import LocalProtocolError, RemoteProtocolError
from loadtest.wire.handshake import ClientHandshake

URI = "ws://127.0.0.1:8080/rtm/websocket?api-key=a%20key"


def answer_of_the_library(request: bytes, subprotocols: list[str] | None) -> bytes:
    """Return what a server of the library says to our request."""
    server = ServerProtocol(subprotocols=[Subprotocol(name) for name in subprotocols or []] or None)
    server.receive_data(request)
    parsed = server.events_received()[0]
    assert isinstance(parsed, Request)
    server.send_response(server.accept(parsed))
    return b"".join(server.data_to_send())


def test_the_request_names_path_host_subprotocol_and_extra_headers() -> None:
    handshake = ClientHandshake(
        URI, subprotocol="v12.stomp", extra_headers=[("Origin", "http://a")]
    )

    lines = handshake.request().decode().split("\r\n")

    assert lines[0] == "GET /rtm/websocket?api-key=a%20key HTTP/1.1"
    assert "Host: 127.0.0.1:8080" in lines
    assert "Sec-WebSocket-Protocol: v12.stomp" in lines
    assert "Origin: http://a" in lines
    assert not [line for line in lines if line.startswith("Sec-WebSocket-Extensions")]


@pytest.mark.parametrize("step_bytes", [1, 2, 3, 7, 10_000])
def test_bytes_after_the_handshake_are_handed_back(step_bytes: int) -> None:
    handshake = ClientHandshake(URI, subprotocol="v12.stomp")
    following = b"\x81\x05early\r\n\r\n"
    answer = answer_of_the_library(handshake.request(), ["v12.stomp"])
    data = answer + following
    for start in range(0, len(data), step_bytes):
        rest = handshake.receive(data[start : start + step_bytes])
        if rest is not None:
            break

    assert rest is not None
    assert rest == following[: len(rest)]
    assert start + step_bytes >= len(answer)
    assert rest + data[start + step_bytes :] == following


def test_a_server_without_the_subprotocol_is_refused() -> None:
    handshake = ClientHandshake(URI, subprotocol="v12.stomp")
    answer = answer_of_the_library(handshake.request(), None)

    with pytest.raises(RemoteProtocolError, match="no subprotocol; it must choose v12"):
        handshake.receive(answer)


def test_another_subprotocol_is_refused() -> None:
    handshake = ClientHandshake(URI, subprotocol="v12.stomp")
    request = handshake.request().replace(b"v12.stomp", b"v11.stomp")

    with pytest.raises(RemoteProtocolError, match="unsupported subprotocol: v11"):
        handshake.receive(answer_of_the_library(request, ["v11.stomp"]))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        pytest.param(
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 11\r\n\r\nwrong\n key\n",
            "refused the WebSocket: HTTP 401 Unauthorized wrong key$",
            id="a refusal with a body",
        ),
        pytest.param(
            b"HTTP/1.1 404 \r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
            "HTTP 404 no$",
            id="a refusal with a chunked body",
        ),
        pytest.param(
            b"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204 No Content$", id="without a body"
        ),
        pytest.param(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: wrong\r\n\r\n",
            "Sec-WebSocket-Accept header: wrong",
            id="a wrong key",
        ),
        pytest.param(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
            "Upgrade header: h2c",
            id="another protocol",
        ),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "valid HTTP response: .*SSH", id="not HTTP"),
        pytest.param(b"\x15\x03\x01" + b"\xff" * 9000, "expected no more than 8192", id="binary"),
    ],
)
def test_a_refused_or_garbled_handshake_says_what_came(answer: bytes, text: str) -> None:
    whole = ClientHandshake(URI, subprotocol="v12.stomp")
    by_byte = ClientHandshake(URI, subprotocol="v12.stomp")
    whole.request()
    by_byte.request()

    with pytest.raises(RemoteProtocolError, match=text):
        whole.receive(answer)
    with pytest.raises(RemoteProtocolError, match=text):
        for byte in answer:
            by_byte.receive(bytes((byte,)))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"", "connection closed while reading HTTP status line", id="at once"),
        pytest.param(b"HTTP/1.1 101 Swi", "connection closed while reading", id="in the head"),
        pytest.param(
            b"HTTP/1.1 503 Busy\r\n\r\ncome again", "HTTP 503 Busy come again", id="after a body"
        ),
    ],
)
def test_a_connection_that_ends_early_says_how_far_it_came(data: bytes, text: str) -> None:
    handshake = ClientHandshake(URI, subprotocol="v12.stomp")
    handshake.request()

    assert handshake.receive(data) is None
    with pytest.raises(RemoteProtocolError, match=text):
        handshake.receive_eof()


@pytest.mark.parametrize("uri", ["http://host/", "ws://", "ws://host:99999/", "ws://host/#part"])
def test_a_bad_address_is_a_local_error_that_does_not_repeat_it(uri: str) -> None:
    with pytest.raises(LocalProtocolError, match="this is no WebSocket address: ") as caught:
        ClientHandshake(uri + "?api-key=secret", subprotocol="v12.stomp")

    assert "secret" not in str(caught.value)


def test_a_header_that_the_library_sets_itself_is_replaced() -> None:
    handshake = ClientHandshake(
        URI, subprotocol="v12.stomp", extra_headers=[("host", "other.test"), ("Cookie", "a=b")]
    )
    lines = handshake.request().split(b"\r\n")
    assert [line for line in lines if line.lower().startswith(b"host:")] == [b"host: other.test"]
    assert b"Cookie: a=b" in lines
