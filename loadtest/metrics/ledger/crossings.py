"""What crosses from one worker to another, where channels span workers.

Then each device's number says which worker the device is on, and which one keeps the ledger of its
cell (its *home*): ``(serial * workers + worker) * workers + home``. What was caused on one worker
and arrived on another was timed by two clocks, and is kept apart. All devices of a user are on one
worker, so that an event without a sender came from where its user's devices are; one that nobody
can place counts as crossing.
"""

from collections.abc import Iterable
from typing import Any

from loadtest.metrics.ledger.model import EventRecord, MessageRecord, Record, TrackedDevice
from loadtest.metrics.ledger.notifications import NotificationBook
from loadtest.metrics.ledger.records import RecordBook
from loadtest.metrics.ledger.roster import Roster
from loadtest.observations import ChatEvent

__all__ = ["Crossings", "device_number", "home_of_device", "worker_of_device"]


def device_number(serial: int, *, worker: int, home: int, workers: int) -> int:
    """Return the number of a worker's device whose cell is judged by the worker ``home``."""
    return (serial * workers + worker) * workers + home


def home_of_device(number: int, workers: int) -> int:
    """Return which worker judges what concerns a device."""
    return number % workers


def worker_of_device(number: int, workers: int) -> int:
    """Return which worker a device is on."""
    return number // workers % workers


class Crossings:
    """Tells what crosses.

    Args:
        workers: How many workers there are.
        roster: Who is where.
    """

    def __init__(self, workers: int, roster: Roster) -> None:
        self._workers = workers
        self._roster = roster

    def watch(self, books: Iterable[RecordBook[Any]], notifications: NotificationBook) -> None:
        """Have these books ask for every arrival, if there is more than one worker."""
        if self._workers == 1:
            return
        for book in books:
            book.crosses = self.crosses
        notifications.crosses = self.crosses_to

    def crosses(self, record: Record, slot: int) -> bool:
        """Return whether the chat session with ``slot`` is on another worker than the cause."""
        chat_session = record.channel.slots[slot]
        return chat_session is None or self._is_elsewhere(record, chat_session.device)

    def crosses_to(self, record: MessageRecord, device: TrackedDevice) -> bool:
        """Return whether a notified device is on another worker than the author."""
        return self._is_elsewhere(record, device)

    def _is_elsewhere(self, record: Record, device: TrackedDevice) -> bool:
        origin = record.sender or self._device_of_subject(record)
        return origin is None or self._worker(origin) != self._worker(device)

    def _device_of_subject(self, record: Record) -> TrackedDevice | None:
        """Return any device of the user whom an event without a sender is about."""
        if not isinstance(record, EventRecord):
            return None
        event, _, subject, reader = record.match
        user = self._roster.users.get(reader if event is ChatEvent.MESSAGE_READ else subject)
        return next(iter(user.devices), None) if user is not None else None

    def _worker(self, device: TrackedDevice) -> int:
        return worker_of_device(device.number, self._workers)
