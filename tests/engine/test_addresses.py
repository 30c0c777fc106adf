"""Every address has its turn; one that fails is avoided; names are looked up again."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from loadtest.clock import NS_PER_S
from loadtest.engine.addresses import Addresses
from loadtest.errors import TargetError

T = TypeVar("T")


class Names:
    """A resolver, and a clock that a test turns."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = list(hosts)
        self.now_ns = NS_PER_S
        self.lookups = 0
        self.fails = False

    async def resolve(self, _host: str, port: int) -> list[tuple[Any, ...]]:
        """Answer as ``getaddrinfo`` does."""
        self.lookups += 1
        if self.fails:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in host], 1, 6, "", (host, port)) for host in self.hosts]

    def addresses(self, **arguments: Any) -> Addresses:
        """Return addresses that this resolver finds."""
        return Addresses("chat.test", 8080, lambda: self.now_ns, resolve=self.resolve, **arguments)


async def order(addresses: Addresses) -> str:
    """Return the last digits of the addresses in the order of the next try."""
    return "".join(place[0][-1] for _, place in await addresses.in_order())


def run(main: Callable[[], Awaitable[T]]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(20):
            return await main()

    return asyncio.run(bounded())


def test_each_address_is_the_first_in_its_turn() -> None:
    async def main() -> list[str]:
        addresses = Names("10.0.0.1", "10.0.0.2", "10.0.0.2", "10.0.0.3").addresses()
        return [await order(addresses) for _ in range(4)]

    assert run(main) == ["123", "231", "312", "123"]


def test_workers_begin_with_different_addresses() -> None:
    async def main() -> str:
        return await order(Names("10.0.0.1", "10.0.0.2").addresses(first=1))

    assert run(main) == "21"


def test_one_that_failed_comes_last_until_a_single_try_finds_it_well() -> None:
    names = Names("10.0.0.1", "10.0.0.2", "10.0.0.3")

    async def main() -> list[str]:
        addresses = names.addresses()
        [bad, *_] = await addresses.in_order()
        addresses.failed(bad)
        orders = [await order(addresses) for _ in range(3)]
        names.now_ns += 11 * NS_PER_S
        orders += [await order(addresses) for _ in range(2)]
        addresses.answered(bad)
        orders += [await order(addresses) for _ in range(3)]
        return orders

    assert run(main) == ["231", "321", "231", "123", "321", "123", "231", "312"]


def test_a_name_is_looked_up_once_for_many_and_again_later() -> None:
    names = Names("10.0.0.1")

    async def main() -> None:
        addresses = names.addresses()
        assert await asyncio.gather(*(order(addresses) for _ in range(50))) == ["1"] * 50
        assert names.lookups == 1
        names.hosts = ["10.0.0.9"]
        assert await order(addresses) == "1"
        names.now_ns += 5 * NS_PER_S
        # What is known is used until the answer is there.
        assert await order(addresses) == "1"
        await asyncio.sleep(0)
        assert await order(addresses) == "9"
        assert names.lookups == 2

    run(main)


def test_what_was_known_outlives_a_resolver_that_fails() -> None:
    names = Names("10.0.0.1")

    async def main() -> str:
        addresses = names.addresses()
        await addresses.in_order()
        names.fails = True
        names.now_ns += 5 * NS_PER_S
        await addresses.in_order()
        await asyncio.sleep(0)
        return await order(addresses)

    assert run(main) == "1"


def test_a_name_that_is_not_known_is_asked_for_again_the_next_time() -> None:
    names = Names("10.0.0.1")
    names.fails = True

    async def main() -> str:
        addresses = names.addresses()
        with pytest.raises(TargetError, match=r"name not found: chat.test"):
            await addresses.in_order()
        names.fails = False
        return await order(addresses)

    assert run(main) == "1"


def test_only_addresses_of_the_families_that_can_be_used_are_tried() -> None:
    names = Names("10.0.0.1", "fd00::2")

    async def main() -> str:
        with pytest.raises(TargetError, match="no address of the family"):
            await Names("10.0.0.1").addresses(families={socket.AF_INET6}).in_order()
        return await order(names.addresses(families={socket.AF_INET6}))

    assert run(main) == "2"
