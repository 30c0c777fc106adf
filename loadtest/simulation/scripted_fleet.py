"""The devices of scripted users on this worker, and who was made a member before being known.

A person names members of a channel by their user names; the ledger knows users by the server's ids,
which a device learns when its user session starts. Until then a membership waits here.

All but the numbers belongs to the engine's thread.
"""

import itertools

from loadtest.device import Device, DeviceCore, Fleet
from loadtest.device.numbers import device_in_run
from loadtest.metrics.ledger.crossings import device_number

__all__ = ["ScriptedFleet"]

# The director counts its own devices from 1.
_FIRST_DEVICE = 1_000_000


class ScriptedFleet:
    """All devices of scripted users.

    Args:
        fleet: The devices' common part.
        worker: Number of this worker.
        workers: How many there are.
        spans: Whether a device's number names the worker that judges it; it is this one.
    """

    def __init__(self, fleet: Fleet, worker: int, workers: int, *, spans: bool = False) -> None:
        self.devices: list[Device] = []
        self._next_serial = itertools.count(_FIRST_DEVICE).__next__
        self._worker = worker
        self._workers = workers
        self._spans = spans
        self.next_name = itertools.count(worker + 1, workers).__next__
        """Numbers for names of users, which no other worker hands out."""
        self._fleet = fleet
        self._unknown: dict[str, set[int]] = {}

    def next_device(self) -> int:
        """Return a number for a device, which no other device of the run has."""
        serial, worker, workers = self._next_serial(), self._worker, self._workers
        if self._spans:
            return device_number(serial, worker=worker, home=worker, workers=workers)
        return device_in_run(serial, worker=worker, workers=workers)

    def member_named(self, channel: int, username: str, now_ns: int) -> None:
        """Tell the ledger of a member, now or once the user is known."""
        for device in self.devices:
            if device.username == username and device.user:
                self._fleet.observer.member_joined(channel, device.user, now_ns)
                return
        self._unknown.setdefault(username, set()).add(channel)

    def user_known(self, device: DeviceCore, now_ns: int) -> None:
        """Tell the ledger of the memberships of a user whose id has become known."""
        for channel in sorted(self._unknown.pop(device.username, ())):
            self._fleet.observer.member_joined(channel, device.user, now_ns)
