"""Opening connections: to each address in turn, from each source address in turn.

An attempt ends when its device gives up, and nothing is started for a device that has. So that an
address which answers nothing cannot hold up the others, an attempt that has hung for a second no
longer counts among those that may be under way at once.
"""

import asyncio
import itertools
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from loadtest.clock import NS_PER_S, Clock
from loadtest.device import LinkOwner
from loadtest.engine.addresses import Address, Addresses, Resolve
from loadtest.engine.network import NetworkSettings
from loadtest.engine.proxy import Tunnel
from loadtest.engine.sockets import Crowd, SocketLink, reason_of
from loadtest.engine.target import Target
from loadtest.engine.threads import NativeSocket
from loadtest.engine.tls import tls_context
from loadtest.errors import TargetError

__all__ = ["Opener", "Wanting"]

# Linux: choose the port at connect, so that ports are scarce per destination and not per address.
_IP_BIND_ADDRESS_NO_PORT = 24
# Of one address, while there are others to try. The kernel repeats a lost SYN after 1 and 3 s.
_ADDRESS_TIMEOUT_S = 4.0
_SLOW_NS = NS_PER_S
_LOOK_S = 0.2


class Wanting(LinkOwner, Protocol):
    """A device that asked for a connection."""

    stage: str
    """What it waits for, in words."""

    @property
    def is_wanted(self) -> bool:
        """Whether it still waits for this connection."""


@dataclass(slots=True, eq=False)
class _Attempt:
    """One connection that is being opened."""

    owner: Wanting
    began_ns: int
    task: asyncio.Task[None] = field(init=False)
    counts: bool = True
    """Whether it takes one of the places of those that may be under way at once."""


class Opener:
    """Opens connections to one target, a bounded number at a time.

    Args:
        target: Where to.
        clock: For the instants that owners are told.
        network: How to get there.
        concurrency: Connections that may be opening at once.
        catch_up: Does what is due other than reading.
        resolve: Looks host names up; None: the loop does.
    """

    def __init__(
        self,
        target: Target,
        clock: Clock,
        *,
        network: NetworkSettings,
        concurrency: int = 256,
        catch_up: Callable[[], None],
        resolve: Resolve | None = None,
    ) -> None:
        self.crowd = Crowd(catch_up)
        self._target = target
        self._clock = clock
        self._tls = tls_context(network.tls) if target.is_secure else None
        sources = network.source_addresses
        self._sources = itertools.cycle(sources) if sources else None
        self._proxy = network.proxy
        near = network.proxy or target
        self._addresses = Addresses(
            near.host,
            near.port,
            clock,
            families=network.source_families,
            first=network.first_address,
            resolve=resolve,
        )
        self._room = concurrency
        self._waiting: deque[Wanting] = deque()
        self._attempts: set[_Attempt] = set()
        self._is_looking = False

    @property
    def attempt_count(self) -> int:
        """Connections that are being opened."""
        return len(self._attempts)

    def open(self, owner: Wanting) -> None:
        """Open a connection for ``owner``, which is told how it went."""
        self._waiting.append(owner)
        self._start_waiting()

    def _start_waiting(self) -> None:
        while self._waiting and self._room > 0:
            owner = self._waiting.popleft()
            if owner.is_wanted:
                self._start(owner)

    def _start(self, owner: Wanting) -> None:
        attempt = _Attempt(owner, self._clock())
        loop = asyncio.get_running_loop()
        attempt.task = loop.create_task(self._connect(owner))
        self._attempts.add(attempt)
        self._room -= 1
        attempt.task.add_done_callback(lambda _task: self._finished(attempt))
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(_LOOK_S, self._look)

    def _finished(self, attempt: _Attempt) -> None:
        self._attempts.discard(attempt)
        if attempt.counts:
            self._room += 1
        self._start_waiting()

    def _look(self) -> None:
        """End the attempts that nobody waits for, and let others start beside those that hang."""
        slow_ns = self._clock() - _SLOW_NS
        for attempt in self._attempts:
            if not attempt.owner.is_wanted:
                attempt.task.cancel()
            elif attempt.counts and attempt.began_ns < slow_ns:
                attempt.counts = False
                self._room += 1
        self._start_waiting()
        self._is_looking = bool(self._attempts)
        if self._is_looking:
            asyncio.get_running_loop().call_later(_LOOK_S, self._look)

    # --- one attempt ---------------------------------------------------------------------------

    async def _connect(self, owner: Wanting) -> None:
        owner.stage = "looking up the host name"
        try:
            await self._connect_to_any(owner, await self._addresses.in_order())
        except (OSError, TargetError) as error:
            reason = error.reason if isinstance(error, TargetError) else reason_of(error)
            owner.link_closed(reason, self._clock())

    async def _connect_to_any(self, owner: Wanting, addresses: list[Address]) -> None:
        """Take the first address that answers; ``localhost`` often names two."""
        *others, last = addresses
        for address in others:
            try:
                async with asyncio.timeout(_ADDRESS_TIMEOUT_S):
                    await self._connect_to(owner, address)
            except (OSError, TargetError):
                self._addresses.failed(address)
            else:
                self._addresses.answered(address)
                return
        # The device itself decides how long it waits for the last one.
        try:
            await self._connect_to(owner, last)
        except (OSError, TargetError):
            self._addresses.failed(last)
            raise
        self._addresses.answered(last)

    async def _connect_to(self, owner: Wanting, address: Address) -> None:
        family, place = address
        owner.stage = "waiting for the TCP connection"
        if self._sources is None and self._tls is None:
            # In one step: twice as fast as with a socket of our own.
            await self._create(owner, host=place[0], port=place[1])
        else:
            await self._create(owner, sock=await self._connected_socket(family, place))

    async def _create(self, owner: Wanting, **where: Any) -> None:  # noqa: ANN401 - uvloop's own
        if self._tls is not None:
            owner.stage = "waiting for the TLS handshake"
        if self._proxy is not None:
            await self._create_through_proxy(owner, **where)
            return
        await asyncio.get_running_loop().create_connection(
            lambda: SocketLink(owner, self._clock, self.crowd),
            **where,
            ssl=self._tls,
            server_hostname=self._target.host if self._tls else None,
        )

    async def _create_through_proxy(
        self,
        owner: Wanting,
        **where: Any,  # noqa: ANN401 - uvloop's own
    ) -> None:
        assert self._proxy is not None
        loop, proxy, target = asyncio.get_running_loop(), self._proxy, self._target
        transport, tunnel = await loop.create_connection(
            lambda: Tunnel(proxy, target.host, target.port), **where
        )
        try:
            owner.stage = "waiting for the proxy's answer"
            await tunnel.opened
            link = SocketLink(owner, self._clock, self.crowd)
            if self._tls is None:
                transport.set_protocol(link)
                link.connection_made(transport)
                return
            owner.stage = "waiting for the TLS handshake"
            encrypted = await loop.start_tls(
                transport, link, self._tls, server_hostname=target.host
            )
        except BaseException:
            transport.abort()
            raise
        assert encrypted is not None
        link.connection_made(encrypted)

    async def _connected_socket(self, family: int, address: tuple[str, int]) -> socket.socket:
        connecting = NativeSocket(family, socket.SOCK_STREAM)
        try:
            connecting.setblocking(False)
            # As the loop has it on sockets of its own: else a short frame may wait for the server's
            # delayed acknowledgement of the one before, 40 ms that no app would see.
            connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._sources is not None:
                source = next(each for each in self._sources if _family_of(each) == family)
                connecting.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
                _bind(connecting, source)
            await asyncio.get_running_loop().sock_connect(connecting, address)
        except BaseException:
            connecting.close()
            raise
        return connecting


def _bind(connecting: socket.socket, source: str) -> None:
    try:
        connecting.bind((source, 0))
    except OSError as error:
        # No port is taken yet, so that it can only be the address.
        raise TargetError(
            source, f"--source-address {source} is no address of this machine"
        ) from error


def _family_of(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
