"""Connections of a small HTTP server, on transports in memory."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus

import pytest

from loadtest.http import Answer, HttpCaller, Request
from loadtest.http import caller as caller_module


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.state = "open"

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"


def echo(request: Request) -> Answer:
    return Answer(HTTPStatus.OK, f"{request.method} {request.path}".encode(), "text/plain")


def defect(_request: Request) -> Answer:
    raise KeyError("a defect")


class Scene:
    """A caller on a transport in memory, and what it tells."""

    def __init__(self, answer: Callable[[Request], Answer] = echo) -> None:
        self.told: list[object] = []
        self.transport = Transport()
        self.caller = HttpCaller(
            answer,
            lambda _caller: self.told.append("lost"),
            on_read=lambda: self.told.append("read"),
            on_refused=lambda reason: self.told.append(("refused", reason)),
        )
        self.caller.connection_made(self.transport)

    def hear(self, *pieces: bytes) -> bytes:
        """Give the caller bytes; return what it wrote."""

        async def feed() -> None:
            for piece in pieces:
                self.caller.data_received(piece)

        asyncio.run(feed())
        return self.transport.written


GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


def test_requests_are_answered_in_order_on_one_connection() -> None:
    scene = Scene()
    written = scene.hear(GET + b"DELETE /b HT", b"TP/1.1\r\nHost: x\r\n\r\n")

    assert 0 < written.find(b"GET /a") < written.find(b"DELETE /b")
    assert scene.transport.state == "open"
    assert scene.told == ["read", "read"]


def test_the_connection_closes_behind_the_last_answer() -> None:
    scene = Scene()
    written = scene.hear(GET.replace(b"Host", b"Connection: close\r\nHost"))

    assert b"GET /a" in written
    assert scene.transport.state == "closed"


def test_what_is_no_http_is_answered_with_400() -> None:
    scene = Scene()
    assert scene.hear(b"POST nonsense\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert scene.transport.state == "closed"
    assert scene.told[-1] == ("refused", "illegal request line: bytearray(b'POST nonsense')")


def test_a_defect_ends_the_connection_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(defect)
    with caplog.at_level(logging.ERROR):
        scene.hear(GET)

    assert scene.transport.state == "aborted"
    assert "a request could not be answered" in caplog.text


def test_the_end_is_told() -> None:
    scene = Scene()
    scene.caller.close()
    scene.caller.connection_lost(None)

    assert scene.transport.state == "closed"
    assert scene.told == ["lost"]


@pytest.mark.parametrize("piece", [GET[:5], GET[:-2], GET + GET[:9]], ids=["line", "head", "next"])
def test_a_half_request_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, piece: bytes) -> None:
    monkeypatch.setattr(caller_module, "REQUEST_TIMEOUT_S", 0.01)
    scene = Scene()

    async def wait() -> None:
        scene.caller.data_received(piece)
        while scene.transport.state == "open":  # noqa: ASYNC110 - a transport in memory tells nobody
            await asyncio.sleep(0.005)

    asyncio.run(asyncio.wait_for(wait(), 10))
    assert b"HTTP/1.1 408 Request Timeout" in scene.transport.written


def test_a_connection_between_requests_may_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_module, "REQUEST_TIMEOUT_S", 0.01)
    scene = Scene()

    async def wait() -> None:
        scene.caller.data_received(GET[:7])
        scene.caller.data_received(GET[7:])
        await asyncio.sleep(0.1)

    asyncio.run(wait())
    assert scene.transport.state == "open"
