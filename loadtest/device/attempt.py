"""One try of a device to open a connection.

A device that gives up on a try, and later makes another, must not take what then still comes of the
first one for news of the second: a socket may need minutes to fail.
"""

from typing import Protocol

from loadtest.device.fleet import Link, LinkOwner

__all__ = ["Attempt", "Opening"]


class Opening(LinkOwner, Protocol):
    """A device as far as its tries are concerned."""

    epoch: int
    """Counts the tries."""


class Attempt:
    """The owner of a link on behalf of a device."""

    __slots__ = ("_device", "_epoch", "receive")

    def __init__(self, device: Opening) -> None:
        self._device = device
        self._epoch = device.epoch
        # Bound here, as it is called for every read: no call of our own in between.
        self.receive = device.receive

    def link_opened(self, link: Link, now_ns: int) -> None:
        """Hand the connection to the device, if it still waits for this one."""
        if self._device.epoch == self._epoch:
            self._device.link_opened(link, now_ns)
        else:
            link.abort()

    def link_closed(self, reason: str, now_ns: int) -> None:
        """Tell the device, if it has no newer try."""
        if self._device.epoch == self._epoch:
            self._device.link_closed(reason, now_ns)
