"""A device that reads slowly: what its socket brings is handed on at a bounded rate.

While anything waits, the socket is not read. So the kernel's buffers fill up, then the server's,
and the server has to do something about it, as it has with a phone on a bad network.
"""

from collections.abc import Callable
from typing import Protocol

from loadtest.clock import Clock
from loadtest.device import LinkOwner
from loadtest.device.fleet import Link

__all__ = ["PacedOwner", "Pausable"]

_SLICE_S = 0.1
"""From one portion to the next."""


class Pausable(Protocol):
    """A transport as far as reading from it is concerned."""

    def pause_reading(self) -> None:
        """Read no more from the socket."""

    def resume_reading(self) -> None:
        """Read from the socket again."""

    def is_closing(self) -> bool:
        """Whether the transport is closed or being closed."""


class PacedOwner:
    """Stands between a link and its owner.

    Args:
        owner: Who is to get what was read.
        transport: What it is read from.
        bytes_per_s: How much of it the owner gets per second.
        later: Calls a function after so many seconds.
        clock: For the instants that the owner is told.
    """

    __slots__ = ("_clock", "_later", "_owner", "_portion_bytes", "_transport", "_waiting")

    def __init__(
        self,
        owner: LinkOwner,
        transport: Pausable,
        bytes_per_s: float,
        *,
        later: Callable[[float, Callable[[], None]], object],
        clock: Clock,
    ) -> None:
        self._owner = owner
        self._transport = transport
        self._portion_bytes = max(1, round(bytes_per_s * _SLICE_S))
        self._later = later
        self._clock = clock
        self._waiting = b""

    def link_opened(self, link: Link, now_ns: int) -> None:
        """Tell the owner; it was opened before anybody asked for a pace."""
        self._owner.link_opened(link, now_ns)

    def receive(self, data: bytes, now_ns: int) -> None:
        """Take what was read, and read no more until the owner has got it."""
        is_first = not self._waiting
        self._waiting += data
        if is_first:
            self._transport.pause_reading()
            self._later(_SLICE_S, self._hand_on)

    def link_closed(self, reason: str, now_ns: int) -> None:
        """Tell the owner; what still waits is lost, as with any device that goes away."""
        self._waiting = b""
        self._owner.link_closed(reason, now_ns)

    def _hand_on(self) -> None:
        if self._transport.is_closing() or not self._waiting:
            return
        portion = self._waiting[: self._portion_bytes]
        self._waiting = self._waiting[self._portion_bytes :]
        # Asked before the owner gets it: it may close the connection because of it.
        if self._waiting:
            self._later(_SLICE_S, self._hand_on)
        else:
            self._transport.resume_reading()
        self._owner.receive(portion, self._clock())
