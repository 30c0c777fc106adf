"""The addresses of a host name, each in its turn.

A name with several addresses stands for several machines: connections are spread over all of them,
and one that does not answer must not hold up what the others could take. The name is resolved again
while a run goes on, because a deployment that moves changes its addresses.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from loadtest.clock import NS_PER_S, Clock
from loadtest.errors import TargetError

__all__ = ["Address", "Addresses", "Resolve"]

Address = tuple[int, tuple[str, int]]
"""Family, and host and port."""

Resolve = Callable[[str, int], Awaitable[Iterable[tuple[Any, ...]]]]
"""Looks a name up, with answers as those of ``socket.getaddrinfo``."""

# How long an answer of the resolver is used. A reconnect comes 5 s after its loss.
_FRESH_NS = 4 * NS_PER_S
# How long an address that failed is tried last; then one connection finds out how it is.
_AVOIDED_NS = 10 * NS_PER_S


class Addresses:
    """What a host name resolves to, now.

    Args:
        host: The name, or an address.
        port: The port.
        clock: Says how old what is known has become.
        families: Address families that can be used; empty: all.
        first: Whose turn is first, so that several workers do not begin with the same address.
        resolve: Looks names up; None: the loop does.
    """

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        *,
        families: Collection[int] = (),
        first: int = 0,
        resolve: Resolve | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._clock = clock
        self._families = families
        self._turn = first
        self._resolve = resolve or _resolve
        self._known: list[Address] = []
        self._known_at_ns = 0
        self._avoided_until_ns: dict[Address, int] = {}
        self._lookup: asyncio.Task[None] | None = None

    async def in_order(self) -> list[Address]:
        """Return all addresses in the order in which to try them for the next connection.

        Raises:
            TargetError: The name is not known, or has no address that can be used.
        """
        if self._clock() - self._known_at_ns >= _FRESH_NS or not self._known:
            self._look_up()
        # What is known is used while it is looked up again; a slow resolver holds up nobody.
        while not self._known:
            lookup = self._look_up()
            await asyncio.shield(lookup)
        return self._ordered()

    def failed(self, address: Address) -> None:
        """Take note that an address did not answer: others are tried before it for a while."""
        self._avoided_until_ns[address] = self._clock() + _AVOIDED_NS

    def answered(self, address: Address) -> None:
        """Take note that an address answered."""
        if self._avoided_until_ns:
            self._avoided_until_ns.pop(address, None)

    def _ordered(self) -> list[Address]:
        known = self._known
        if len(known) == 1:
            return known
        at = self._turn % len(known)
        self._turn += 1
        in_turn = known[at:] + known[:at]
        avoided = self._avoided_until_ns
        if not avoided:
            return in_turn
        now_ns = self._clock()
        for address in in_turn:
            if avoided.get(address, now_ns + 1) <= now_ns:
                # One connection finds out; until then it stays the last one for all others.
                avoided[address] = now_ns + _AVOIDED_NS
                return [address, *(each for each in in_turn if each != address)]
        return sorted(in_turn, key=avoided.__contains__)

    def _look_up(self) -> "asyncio.Task[None]":
        if self._lookup is None or self._lookup.done():
            self._lookup = asyncio.get_running_loop().create_task(self._refresh())
            # Whoever waits for it sees the error; with addresses in hand nobody needs to.
            self._lookup.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._lookup

    async def _refresh(self) -> None:
        target = f"{self._host}:{self._port}"
        try:
            found = await self._resolve(self._host, self._port)
        except socket.gaierror as error:
            # What was found before stays in use: a resolver may fail for a moment.
            self._known_at_ns = self._clock()
            raise TargetError(target, f"name not found: {self._host}") from error
        # A hosts file may name an address twice.
        unique = dict.fromkeys((each[0], (str(each[-1][0]), int(each[-1][1]))) for each in found)
        known = [each for each in unique if not self._families or each[0] in self._families]
        self._known_at_ns = self._clock()
        if not known:
            raise TargetError(
                target,
                f"{self._host} has no address of the family of --source-address; give one of the"
                " other family (IPv4 or IPv6)",
            )
        self._known = known
        self._avoided_until_ns = {
            address: until_ns
            for address, until_ns in self._avoided_until_ns.items()
            if address in known
        }


async def _resolve(host: str, port: int) -> Iterable[tuple[Any, ...]]:
    loop = asyncio.get_running_loop()
    return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
