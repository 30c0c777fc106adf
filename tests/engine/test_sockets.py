"""An open socket: what is written, read and closed, and the words for what goes wrong with one."""

import errno
import socket

import pytest

from loadtest.clock import monotonic_ns
from loadtest.engine.sockets import NEVER_NS, reason_of
from loadtest.observations import NO_LOCAL_PORT, NO_OPEN_FILE
from tests.support.echo_server import Owner, Server, run_beside


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "connection refused"),
        (ConnectionResetError(errno.ECONNRESET, "x"), "connection reset by the server"),
        (TimeoutError(), "connection timed out"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "Network is unreachable"),
        (ConnectionAbortedError("late"), "ConnectionAbortedError: late"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_socket_s_error_is_told_in_words(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


# --- links ---------------------------------------------------------------------------------------


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

    run_beside(main)


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

    assert run_beside(main) == b"now"


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

    run_beside(main)


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

    assert run_beside(main) == reason


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

    run_beside(main)


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

    run_beside(main)


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

    assert run_beside(main) == [b"abc", b"def"]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EADDRNOTAVAIL, NO_LOCAL_PORT),
        (errno.EMFILE, NO_OPEN_FILE),
        (errno.ENFILE, NO_OPEN_FILE),
    ],
)
def test_what_this_machine_has_no_more_of_is_named_as_such(number: int, reason: str) -> None:
    assert reason_of(OSError(number, "as the kernel says it")) == reason
