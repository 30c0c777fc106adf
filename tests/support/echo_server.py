"""A server that echoes on loopback, the owners of connections to it, and what opens them."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

import uvloop

from loadtest.clock import monotonic_ns
from loadtest.device import Link
from loadtest.engine.addresses import Resolve
from loadtest.engine.network import NetworkSettings
from loadtest.engine.opener import Opener
from loadtest.engine.target import target_from_url

__all__ = ["Greeter", "Owner", "Server", "run_beside", "until"]

T = TypeVar("T")


class Owner:
    """Keeps what happens to its connection, and lets a test wait for it."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.stage = ""
        self.is_wanted = True
        self.opened: asyncio.Future[Link] = loop.create_future()
        self.closed: asyncio.Future[str] = loop.create_future()
        self.read: asyncio.Queue[bytes] = asyncio.Queue()

    def link_opened(self, link: Link, now_ns: int) -> None:
        """Keep the link."""
        assert now_ns > 0
        self.opened.set_result(link)

    def receive(self, data: bytes, now_ns: int) -> None:
        """Keep what was read."""
        assert now_ns > 0
        self.read.put_nowait(data)

    def link_closed(self, reason: str, now_ns: int) -> None:
        """Keep the reason."""
        assert now_ns > 0
        self.closed.set_result(reason)


class Greeter(asyncio.Protocol):
    """A server that echoes, and does as told by what it reads."""

    def __init__(self, accepted: list["Greeter"]) -> None:
        self.transport: asyncio.Transport | None = None
        self.is_lost = asyncio.get_running_loop().create_future()
        accepted.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Do as told, or echo."""
        assert self.transport is not None
        if data == b"close":
            self.transport.close()
        elif data == b"reset":
            server_socket = self.transport.get_extra_info("socket")
            linger = b"\1\0\0\0\0\0\0\0"
            server_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
        elif data == b"deaf":
            self.transport.write(data)
            self.transport.pause_reading()
        else:
            self.transport.write(data)

    def connection_lost(self, _error: Exception | None) -> None:
        """Let whoever waits for it know."""
        self.is_lost.set_result(None)

    @property
    def peer(self) -> str:
        """The address that the connection came from."""
        assert self.transport is not None
        return str(self.transport.get_extra_info("peername")[0])


class Server:
    """A listening greeter, and the openers that a test makes for it."""

    def __init__(self, listening: asyncio.Server, accepted: list[Greeter]) -> None:
        self.accepted = accepted
        self.port: int = listening.sockets[0].getsockname()[1]

    def opener(
        self,
        host: str = "http://127.0.0.1",
        network: NetworkSettings | None = None,
        *,
        catch_up: Callable[[], None] = lambda: None,
        concurrency: int = 256,
        resolve: Resolve | None = None,
    ) -> Opener:
        """Return an opener for this server by the name or address of ``host``."""
        return Opener(
            target_from_url(f"{host}:{self.port}"),
            monotonic_ns,
            network=network or NetworkSettings(),
            catch_up=catch_up,
            concurrency=concurrency,
            resolve=resolve,
        )


def run_beside(main: Callable[[Server], Awaitable[T]], tls: ssl.SSLContext | None = None) -> T:
    """Run ``main`` beside a server on a free port."""
    accepted: list[Greeter] = []

    async def serve() -> T:
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: Greeter(accepted), "127.0.0.1", 0, ssl=tls)
        async with asyncio.timeout(20), listening:
            result = await main(Server(listening, accepted))
            for greeter in accepted:
                if greeter.transport is not None:
                    greeter.transport.abort()
                    await greeter.is_lost
        return result

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve())


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; whoever runs the test bounds the time."""
    while not is_so():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0.005)
