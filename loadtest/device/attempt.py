"""One try of a device to open a connection.

A device that gives up on a try, and later makes another, must not take what then still comes of the
first one for news of the second: a socket may need minutes to fail.
"""

from typing import Protocol

from loadtest.device.fleet import Link, LinkOwner
from loadtest.device.state import State

__all__ = ["Attempt", "Opening"]


class Opening(LinkOwner, Protocol):
    """A device as far as its tries are concerned."""

    epoch: int
    """Counts the tries."""
    state: State


class Attempt:
    """The owner of a link on behalf of a device."""

    __slots__ = ("_device", "_epoch", "receive", "stage")

    def __init__(self, device: Opening) -> None:
        self._device = device
        self._epoch = device.epoch
        self.stage = "waiting for its turn to connect"
        """What it waits for, in words; whoever opens connections keeps it up to date."""
        # Bound here, as it is called for every read: no call of our own in between.
        self.receive = device.receive

    @property
    def is_wanted(self) -> bool:
        """Whether the device still waits for this connection."""
        device = self._device
        return device.epoch == self._epoch and device.state is State.OPENING

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
