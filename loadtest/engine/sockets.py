"""Sockets of devices: opening them, and the link between a transport and its device.

A target's name is resolved once. Connections are opened a bounded number at a time, from each
source address in turn: one address has some 28 000 ports by default, 64 000 at most.
"""

import asyncio
import itertools
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

from loadtest.clock import Clock
from loadtest.device import LinkOwner
from loadtest.engine.pacing import PacedOwner
from loadtest.engine.threads import NativeSocket
from loadtest.errors import TargetError, UsageError

__all__ = ["NEVER_NS", "Opener", "Target", "target_from_url"]

NEVER_NS = 1 << 63

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_PATH = "/rtm/websocket"
# Linux: choose the port at connect, so that ports are scarce per destination and not per address.
_IP_BIND_ADDRESS_NO_PORT = 24


_Address = tuple[int, tuple[str, int]]
"""Family, and host and port."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the chat server is."""

    scheme: str
    """``ws`` or ``wss``."""
    host: str
    port: int
    path: str

    @property
    def is_secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "wss"

    def uri(self, api_key: str) -> str:
        """Return the WebSocket address for an API key."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}?api-key={quote(api_key, safe='')}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def target_from_url(url: str) -> Target:
    """Return the target that ``url`` names: ``http``, ``https``, ``ws`` or ``wss``.

    Raises:
        UsageError: It is not such an address.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise UsageError(
            f"--host is {url!r}; it must be an address such as http://127.0.0.1:8080 "
            "(http, https, ws or wss)"
        )
    try:
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--host is {url!r}; its port must be a number up to 65535") from error
    scheme = _SCHEMES[parts.scheme]
    path = parts.path.rstrip("/")
    return Target(
        scheme=scheme,
        host=parts.hostname,
        port=port or (443 if scheme == "wss" else 80),
        path=path if path.endswith(_PATH) else path + _PATH,
    )


class Crowd:
    """All open sockets together: how many there are, and which ones the server does not read.

    A loop that has many sockets to read comes to its timers only after all of them. So that what
    is due is not kept waiting by them, each read is followed by a look at ``due_ns``; this takes a
    tenth of a microsecond, and the lag of the load generator is that of one read, not of all.

    Args:
        catch_up: Does what is due, and sets ``due_ns`` anew.
    """

    def __init__(self, catch_up: Callable[[], None]) -> None:
        self.catch_up = catch_up
        self.due_ns = NEVER_NS
        """When something other than reading is to be done."""
        self.links: set[SocketLink] = set()
        self.blocked: set[SocketLink] = set()

    @property
    def open_count(self) -> int:
        """How many are open."""
        return len(self.links)

    @property
    def unsent_bytes(self) -> int:
        """What was written to blocked sockets and is not with the kernel yet."""
        return sum(link.unsent_bytes for link in self.blocked)


class SocketLink(asyncio.Protocol):
    """One open socket; reads go to its owner with the instant at which they were made."""

    __slots__ = ("_clock", "_crowd", "_owner", "_transport")

    def __init__(self, owner: LinkOwner, clock: Clock, crowd: "Crowd") -> None:
        self._owner: LinkOwner | None = owner
        self._clock = clock
        self._crowd = crowd
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the owner its link."""
        self._transport = cast(asyncio.Transport, transport)
        self._crowd.links.add(self)
        if self._owner is not None:
            self._owner.link_opened(self, self._clock())

    def data_received(self, data: bytes) -> None:
        """Give the owner what was read."""
        if self._owner is not None:
            now_ns = self._clock()
            self._owner.receive(data, now_ns)
            if now_ns >= self._crowd.due_ns:
                self._crowd.catch_up()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the owner that the socket is closed."""
        owner, self._owner = self._owner, None
        self._crowd.links.discard(self)
        self._crowd.blocked.discard(self)
        if owner is not None:
            reason = "connection closed by the server" if error is None else reason_of(error)
            owner.link_closed(reason, self._clock())

    def pause_writing(self) -> None:
        """Note that the server does not read what was written."""
        self._crowd.blocked.add(self)

    def resume_writing(self) -> None:
        """Note that the server reads again."""
        self._crowd.blocked.discard(self)

    def write(self, data: bytes) -> None:
        """Hand ``data`` to the socket."""
        if self._transport is not None:
            self._transport.write(data)

    def read_slowly(self, bytes_per_s: float) -> None:
        """Give the owner no more than so much per second from now on."""
        if self._owner is not None and self._transport is not None:
            later = asyncio.get_running_loop().call_later
            self._owner = PacedOwner(
                self._owner, self._transport, bytes_per_s, later=later, clock=self._clock
            )

    def close(self) -> None:
        """Close the socket once what was written has gone out."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close the socket, and tell its owner nothing more."""
        self._owner = None
        transport = self._transport
        if transport is None:
            return
        # What cannot be sent to a silent peer would keep the socket open for ever.
        if transport.get_write_buffer_size():
            transport.abort()
        else:
            transport.close()

    def cut(self) -> None:
        """Close the socket at once, whatever waits to be sent, and tell its owner nothing more."""
        self._owner = None
        if self._transport is not None:
            self._transport.abort()

    @property
    def unsent_bytes(self) -> int:
        """What was written and is not with the kernel yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0


def reason_of(error: BaseException) -> str:
    """Return what went wrong with a socket, in words that stay the same from device to device."""
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionResetError):
        return "connection reset by the server"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {getattr(error, 'reason', None) or error}"
    if isinstance(error, TimeoutError):
        return "connection timed out"
    if isinstance(error, OSError) and error.errno is not None:
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"


class Opener:
    """Opens connections to one target, a bounded number at a time.

    Args:
        target: Where to.
        clock: For the instants that owners are told.
        ca_file: Certificates to trust besides the system's, for ``wss``.
        source_addresses: Local addresses to connect from, in turn; none: the kernel's choice.
        concurrency: Connections that may be opening at once.
        catch_up: Does what is due other than reading.
    """

    def __init__(
        self,
        target: Target,
        clock: Clock,
        *,
        ca_file: Path | None = None,
        source_addresses: Sequence[str] = (),
        concurrency: int = 256,
        catch_up: Callable[[], None],
    ) -> None:
        self.crowd = Crowd(catch_up)
        self._target = target
        self._clock = clock
        self._tls = tls_context(ca_file) if target.is_secure else None
        self._sources = itertools.cycle(source_addresses) if source_addresses else None
        self._concurrency = concurrency
        self._waiting: deque[LinkOwner] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._addresses: list[_Address] = []

    def open(self, owner: LinkOwner) -> None:
        """Open a connection for ``owner``, which is told how it went."""
        if len(self._tasks) < self._concurrency:
            self._start(owner)
        else:
            self._waiting.append(owner)

    def _start(self, owner: LinkOwner) -> None:
        task = asyncio.get_running_loop().create_task(self._connect(owner))
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._waiting:
            self._start(self._waiting.popleft())

    async def _connect(self, owner: LinkOwner) -> None:
        try:
            await self._connect_to_any(owner, await self._resolve())
        except (OSError, TargetError) as error:
            reason = error.reason if isinstance(error, TargetError) else reason_of(error)
            owner.link_closed(reason, self._clock())

    async def _connect_to_any(self, owner: LinkOwner, addresses: list[_Address]) -> None:
        """Take the first address that answers; ``localhost`` often names two."""
        for address in addresses:
            try:
                await self._connect_to(owner, address)
            except OSError:
                if address is addresses[-1]:
                    raise
            else:
                self._addresses = [address]
                return

    async def _connect_to(self, owner: LinkOwner, address: _Address) -> None:
        family, place = address
        if self._sources is None:
            # In one step: twice as fast as with a socket of our own.
            await self._create(owner, host=place[0], port=place[1])
        else:
            await self._create(owner, sock=await self._connected_socket(family, place))

    async def _create(self, owner: LinkOwner, **where: Any) -> None:  # noqa: ANN401 - uvloop's own
        await asyncio.get_running_loop().create_connection(
            lambda: SocketLink(owner, self._clock, self.crowd),
            **where,
            ssl=self._tls,
            server_hostname=self._target.host if self._tls else None,
        )

    async def _connected_socket(self, family: int, address: tuple[str, int]) -> socket.socket:
        connecting = NativeSocket(family, socket.SOCK_STREAM)
        try:
            connecting.setblocking(False)
            if self._sources is not None:
                connecting.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
                connecting.bind((next(self._sources), 0))
            await asyncio.get_running_loop().sock_connect(connecting, address)
        except BaseException:
            connecting.close()
            raise
        return connecting

    async def _resolve(self) -> list[_Address]:
        if not self._addresses:
            target = self._target
            try:
                found = await asyncio.get_running_loop().getaddrinfo(
                    target.host, target.port, type=socket.SOCK_STREAM
                )
            except socket.gaierror as error:
                raise TargetError(str(target), f"name not found: {target.host}") from error
            self._addresses = [
                (family, (str(address[0]), int(address[1]))) for family, _, _, _, address in found
            ]
        return self._addresses


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies the server.

    Raises:
        UsageError: The file cannot be read as certificates.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"--ca-file {ca_file}: {reason_of(error)}; it must be a file of PEM certificates"
            ) from error
    return context
