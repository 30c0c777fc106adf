"""Connections of the Platform API, on transports in memory; real ones are in ``test_app``."""

import asyncio
import logging
from http import HTTPStatus

import pytest

from loadtest.server.http.http_caller import HttpCaller
from loadtest.wire.http import Request, encode_answer


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


def echo(request: Request) -> bytes:
    body = f"{request.method} {request.path}".encode()
    return encode_answer(HTTPStatus.OK, "text/plain", body, is_last=request.is_last)


def defect(_request: Request) -> bytes:
    raise KeyError("a defect")


@pytest.fixture
def lost() -> list[HttpCaller]:
    return []


@pytest.fixture
def transport() -> Transport:
    return Transport()


@pytest.fixture
def caller(transport: Transport, lost: list[HttpCaller]) -> HttpCaller:
    caller = HttpCaller(echo, lost.append)
    caller.connection_made(transport)
    return caller


def test_requests_are_answered_in_order_on_one_connection(
    caller: HttpCaller, transport: Transport
) -> None:
    for piece in (b"GET /a HTTP/1.1\r\n\r\nDELETE /b HT", b"TP/1.1\r\n\r\n"):
        caller.data_received(piece)

    first, second = transport.written.find(b"GET /a"), transport.written.find(b"DELETE /b")
    assert 0 < first < second
    assert transport.state == "open"


def test_the_connection_closes_behind_the_last_answer(
    caller: HttpCaller, transport: Transport
) -> None:
    caller.data_received(b"GET /a HTTP/1.1\r\nConnection: close\r\n\r\n")

    assert b"Connection: close" in transport.written
    assert transport.state == "closed"


def test_what_is_no_http_is_answered_with_400(caller: HttpCaller, transport: Transport) -> None:
    caller.data_received(b"POST nonsense\r\n\r\n")

    assert transport.written.startswith(b"HTTP/1.1 400")
    assert transport.state == "closed"


def test_a_body_is_asked_for_when_it_waits_to_be(caller: HttpCaller, transport: Transport) -> None:
    head = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    caller.data_received(head)

    assert transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_a_defect_ends_the_connection_and_is_logged(
    transport: Transport, lost: list[HttpCaller], caplog: pytest.LogCaptureFixture
) -> None:
    caller = HttpCaller(defect, lost.append)
    caller.connection_made(transport)

    with caplog.at_level(logging.ERROR):
        caller.data_received(b"GET /a HTTP/1.1\r\n\r\n")

    assert transport.state == "aborted"
    assert "a request could not be answered" in caplog.text


def test_the_end_is_told(caller: HttpCaller, transport: Transport, lost: list[HttpCaller]) -> None:
    caller.close()
    caller.connection_lost(None)

    assert transport.state == "closed"
    assert lost == [caller]
