"""Connections are opened to each address in turn; those that hang stand in nobody's way."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from loadtest.engine import opener as opener_module
from loadtest.engine.network import NetworkSettings
from loadtest.engine.proxy import Proxy
from loadtest.engine.sockets import SocketLink
from loadtest.engine.tls import TlsSettings
from tests.support.echo_server import Owner, Server, run_beside, until

NOBODY = "127.0.0.7"


def found(*hosts: str) -> Any:
    """Return a resolver whose names have these addresses."""

    async def resolve(_host: str, port: int) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET6 if ":" in host else socket.AF_INET, 1, 6, "", (host, port))
            for host in hosts
        ]

    return resolve


@contextmanager
def swallowing(host: str, port: int) -> Iterator[None]:
    """Have an address that answers no SYN: its queue is full, and nobody accepts."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(0)
        for _ in range(3):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex((host, port))
        yield


def peer_of(link: SocketLink) -> str:
    assert link._transport is not None
    return str(link._transport.get_extra_info("peername")[0])


async def opened(opener: opener_module.Opener) -> Owner:
    owner = Owner()
    opener.open(owner)
    await owner.opened
    return owner


def test_a_refused_connection_is_told() -> None:
    async def main(server: Server) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            server.port = free.getsockname()[1]
            owner = Owner()
            server.opener().open(owner)
            return await owner.closed

    assert run_beside(main) == "connection refused"


def test_a_name_that_nobody_knows_is_told() -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("http://no-such-host.invalid").open(owner)
        return await owner.closed

    assert run_beside(main) == "name not found: no-such-host.invalid"


def test_connections_come_from_each_source_address_in_turn() -> None:
    async def main(server: Server) -> list[str]:
        opener = server.opener(network=NetworkSettings(source_addresses=("127.0.0.2", "127.0.0.3")))
        for _ in range(4):
            owner = Owner()
            opener.open(owner)
            await owner.opened
            (await owner.opened).write(b"?")
            await owner.read.get()
        return [greeter.peer for greeter in server.accepted]

    assert run_beside(main) == ["127.0.0.2", "127.0.0.3"] * 2


def test_a_source_address_that_is_not_ours_is_told() -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener(network=NetworkSettings(source_addresses=("192.0.2.1",))).open(owner)
        return await owner.closed

    assert run_beside(main) == "--source-address 192.0.2.1 is no address of this machine"


def test_no_more_connections_open_at_once_than_allowed_and_none_is_forgotten() -> None:
    async def main(server: Server) -> int:
        opener = server.opener(concurrency=3)
        owners = [Owner() for _ in range(40)]
        for owner in owners:
            opener.open(owner)
            assert opener.attempt_count <= 3
        for owner in owners:
            await owner.opened
        return opener.crowd.open_count

    assert run_beside(main) == 40


def test_a_failure_makes_room_for_the_next() -> None:
    async def main(server: Server) -> list[str]:
        opener = server.opener("http://no-such-host.invalid", concurrency=1)
        owners = [Owner(), Owner()]
        for owner in owners:
            opener.open(owner)
        return [await owner.closed for owner in owners]

    assert run_beside(main) == ["name not found: no-such-host.invalid"] * 2


# --- TLS --------------------------------------------------------------------------------------


class Authority:
    """Certificates for a server on loopback, and the file of whoever signed them."""

    def __init__(self, folder: Path) -> None:
        self.authority = authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.server)


def trusting(authority: Authority) -> NetworkSettings:
    return NetworkSettings(tls=TlsSettings(ca_file=str(authority.ca_file)))


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Iterator[Authority]:
    yield Authority(tmp_path)


def test_a_certificate_of_the_ca_file_is_trusted(authority: Authority) -> None:
    async def main(server: Server) -> bytes:
        owner = Owner()
        server.opener("https://127.0.0.1", trusting(authority)).open(owner)
        link = await owner.opened
        link.write(b"secret")
        data = await owner.read.get()
        link.close()
        await owner.closed
        return data

    assert run_beside(main, authority.server) == b"secret"


@pytest.mark.parametrize("sources", [(), ("127.0.0.2",)], ids=["any source", "own source"])
def test_a_certificate_of_nobody_we_know_is_not_trusted(
    authority: Authority, sources: tuple[str, ...]
) -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("wss://127.0.0.1", NetworkSettings(source_addresses=sources)).open(owner)
        return await owner.closed

    assert run_beside(main, authority.server).startswith(
        "certificate not trusted: unable to get local"
    )


def test_a_certificate_for_another_name_is_not_trusted(authority: Authority) -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("wss://localhost", trusting(authority)).open(owner)
        return await owner.closed

    assert run_beside(main, authority.server) == "the certificate is for another host name"


def test_a_server_without_tls_is_told(authority: Authority) -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("wss://127.0.0.1", trusting(authority)).open(owner)
        return await owner.closed

    assert run_beside(main).startswith("TLS: ")


def test_verification_can_be_skipped(authority: Authority) -> None:
    async def main(server: Server) -> bytes:
        network = NetworkSettings(tls=TlsSettings(is_verified=False))
        owner = Owner()
        server.opener("https://127.0.0.1", network).open(owner)
        (await owner.opened).write(b"secret")
        return await owner.read.get()

    assert run_beside(main, authority.server) == b"secret"


def test_a_server_that_asks_for_a_client_certificate_gets_ours(
    authority: Authority, tmp_path: Path
) -> None:
    authority.server.load_verify_locations(authority.ca_file)
    authority.server.verify_mode = ssl.CERT_REQUIRED
    mine = authority.authority.issue_cert("client.test")
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "me.pem"))

    async def main(server: Server) -> bytes:
        tls = TlsSettings(str(authority.ca_file), client_certificate=str(tmp_path / "me.pem"))
        owner = Owner()
        server.opener("https://127.0.0.1", NetworkSettings(tls=tls)).open(owner)
        (await owner.opened).write(b"secret")
        return await owner.read.get()

    assert run_beside(main, authority.server) == b"secret"


@pytest.mark.parametrize("is_secure", [False, True])
@pytest.mark.parametrize("sources", [(), ("127.0.0.2",)], ids=["any source", "own source"])
def test_no_frame_waits_for_the_acknowledgement_of_another(
    authority: Authority, is_secure: bool, sources: tuple[str, ...]
) -> None:
    async def main(server: Server) -> int:
        network = NetworkSettings(tls=TlsSettings(is_verified=False), source_addresses=sources)
        opener = server.opener(f"http{'s' * is_secure}://127.0.0.1", network)
        owner = await opened(opener)
        [link] = opener.crowd.links
        assert link._transport is not None
        connection = link._transport.get_extra_info("socket")
        is_set = int(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        link.close()
        await owner.closed
        return is_set

    assert run_beside(main, authority.server if is_secure else None)


# --- several addresses ------------------------------------------------------------------------


def test_connections_are_spread_over_all_addresses() -> None:
    async def main(server: Server) -> list[str]:
        opener = server.opener(resolve=found("127.0.0.1", "127.0.0.2"))
        second = await asyncio.get_running_loop().create_server(
            asyncio.Protocol, "127.0.0.2", server.port
        )
        async with second:
            for _ in range(6):
                await opened(opener)
            peers = [peer_of(link) for link in opener.crowd.links]
            for link in tuple(opener.crowd.links):
                link.cut()
            await asyncio.sleep(0.01)
        return sorted(peers)

    assert run_beside(main) == ["127.0.0.1"] * 3 + ["127.0.0.2"] * 3


def test_an_address_that_refuses_is_avoided_and_the_others_take_over() -> None:
    async def main(server: Server) -> tuple[int, list[str]]:
        opener = server.opener(resolve=found(NOBODY, "127.0.0.1", "::1"))
        stages = [(await opened(opener)).stage for _ in range(6)]
        return len(server.accepted), stages

    accepted, stages = run_beside(main)
    assert accepted == 6
    assert set(stages) == {"waiting for the TCP connection"}


def test_an_address_that_swallows_syns_holds_up_only_who_tried_it_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opener_module, "_ADDRESS_TIMEOUT_S", 0.2)

    async def main(server: Server) -> int:
        opener = server.opener(resolve=found(NOBODY, "127.0.0.1"), concurrency=2)
        with swallowing(NOBODY, server.port):
            for _ in range(20):
                await opened(opener)
        return len(server.accepted)

    assert run_beside(main) == 20


def test_attempts_that_hang_leave_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one place for an attempt, the second would wait for the first for ever."""
    monkeypatch.setattr(opener_module, "_SLOW_NS", 1)
    monkeypatch.setattr(opener_module, "_LOOK_S", 0.01)

    async def main(server: Server) -> int:
        hanging = server.opener(f"http://{NOBODY}", concurrency=1)
        stuck = [Owner() for _ in range(3)]
        with swallowing(NOBODY, server.port):
            for owner in stuck:
                hanging.open(owner)
            await until(lambda: hanging.attempt_count == len(stuck))
            for owner in stuck:
                owner.is_wanted = False
            await until(lambda: not hanging.attempt_count)
        assert not any(owner.closed.done() for owner in stuck)
        return len(stuck)

    assert run_beside(main) == 3


def test_nothing_is_started_for_whoever_has_given_up() -> None:
    async def main(server: Server) -> tuple[int, int]:
        opener = server.opener(concurrency=1)
        first, *others = [Owner() for _ in range(5)]
        for owner in (first, *others):
            opener.open(owner)
        for owner in others[:-1]:
            owner.is_wanted = False
        await first.opened
        await others[-1].opened
        return len(server.accepted), sum(owner.opened.done() for owner in others)

    assert run_beside(main) == (2, 1)


def test_a_tls_handshake_that_nobody_answers_ends_with_its_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opener_module, "_LOOK_S", 0.01)

    async def main(server: Server) -> str:
        opener, owner = server.opener("https://127.0.0.1"), Owner()
        opener.open(owner)
        await until(lambda: bool(server.accepted))
        owner.is_wanted = False
        await server.accepted[0].is_lost
        await until(lambda: not opener.attempt_count)
        assert opener.crowd.open_count == 0
        return owner.stage

    # The echo of a ClientHello is no answer either.
    monkeypatch.setattr("tests.support.echo_server.Greeter.data_received", lambda *_: None)
    assert run_beside(main) == "waiting for the TLS handshake"


def test_source_addresses_of_one_family_leave_out_the_other() -> None:
    async def main(server: Server) -> str:
        network = NetworkSettings(source_addresses=("127.0.0.2",))
        opener = server.opener(network=network, resolve=found("::1"))
        owner = Owner()
        opener.open(owner)
        return await owner.closed

    assert run_beside(main).startswith("127.0.0.1 has no address of the family of --source-address")


# --- through a proxy --------------------------------------------------------------------------


class FakeProxy(asyncio.Protocol):
    """Answers CONNECT, then passes bytes both ways."""

    def __init__(self, answer: bytes, requests: list[bytes]) -> None:
        self._answer = answer
        self._requests = requests
        self._far: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.near: Any = transport

    def data_received(self, data: bytes) -> None:
        if self._far is not None:
            self._far.write(data)
            return
        self._requests.append(data)
        self._task = asyncio.get_running_loop().create_task(self._join(data))

    def connection_lost(self, _error: Exception | None) -> None:
        if self._far is not None:
            self._far.abort()

    async def _join(self, request: bytes) -> None:
        host, port = request.split()[1].decode().rsplit(":", 1)
        near = self.near

        class Far(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                near.write(data)

            def connection_lost(self, _error: Exception | None) -> None:
                near.close()

        if self._answer.startswith(b"HTTP/1.1 200"):
            far, _ = await asyncio.get_running_loop().create_connection(Far, host, int(port))
            self._far = far
        near.write(self._answer)


def through_proxy(
    answer: bytes, scheme: str, tls: ssl.SSLContext | None, settings: TlsSettings
) -> tuple[list[bytes], str]:
    """Open a connection through a proxy; return what the proxy was asked, and how it went."""
    requests: list[bytes] = []

    async def main(server: Server) -> str:
        loop = asyncio.get_running_loop()
        proxies = await loop.create_server(lambda: FakeProxy(answer, requests), "127.0.0.1", 0)
        async with proxies:
            port = proxies.sockets[0].getsockname()[1]
            network = NetworkSettings(tls=settings, proxy=Proxy("127.0.0.1", port, "bWU6cHc="))
            owner = Owner()
            server.opener(f"{scheme}://127.0.0.1", network).open(owner)
            await until(lambda: owner.opened.done() or owner.closed.done())
            if owner.closed.done():
                return owner.closed.result()
            link = owner.opened.result()
            link.write(b"hello")
            data = await owner.read.get()
            link.close()
            await owner.closed
            return data.decode()

    return requests, run_beside(main, tls)


OK = b"HTTP/1.1 200 Connection established\r\n\r\n"


def test_a_proxy_is_asked_for_the_way_and_signed_in_to() -> None:
    requests, said = through_proxy(OK, "http", None, TlsSettings())
    assert said == "hello"
    assert requests[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic bWU6cHc=\r\n" in requests[0]


def test_tls_goes_through_a_proxy_to_the_server(authority: Authority) -> None:
    settings = TlsSettings(ca_file=str(authority.ca_file))
    assert through_proxy(OK, "https", authority.server, settings)[1] == "hello"
    distrusted = through_proxy(OK, "https", authority.server, TlsSettings())[1]
    assert distrusted.startswith("certificate not trusted")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "HTTP 407 Proxy Authentication"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope", "HTTP 403 Forbidden"),
        (b"SSH-2.0\r\n\r\n", "it did not answer with HTTP"),
    ],
    ids=["sign in", "forbidden", "no proxy"],
)
def test_what_a_proxy_says_instead_is_told(answer: bytes, words: str) -> None:
    _, said = through_proxy(answer, "http", None, TlsSettings())
    assert said.startswith("proxy http://127.0.0.1:")
    assert words in said
    assert "bWU6cHc=" not in said
