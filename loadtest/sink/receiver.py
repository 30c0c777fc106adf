"""The push sink on a port.

A push arrived when its bytes were read from the socket, one reading of the clock per
read, before anything is parsed. It runs on whatever loop it is started on: the engine's inside a
run, where all instants are of one clock, or its own.
"""

import asyncio
import signal
from collections.abc import Callable
from http import HTTPStatus

import orjson
import uvloop

from loadtest.clock import Clock, monotonic_ns
from loadtest.errors import RemoteProtocolError, UsageError
from loadtest.http import Answer, HttpCaller, Request
from loadtest.sink.pushes import PushLog, push_from_body

__all__ = ["PushSink", "sink_forever"]

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
        self._callers: set[HttpCaller] = set()
        self._read_at_ns = 0
        """When the bytes were read that are looked at."""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen on the running loop; return the URL to be called, port 0 picks a free one.

        Raises:
            UsageError: The address cannot be used.
        """
        if not 0 <= port <= _MAX_PORT:
            raise UsageError(f"sink: port is {port}; it must be 0 to {_MAX_PORT}")
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._new_caller, host, port, backlog=_BACKLOG)
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

    def _new_caller(self) -> HttpCaller:
        caller = HttpCaller(
            self._answer,
            self._callers.discard,
            on_read=self._note_read,
            on_refused=self.log.add_unreadable,
        )
        self._callers.add(caller)
        return caller

    def _note_read(self) -> None:
        self._read_at_ns = self._clock()

    def _answer(self, request: Request) -> Answer:
        status, content = self._content(request, self._read_at_ns)
        return Answer(status, orjson.dumps(content))

    def _content(self, request: Request, arrived_ns: int) -> tuple[HTTPStatus, object]:
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
