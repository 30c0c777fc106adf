"""The push sink on a port.

One rule: a push arrived when its bytes were read from the socket, one reading of the clock per
read, before anything is parsed. It runs on whatever loop it is started on: the engine's inside a
run, where all instants are of one clock, or its own.
"""

import asyncio
import signal
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import orjson
import uvloop

from loadtest.clock import Clock, monotonic_ns
from loadtest.errors import RemoteProtocolError, UsageError
from loadtest.sink.pushes import PushLog, push_from_body
from loadtest.wire.http import Request, RequestParser, encode_answer

__all__ = ["PushSink", "sink_forever"]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BACKLOG = 1_024
_MAX_PORT = 65_535


class PushSink:
    """Takes pushes over HTTP: any POST is one; ``GET /stats`` and ``GET /pushes`` tell what came.

    Args:
        on_push: Is called on the loop with the ids of user, channel and message, and the instant
            of arrival.
        clock: For tests.
    """

    def __init__(
        self, on_push: Callable[[int, int, int, int], None], *, clock: Clock = monotonic_ns
    ) -> None:
        self.log = PushLog()
        self._on_push = on_push
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._callers: set[_Caller] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen on the running loop; return the URL to be called, port 0 picks a free one.

        Raises:
            UsageError: The address cannot be used.
        """
        if not 0 <= port <= _MAX_PORT:
            raise UsageError(f"sink: port is {port}; it must be 0 to {_MAX_PORT}")
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Caller(self), host, port, backlog=_BACKLOG
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(
                f"sink: cannot listen on {host} port {port}: {reason}; choose another address or "
                "port (port 0 picks a free one)"
            ) from error
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    async def stop(self) -> None:
        """Stop listening and close all connections; nothing happens if it does not run."""
        if self._server is None:
            return
        self._server.close()
        for caller in list(self._callers):
            caller.close()
        await self._server.wait_closed()

    def _answer(self, request: Request, arrived_ns: int) -> tuple[HTTPStatus, object]:
        path = request.path.partition("?")[0]
        match request.method, path:
            case "POST", _:
                return self._take(request.body, arrived_ns)
            case "GET", "/stats":
                return HTTPStatus.OK, self.log.as_json()
            case "GET", "/pushes":
                return HTTPStatus.OK, self.log.newest_as_json()
            case "GET", "/healthz":
                return HTTPStatus.OK, {"ok": True}
        problem = f"nothing is at {request.method} {path}; pushes are POST"
        return HTTPStatus.NOT_FOUND, {"problem": problem}

    def _take(self, body: bytes, arrived_ns: int) -> tuple[HTTPStatus, object]:
        try:
            push = push_from_body(body)
        except RemoteProtocolError as error:
            self.log.add_unreadable(str(error))
            return HTTPStatus.BAD_REQUEST, {"problem": str(error)}
        self.log.add(push, arrived_ns)
        self._on_push(push.user_id, push.channel_id, push.message_id, arrived_ns)
        return HTTPStatus.OK, {}


class _Caller(asyncio.Protocol):
    """One connection to a sink."""

    def __init__(self, sink: PushSink) -> None:
        self._sink = sink
        self._parser = RequestParser()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        # Those of uvloop are transports in all but name.
        self._transport = cast(asyncio.Transport, transport)
        self._sink._callers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the caller; what it had not said in full is no push."""
        self._sink._callers.discard(self)

    def data_received(self, data: bytes) -> None:
        """Answer what these bytes complete."""
        arrived_ns = self._sink._clock()
        assert self._transport is not None, "data comes after connection_made"
        try:
            for request in self._parser.feed(data):
                self._respond(*self._sink._answer(request, arrived_ns), is_last=request.is_last)
        except RemoteProtocolError as error:
            self._sink.log.add_unreadable(str(error))
            self._respond(HTTPStatus.BAD_REQUEST, {"problem": str(error)}, is_last=True)
            return
        if self._parser.take_continue():
            self._transport.write(_CONTINUE)

    def close(self) -> None:
        """Close the connection behind what was written."""
        if self._transport is not None:
            self._transport.close()

    def _respond(self, status: HTTPStatus, content: object, *, is_last: bool) -> None:
        assert self._transport is not None, "nothing is asked before connection_made"
        body = orjson.dumps(content)
        self._transport.write(encode_answer(status, "application/json", body, is_last=is_last))
        if is_last:
            self._transport.close()


def sink_forever(host: str, port: int, announce: Callable[[str], None]) -> None:
    """Run a sink in this process until SIGTERM or SIGINT.

    ``announce`` is called with its URL once it listens.

    Raises:
        UsageError: The address cannot be used.
    """
    uvloop.run(_sink_until_signal(host, port, announce))


async def _sink_until_signal(host: str, port: int, announce: Callable[[str], None]) -> None:
    is_over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_over.set)
    sink = PushSink(lambda *_: None)
    announce(await sink.start(host, port))
    await is_over.wait()
    await sink.stop()
