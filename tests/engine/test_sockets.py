"""Addresses name targets; connections are opened, refused, lost and closed, with reasons."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

import pytest
import trustme
import uvloop

from loadtest.clock import monotonic_ns
from loadtest.device import Link
from loadtest.engine.sockets import (
    NEVER_NS,
    Opener,
    Target,
    reason_of,
    target_from_url,
    tls_context,
)
from loadtest.errors import UsageError

T = TypeVar("T")

# --- targets ----------------------------------------------------------------------------------

GOOD = [
    ("http://127.0.0.1:8080", Target("ws", "127.0.0.1", 8080, "/rtm/websocket")),
    ("ws://127.0.0.1:8080/", Target("ws", "127.0.0.1", 8080, "/rtm/websocket")),
    ("https://chat.example.com", Target("wss", "chat.example.com", 443, "/rtm/websocket")),
    ("WSS://Chat.Example.com", Target("wss", "chat.example.com", 443, "/rtm/websocket")),
    ("http://chat", Target("ws", "chat", 80, "/rtm/websocket")),
    ("http://[::1]:9", Target("ws", "::1", 9, "/rtm/websocket")),
    ("http://chat/deep/path/", Target("ws", "chat", 80, "/deep/path/rtm/websocket")),
    ("http://chat/deep/rtm/websocket", Target("ws", "chat", 80, "/deep/rtm/websocket")),
]


@pytest.mark.parametrize(("url", "target"), GOOD, ids=[url for url, _ in GOOD])
def test_an_address_names_a_target(url: str, target: Target) -> None:
    assert target_from_url(url) == target


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8080", "chat.example.com", "ftp://chat", "http://", "http://:8080", "//chat"],
)
def test_what_is_no_address_of_a_chat_server_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="it must be an address such as") as caught:
        target_from_url(url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize("port", ["65536", "x", "-1"])
def test_a_port_that_cannot_be_is_refused(port: str) -> None:
    with pytest.raises(UsageError, match="its port must be a number up to 65535"):
        target_from_url(f"http://chat:{port}")


def test_the_key_is_escaped_and_never_shown() -> None:
    target = target_from_url("https://[::1]:8443/x")
    assert target.is_secure
    assert target.uri("a b&c") == "wss://[::1]:8443/x/rtm/websocket?api-key=a%20b%26c"
    assert "key" not in str(target)


# --- reasons ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "connection refused"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "connection reset by the server"),
        (TimeoutError(), "connection timed out"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (ConnectionAbortedError("late"), "ConnectionAbortedError: late"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_socket_s_error_is_told_in_words(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


# --- connections ------------------------------------------------------------------------------


class Owner:
    """Keeps what happens to its connection, and lets a test wait for it."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[Link] = loop.create_future()
        self.closed: asyncio.Future[str] = loop.create_future()
        self.read: asyncio.Queue[bytes] = asyncio.Queue()

    def link_opened(self, link: Link, now_ns: int) -> None:
        assert now_ns > 0
        self.opened.set_result(link)

    def receive(self, data: bytes, now_ns: int) -> None:
        assert now_ns > 0
        self.read.put_nowait(data)

    def link_closed(self, reason: str, now_ns: int) -> None:
        assert now_ns > 0
        self.closed.set_result(reason)


class Greeter(asyncio.Protocol):
    """A server that echoes, and does as told by what it reads."""

    def __init__(self, accepted: list["Greeter"]) -> None:
        self.transport: asyncio.Transport | None = None
        self.is_lost = asyncio.get_running_loop().create_future()
        accepted.append(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
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

    def opener(self, host: str = "http://127.0.0.1", **arguments: object) -> Opener:
        target = target_from_url(f"{host}:{self.port}")
        arguments.setdefault("catch_up", lambda: None)
        return Opener(target, monotonic_ns, **arguments)  # type: ignore[arg-type]


def run(main: Callable[[Server], Awaitable[T]], tls: ssl.SSLContext | None = None) -> T:
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


def test_what_is_written_arrives_and_what_arrives_is_read() -> None:
    async def main(server: Server) -> None:
        opener, owner = server.opener(), Owner()
        opener.open(owner)
        link = await owner.opened
        assert opener.crowd.open_count == 1
        link.write(b"hello")
        assert await owner.read.get() == b"hello"
        link.close()
        await owner.closed
        assert opener.crowd.open_count == 0

    run(main)


def test_what_is_written_is_with_the_kernel_when_the_call_returns() -> None:
    """So the instant that was noted before it is when it left."""

    async def main(server: Server) -> bytes:
        owner = Owner()
        server.opener().open(owner)
        link = await owner.opened
        link.write(b"hello")
        await owner.read.get()
        transport = server.accepted[0].transport
        assert transport is not None
        link.write(b"now")
        peer = transport.get_extra_info("socket")
        with socket.fromfd(peer.fileno(), peer.family, peer.type) as same:
            return same.recv(10, socket.MSG_DONTWAIT)

    assert run(main) == b"now"


def test_what_is_due_is_done_between_two_reads() -> None:
    async def main(server: Server) -> None:
        caught_up: list[int] = []
        opener = server.opener(catch_up=lambda: caught_up.append(1))
        owner = Owner()
        opener.open(owner)
        link = await owner.opened
        for due_ns, expected in ((NEVER_NS, 0), (monotonic_ns(), 1)):
            opener.crowd.due_ns = due_ns
            link.write(b"hello")
            await owner.read.get()
            assert len(caught_up) == expected

    run(main)


@pytest.mark.parametrize(
    ("order", "reason"),
    [(b"close", "connection closed by the server"), (b"reset", "connection reset by the server")],
)
def test_the_owner_is_told_how_the_server_left(order: bytes, reason: str) -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener().open(owner)
        (await owner.opened).write(order)
        return await owner.closed

    assert run(main) == reason


def test_an_aborted_link_is_closed_and_says_nothing_more() -> None:
    async def main(server: Server) -> None:
        opener, owner = server.opener(), Owner()
        opener.open(owner)
        link = await owner.opened
        link.write(b"last words")
        link.abort()
        await server.accepted[0].is_lost

        assert not owner.closed.done()
        assert owner.read.empty()
        assert opener.crowd.open_count == 0

    run(main)


def test_what_a_deaf_server_leaves_unsent_is_counted_and_does_not_hold_an_abort() -> None:
    async def main(server: Server) -> None:
        opener, owner = server.opener(), Owner()
        opener.open(owner)
        link = await owner.opened
        link.write(b"deaf")
        await owner.read.get()
        while not opener.crowd.unsent_bytes:
            link.write(b"x" * 1_000_000)
        assert opener.crowd.blocked
        link.abort()
        greeter = server.accepted[0]
        assert greeter.transport is not None
        greeter.transport.resume_reading()
        await greeter.is_lost

        assert opener.crowd.unsent_bytes == 0
        assert opener.crowd.open_count == 0
        assert not owner.closed.done()

    run(main)


def test_a_slow_reader_gets_its_bytes_in_portions() -> None:
    async def main(server: Server) -> list[bytes]:
        owner = Owner()
        server.opener().open(owner)
        link = await owner.opened
        link.read_slowly(30)
        link.write(b"abcdef")
        portions = [await owner.read.get(), await owner.read.get()]
        link.close()
        await owner.closed
        link.read_slowly(30)  # nobody reads any more
        return portions

    assert run(main) == [b"abc", b"def"]


def test_a_refused_connection_is_told() -> None:
    async def main(server: Server) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            server.port = free.getsockname()[1]
            owner = Owner()
            server.opener().open(owner)
            return await owner.closed

    assert run(main) == "connection refused"


def test_a_name_that_nobody_knows_is_told() -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("http://no-such-host.invalid").open(owner)
        return await owner.closed

    assert run(main) == "name not found: no-such-host.invalid"


def test_the_next_address_of_a_name_is_tried_if_the_first_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main(server: Server) -> None:
        opener = server.opener()
        found = [
            (socket.AF_INET6, ("::1", server.port)),
            (socket.AF_INET, ("127.0.0.1", server.port)),
        ]
        monkeypatch.setattr(opener, "_addresses", found)
        for _ in range(2):
            owner = Owner()
            opener.open(owner)
            await owner.opened
        assert opener._addresses == found[1:]

    run(main)


def test_connections_come_from_each_source_address_in_turn() -> None:
    async def main(server: Server) -> list[str]:
        opener = server.opener(source_addresses=("127.0.0.2", "127.0.0.3"))
        for _ in range(4):
            owner = Owner()
            opener.open(owner)
            await owner.opened
            (await owner.opened).write(b"?")
            await owner.read.get()
        return [greeter.peer for greeter in server.accepted]

    assert run(main) == ["127.0.0.2", "127.0.0.3"] * 2


def test_a_source_address_that_is_not_ours_is_told() -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener(source_addresses=("192.0.2.1",)).open(owner)
        return await owner.closed

    assert run(main) == "Cannot assign requested address"


def test_no_more_connections_open_at_once_than_allowed_and_none_is_forgotten() -> None:
    async def main(server: Server) -> int:
        opener = server.opener(concurrency=3)
        owners = [Owner() for _ in range(40)]
        for owner in owners:
            opener.open(owner)
            assert len(opener._tasks) <= 3
        for owner in owners:
            await owner.opened
        return opener.crowd.open_count

    assert run(main) == 40


def test_a_failure_makes_room_for_the_next() -> None:
    async def main(server: Server) -> list[str]:
        opener = server.opener("http://no-such-host.invalid", concurrency=1)
        owners = [Owner(), Owner()]
        for owner in owners:
            opener.open(owner)
        return [await owner.closed for owner in owners]

    assert run(main) == ["name not found: no-such-host.invalid"] * 2


# --- TLS --------------------------------------------------------------------------------------


class Authority:
    """Certificates for a server on loopback, and the file of whoever signed them."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.server)


@pytest.fixture(name="authority")
def _authority(tmp_path: Path) -> Iterator[Authority]:
    yield Authority(tmp_path)


def test_a_certificate_of_the_ca_file_is_trusted(authority: Authority) -> None:
    async def main(server: Server) -> bytes:
        owner = Owner()
        server.opener("https://127.0.0.1", ca_file=authority.ca_file).open(owner)
        link = await owner.opened
        link.write(b"secret")
        data = await owner.read.get()
        link.close()
        await owner.closed
        return data

    assert run(main, authority.server) == b"secret"


@pytest.mark.parametrize("sources", [(), ("127.0.0.2",)], ids=["any source", "own source"])
def test_a_certificate_of_nobody_we_know_is_not_trusted(
    authority: Authority, sources: tuple[str, ...]
) -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("wss://127.0.0.1", source_addresses=sources).open(owner)
        return await owner.closed

    assert run(main, authority.server).startswith("certificate not trusted: unable to get local")


def test_a_certificate_for_another_name_is_not_trusted(authority: Authority) -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("wss://localhost", ca_file=authority.ca_file).open(owner)
        return await owner.closed

    assert "Hostname mismatch" in run(main, authority.server)


def test_a_server_without_tls_is_told(authority: Authority) -> None:
    async def main(server: Server) -> str:
        owner = Owner()
        server.opener("wss://127.0.0.1", ca_file=authority.ca_file).open(owner)
        return await owner.closed

    assert run(main).startswith("TLS: ")


@pytest.mark.parametrize("text", [None, "no certificate"], ids=["missing", "not PEM"])
def test_a_ca_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match="it must be a file of PEM certificates"):
        tls_context(path)
