"""The reference server on a port: sockets, HTTP and the two timers.

Devices and the Platform API share the port: the first line of a connection says which of them it
is, and the library that serves WebSockets never sees the others.

All work is done inside the callback that brought it, on one loop, without waiting: a
frame is handed to the gateway as it arrives, and what comes of it is written before the next one is
read. There is no task per connection but the one that ``websockets`` makes, and no task per send.
"""

import asyncio
import logging
import os
import signal
import ssl
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import orjson
import uvloop
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN, Event
from websockets.typing import Subprotocol

from loadtest.clock import NS_PER_MS, NS_PER_S, monotonic_ns, utc_now
from loadtest.errors import UsageError
from loadtest.garbage import collect_rarely
from loadtest.http import HttpCaller
from loadtest.limits import raise_open_files_limit
from loadtest.server.chat.chat import TICK_NS, Chat, Times, build_chat
from loadtest.server.events.connection import Connection
from loadtest.server.http.fault_control import FAULT_PATHS, answer_fault_request, why_refused
from loadtest.server.http.platform_api import PlatformApi, is_platform_path
from loadtest.server.http.webhook import WebhookPoster
from loadtest.server.requests.gateway import Gateway
from loadtest.server.settings import ServerSettings

__all__ = ["ReferenceServer", "serve_forever"]

_SUBPROTOCOL = Subprotocol("v12.stomp")
_DATA_OPCODES = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})
_CLOSE_TIMEOUT_S = 2.0
_MS_PER_S = 1_000
_TEXT = "text/plain; charset=utf-8"
_MAX_FIRST_LINE_BYTES = 8 * 1024
_FIRST_LINE_TIMEOUT_S = 10
_METHODS_WITHOUT_WEBSOCKET = frozenset({b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD"})

_log = logging.getLogger(__name__)


class _Device(ServerConnection):
    """The socket of one device.

    Incoming data does not pass the queue of ``websockets`` and its waiting reader: the STOMP parser
    takes pieces of any size, so fragments need no joining either.
    """

    server_of_device: "ReferenceServer"
    connection: Connection | None = None
    _first_line: bytes | None = b""
    """What has come of it; None once it was read."""
    _raw_transport: asyncio.BaseTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first line: the connection may be one of the Platform API."""
        self._raw_transport = transport
        self.server_of_device.silent[transport] = monotonic_ns()

    def data_received(self, data: bytes) -> None:
        """Pass data on to whoever the first line is for."""
        if self._first_line is None:
            super().data_received(data)
            return
        self._first_line += data
        if b"\n" not in self._first_line and len(self._first_line) < _MAX_FIRST_LINE_BYTES:
            return
        data, self._first_line = self._first_line, None
        self.server_of_device.silent.pop(self._raw_transport, None)
        if _is_for_platform(data):
            # Nothing but this protocol knows of the connection so far.
            self.server_of_device.take_caller(self._raw_transport, data)
            return
        super().connection_made(self._raw_transport)
        super().data_received(data)

    def eof_received(self) -> None:
        """Close; the library's part only if it knows of the connection."""
        if self._first_line is None:
            super().eof_received()

    def process_event(self, event: Event) -> None:
        """Hand data to the gateway; everything else is the library's."""
        if isinstance(event, Frame) and event.opcode in _DATA_OPCODES:
            if self.connection is not None:
                self.server_of_device.receive(self, self.connection, bytes(event.data))
        else:
            super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up at once, as others may be told of it."""
        if self._first_line is not None:
            self.server_of_device.silent.pop(self._raw_transport, None)
            return
        super().connection_lost(exc)
        if self.connection is not None:
            self.server_of_device.gateway.lost(self.connection)

    def admit(self, api_key: str | None) -> None:
        """Become a connection of this server; the handshake goes on."""
        server = self.server_of_device
        self.connection = server.gateway.opened(_Outlet(self, server), api_key)


class _Outlet:
    """Writes to one device and watches how much it leaves unread."""

    __slots__ = ("_closing", "_device", "_is_aborted", "_server")

    def __init__(self, device: _Device, server: "ReferenceServer") -> None:
        self._device = device
        self._server = server
        self._is_aborted = False
        self._closing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether ``send`` would take something."""
        return not self._is_aborted and self._device.protocol.state is OPEN

    def send(self, data: bytes) -> bool:
        """Write one STOMP frame as one text message, as ``websockets.broadcast`` does."""
        device = self._device
        # As ``is_open`` says, without the cost of asking it for each copy.
        if self._is_aborted or device.protocol.state is not OPEN:
            return False
        device.protocol.send_text(data)
        device.send_data()
        if device.transport.get_write_buffer_size() > self._server.send_buffer_limit_bytes:
            self._server.slow_reader_found()
            self.abort()
        return True

    def close(self) -> None:
        """Start the closing handshake behind everything that was written."""
        # Rare, so worth a task: it gives up on a device that does not answer.
        self._closing = self._device.loop.create_task(self._device.close())

    def abort(self) -> None:
        """Drop the connection."""
        self._is_aborted = True
        self._device.transport.abort()


class ReferenceServer:
    """One embedded chat server; start it, talk to its address, stop it."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.send_buffer_limit_bytes = settings.send_buffer_limit_bytes
        self._chat: Chat = build_chat(settings, Times(monotonic_ns, utc_now, _block))
        self.gateway = Gateway(self._chat)
        self._platform = PlatformApi(self._chat)
        self._callers: set[HttpCaller] = set()
        self.silent: dict[asyncio.BaseTransport, int] = {}
        """Connections whose first line has not come, in their order, and since when."""
        self._alarm: asyncio.TimerHandle | None = None
        self._poster: WebhookPoster | None = None
        self._server: Server | None = None
        self._ticking: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port on which the server listens."""
        assert self._server is not None, "a server has no address before it is started"
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    @property
    def url(self) -> str:
        """The address as a person or a client of this package writes it."""
        host, port = self.address
        return f"{self.settings.scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            UsageError: The address cannot be used, or the certificate not be read.
        """
        raise_open_files_limit()
        settings = self.settings
        try:
            self._server = await serve(
                self._hold,
                settings.bind,
                settings.port,
                subprotocols=[_SUBPROTOCOL],
                compression=None,
                process_request=self._process_request,
                ping_interval=None,
                close_timeout=_CLOSE_TIMEOUT_S,
                max_size=settings.max_frame_bytes,
                create_connection=self._new_device,  # type: ignore[arg-type] # it is only called
                ssl=_tls_context(settings),
                backlog=4096,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(
                f"server: cannot listen on {settings.bind} port {settings.port}: {reason}; "
                "choose another address or port (port 0 picks a free one)"
            ) from error
        self._ticking = asyncio.create_task(self._tick())
        if settings.push_url is not None:
            self._chat.pushes.poster = self._poster = WebhookPoster(
                settings.push_url, self._chat.counters.pushes
            )
            self._poster.start()
        self._chat.agenda.wake = self._set_alarm
        self._chat.faults.apply(settings.faults)

    async def stop(self) -> None:
        """Close all connections and stop listening; nothing happens if it does not run."""
        if self._server is None or self._ticking is None:
            return
        self.gateway.stop()
        self._ticking.cancel()
        if self._alarm is not None:
            self._alarm.cancel()
        if self._poster is not None:
            await self._poster.stop()
        self._server.close()
        for caller in list(self._callers):
            caller.close()
        for transport in list(self.silent):
            transport.close()
        await self._server.wait_closed()

    def stats(self) -> dict[str, object]:
        """Return what ``/stats`` says."""
        usage = os.times()
        counted = self._chat.counters.as_json(monotonic_ns(), usage.user + usage.system)
        return {**counted, "stored": self._chat.store.counts()}

    def take_caller(self, transport: asyncio.BaseTransport, data: bytes) -> None:
        """Take over a connection of the Platform API, of which ``data`` has come."""
        caller = HttpCaller(self._platform.answer, self._callers.discard)
        self._callers.add(caller)
        cast(asyncio.Transport, transport).set_protocol(caller)
        caller.connection_made(transport)
        caller.data_received(data)

    def _new_device(self, *arguments: Any, **settings: Any) -> "_Device":  # noqa: ANN401
        """Return what holds a connection, as the library asks for it."""
        device = _Device(*arguments, **settings)
        device.server_of_device = self
        return device

    def slow_reader_found(self) -> None:
        """Count a device that is disconnected because it does not read."""
        self._chat.counters.slow_readers += 1

    def receive(self, device: _Device, connection: Connection, data: bytes) -> None:
        """Pass data of a device on; a defect of ours ends that connection, not the server."""
        try:
            self.gateway.receive(connection, data)
        except Exception:
            self._chat.counters.errors["InternalError"] += 1
            _log.exception("a frame could not be handled: %.200r", data)
            device.transport.abort()

    async def _hold(self, device: ServerConnection) -> None:
        await device.wait_closed()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_NS / NS_PER_S)
            now_ns = monotonic_ns()
            self._chat.timers.advance(now_ns)
            self._drop_silent(now_ns)

    def _drop_silent(self, now_ns: int) -> None:
        """Close connections whose first line has not come in time."""
        while self.silent:
            transport, since_ns = next(iter(self.silent.items()))
            if now_ns - since_ns < _FIRST_LINE_TIMEOUT_S * NS_PER_S:
                return
            del self.silent[transport]
            cast(asyncio.Transport, transport).abort()

    def _set_alarm(self, due_ns: int) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        # Timers of uvloop count whole milliseconds; rounded down they would come too early.
        delay_ms = max(0, -((monotonic_ns() - due_ns) // NS_PER_MS))
        loop = asyncio.get_running_loop()
        self._alarm = loop.call_later(delay_ms / _MS_PER_S, self._chat.agenda.run)

    def _process_request(self, device: ServerConnection, request: Request) -> Response | None:
        url = urlsplit(request.path)
        match url.path:
            case self.settings.websocket_path:
                if self._chat.faults.refuses_socket():
                    device.transport.abort()
                    return _http_response(HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"")
                keys = parse_qs(url.query).get("api-key")
                cast(_Device, device).admit(keys[0] if keys else None)
                return None
            case "/healthz":
                return _http_response(HTTPStatus.OK, _TEXT, b"ok\n")
            case "/stats":
                return _json_response(HTTPStatus.OK, self.stats())
            case path if path in FAULT_PATHS:
                return self._answer_fault_request(device, request, path, url.query)
        body = f"nothing is at {url.path}\n".encode()
        return _http_response(HTTPStatus.NOT_FOUND, _TEXT, body)

    def _answer_fault_request(
        self, device: ServerConnection, request: Request, path: str, query: str
    ) -> Response:
        problem = why_refused(device.remote_address[0], request.headers)
        if problem:
            return _json_response(HTTPStatus.FORBIDDEN, {"problems": [f"{path}: {problem}"]})
        return _json_response(*answer_fault_request(self._chat.faults, path, query))


def serve_forever(
    settings: ServerSettings, announce: Callable[[str], None], parent_pipe: int | None = None
) -> None:
    """Run a server in this process until SIGTERM or SIGINT.

    ``announce`` is called with its URL once it listens. ``parent_pipe`` is a file descriptor whose
    end, which comes when the process at its other side ends, stops the server too.

    Raises:
        UsageError: The address cannot be used, or the descriptor is not a pipe.
    """
    collect_rarely()
    uvloop.run(_serve_until_signal(settings, announce, parent_pipe))


async def _serve_until_signal(
    settings: ServerSettings, announce: Callable[[str], None], parent_pipe: int | None
) -> None:
    is_over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_over.set)
    if parent_pipe is not None:
        _watch_pipe(loop, parent_pipe, is_over)
    server = ReferenceServer(settings)
    await server.start()
    announce(server.url)
    await is_over.wait()
    await server.stop()


def _watch_pipe(loop: asyncio.AbstractEventLoop, pipe: int, is_over: asyncio.Event) -> None:
    def read() -> None:
        if not os.read(pipe, 4096):
            loop.remove_reader(pipe)
            is_over.set()

    try:
        loop.add_reader(pipe, read)
    except OSError as error:
        raise UsageError(
            f"server: file descriptor {pipe} cannot be watched for its end: {error.strerror}; it "
            "must be a pipe"
        ) from error


def _tls_context(settings: ServerSettings) -> ssl.SSLContext | None:
    if settings.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.certificate, settings.private_key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(
            f"server: certificate {settings.certificate} with its key cannot be used: {error}"
        ) from error
    return context


def _block(seconds: float) -> None:
    """Stand still; the loop, and so everything else of this process's server, does as well."""
    threading.Event().wait(seconds)


def _is_for_platform(data: bytes) -> bool:
    """Tell whether the first line of a connection is a request of the Platform API."""
    method, _, rest = data.partition(b"\n")[0].partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0].decode("latin-1")
    return method in _METHODS_WITHOUT_WEBSOCKET or is_platform_path(path)


def _json_response(status: HTTPStatus, content: object) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    return _http_response(status, "application/json", body)


def _http_response(status: HTTPStatus, content_type: str, body: bytes) -> Response:
    headers = Headers(
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
    )
    return Response(status.value, status.phrase, headers, body)
