"""Ways to read an event and write an ACK from Python: ``python -m tests.benchmarks.floors``.

None of them parses or records anything: what they cost is the least that an engine on top of them
can cost. A child process feeds all connections in turn over loopback. The engine stands on the
first; the others are what it might stand on instead.
"""

import argparse
import asyncio
import os
import select
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import cast

import uvloop

from loadtest.clock import process_cpu_ns

__all__ = ["WAYS", "main", "measure_way"]

_EVENT = b"e" * 1_473
_ACK = b"a" * 110
_READ_BYTES = 65_536
_Run = Callable[[list[socket.socket]], None]


def _feed(port: int, connections: int, events: int) -> None:
    """Be the server: send to all, then take all ACKs, again and again."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    for _ in range(events):
        for each in sockets:
            each.sendall(_EVENT)
        for each in sockets:
            missing = len(_ACK)
            while missing:
                missing -= len(each.recv(_READ_BYTES))
    for each in sockets:
        each.close()


class _Answering(asyncio.Protocol):
    """Writes an ACK for whatever it reads."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, _data: bytes) -> None:
        self._transport.write(_ACK)

    def connection_lost(self, _error: Exception | None) -> None:
        self._on_lost()


class _Buffered(asyncio.BufferedProtocol):
    """The same with a buffer of its own for what is read."""

    _buffer = bytearray(_READ_BYTES)

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, _size: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, _size: int) -> None:
        self._transport.write(_ACK)

    def connection_lost(self, _error: Exception | None) -> None:
        self._on_lost()


def _on_protocols(protocol: type[_Answering] | type[_Buffered]) -> _Run:
    async def run_all(sockets: list[socket.socket]) -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        left = len(sockets)

        def lost() -> None:
            nonlocal left
            left -= 1
            if not left:
                done.set_result(None)

        for each in sockets:
            await loop.create_connection(lambda: protocol(lost), sock=each)
        await done

    def run(sockets: list[socket.socket]) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_all(sockets))

    return run


def _on_readers(sockets: list[socket.socket]) -> None:
    with closing(uvloop.new_event_loop()) as loop:
        left = len(sockets)

        def ready(descriptor: int) -> None:
            nonlocal left
            if os.read(descriptor, _READ_BYTES):
                os.write(descriptor, _ACK)
                return
            loop.remove_reader(descriptor)
            left -= 1
            if not left:
                loop.stop()

        for each in sockets:
            loop.add_reader(each.fileno(), ready, each.fileno())
        loop.run_forever()


def _on_epoll(sockets: list[socket.socket]) -> None:
    with select.epoll() as polled:
        for each in sockets:
            polled.register(each.fileno(), select.EPOLLIN)
        left = len(sockets)
        while left:
            for descriptor, _ in polled.poll(-1, len(sockets)):
                if os.read(descriptor, _READ_BYTES):
                    os.write(descriptor, _ACK)
                else:
                    polled.unregister(descriptor)
                    left -= 1


WAYS: dict[str, _Run] = {
    "uvloop, protocol": _on_protocols(_Answering),
    "uvloop, buffered protocol": _on_protocols(_Buffered),
    "uvloop, reader and system calls": _on_readers,
    "epoll and system calls": _on_epoll,
}


def measure_way(run: _Run, connections: int, events: int) -> float:
    """Return the microseconds of CPU that one event and its ACK cost."""
    with socket.create_server(("127.0.0.1", 0), backlog=connections) as listening:
        child = os.fork()
        if not child:
            _be_server(listening, connections, events)
        sockets = [listening.accept()[0] for _ in range(connections)]
        for each in sockets:
            each.setblocking(False)
        before_ns = process_cpu_ns()
        run(sockets)
        cost_ns = process_cpu_ns() - before_ns
        for each in sockets:
            each.close()
        os.waitpid(child, 0)
    return cost_ns / (connections * events) / 1_000


def _be_server(listening: socket.socket, connections: int, events: int) -> None:
    port = listening.getsockname()[1]
    listening.close()
    status = 1
    try:
        _feed(port, connections, events)
        status = 0
    finally:
        # A forked child must not go on with what its parent was about to do.
        os._exit(status)


def main(words: Sequence[str] | None = None) -> int:
    """Measure all ways round by round and print their cost; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.floors", description=__doc__)
    parser.add_argument("--connections", type=int, default=500, help="(%(default)s)")
    parser.add_argument("--events", type=int, default=60, help="to each (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    arguments = parser.parse_args(words)
    for number in range(1, arguments.rounds + 1):
        for name, run in WAYS.items():
            cost_us = measure_way(run, arguments.connections, arguments.events)
            sys.stdout.write(f"round {number}: {name:32} {cost_us:5.2f} us of CPU per event\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
