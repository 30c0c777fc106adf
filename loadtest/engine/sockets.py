"""The open socket of a device, and all open sockets together."""

import asyncio
import errno
import ssl
from collections.abc import Callable
from typing import cast

from loadtest.clock import Clock
from loadtest.device import LinkOwner
from loadtest.engine.pacing import PacedOwner
from loadtest.engine.tls import tls_reason
from loadtest.observations import NO_LOCAL_PORT, NO_OPEN_FILE

__all__ = ["NEVER_NS", "Crowd", "SocketLink", "reason_of"]

NEVER_NS = 1 << 63
# Not the server's fault, so that they must not look like it.
_OWN_LIMITS = {
    errno.EADDRNOTAVAIL: NO_LOCAL_PORT,
    errno.EMFILE: NO_OPEN_FILE,
    errno.ENFILE: NO_OPEN_FILE,
}


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
    if isinstance(error, ssl.SSLError):
        return tls_reason(error)
    if isinstance(error, TimeoutError):
        return "connection timed out"
    if isinstance(error, OSError) and error.errno in _OWN_LIMITS:
        return _OWN_LIMITS[error.errno or 0]
    if isinstance(error, OSError) and error.errno is not None:
        return error.strerror or str(error)
    return f"{type(error).__name__}: {error}"
