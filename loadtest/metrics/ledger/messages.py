"""Messages: delivered to chat sessions by key, notified to users by the server's id.

The id of a message is learnt from its first delivery, or from the sender's own user topic; a
notification that comes before is parked until then. A parked notification whose message stays
unknown until the delivery deadline is spurious. Who read what is remembered here as well, because
only the first read of a message by a user who is not its author has an effect.
"""

from collections import deque

from loadtest.metrics.ledger.gaps import seen_in_gap
from loadtest.metrics.ledger.keyed import KeyedBook
from loadtest.metrics.ledger.model import (
    MessageRecord,
    TrackedChatSession,
    TrackedDevice,
    TrackedUser,
)
from loadtest.metrics.ledger.notifications import NotificationBook
from loadtest.metrics.ledger.pushes import PushBook
from loadtest.metrics.ledger.records import Arrival, is_unseen
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import ChatEvent

__all__ = ["MessageBook", "Reading"]


class Reading:
    """What reading a message causes."""

    NEW = "new"
    NOTHING = "nothing"
    """The reader wrote it, or has read it before."""
    UNKNOWN = "unknown"
    """The message is too old, or not ours."""


class _Facts:
    """What outlives the record of a message."""

    __slots__ = ("author", "readers")

    def __init__(self, author: TrackedUser | None) -> None:
        self.author = author
        self.readers: set[TrackedUser] | None = None


class MessageBook(KeyedBook[MessageRecord]):
    """The records of messages."""

    def __init__(
        self,
        settings: LedgerSettings,
        tally: Tally,
        notifications: NotificationBook,
        pushes: PushBook,
    ) -> None:
        super().__init__(ChatEvent.MESSAGE_CREATED, settings, tally)
        self._settings = settings
        self._notifications = notifications
        self._pushes = pushes
        self.open: dict[int, MessageRecord] = {}
        """Records within their deadline by key; the ledger's hot path looks here."""
        self._closed: dict[int, MessageRecord] = {}
        self._by_message: dict[int, MessageRecord] = {}
        self._facts: dict[int, _Facts] = {}
        self._parked: dict[int, list[tuple[TrackedDevice, int]]] = {}
        self._parked_order: deque[tuple[int, int]] = deque()

    def sent(self, record: MessageRecord, key: int, sender: TrackedDevice) -> None:
        """Open the record of a message."""
        record.author = author = sender.user
        channel = record.channel
        channel.written_count += 1
        attendance = channel.attendances.get(author) if author is not None else None
        if attendance is not None:
            attendance.written_count += 1
        self.open[key] = record
        self._notifications.message_sent(record)
        self._pushes.message_sent(record)
        self.enter(record, key, sender)

    def delivered(
        self, key: int, message: int, chat_session: TrackedChatSession | None, arrived_ns: int
    ) -> None:
        """Take a delivery that the hot path left alone."""
        record = self.open.get(key) or self._closed.get(key)
        if record is not None and not record.message:
            self.learn(record, message)
        arrival = self.take(record, key, chat_session, arrived_ns)
        if record is None or chat_session is None:
            return
        if arrival in (Arrival.BOUNDARY, Arrival.AFTER_END):
            self._notifications.absent_seen(record, chat_session.device.user)
        if arrival == Arrival.BOUNDARY:
            seen_in_gap(self._tally, record, chat_session)

    # --- ids ----------------------------------------------------------------------------------

    def identified(self, key: int, message: int) -> None:
        """Learn the server's id of a message."""
        record = self.open.get(key) or self._closed.get(key)
        if record is not None and not record.message:
            self.learn(record, message)

    def learn(self, record: MessageRecord, message: int) -> None:
        """Note the server's id of a message; what was parked for it finds its place."""
        record.message = message
        self._by_message[message] = record
        self._facts[message] = _Facts(record.author)
        if len(self._facts) > self._settings.remembered_messages:
            del self._facts[next(iter(self._facts))]
        if not self._parked:
            return
        for device, arrived_ns in self._parked.pop(message, ()):
            self._notifications.notified(record, device, arrived_ns)

    def notified(self, device: TrackedDevice, message: int, arrived_ns: int) -> None:
        """Take a notification."""
        record = self._by_message.get(message)
        if record is not None:
            self._notifications.notified(record, device, arrived_ns)
        elif message in self._facts:
            # Its record is forgotten: nobody was still to be notified.
            self._notifications.unexplained(device, is_judged=True)
        else:
            self._parked.setdefault(message, []).append((device, arrived_ns))
            self._parked_order.append((arrived_ns + self._settings.deadline_ns, message))

    def read(self, message: int, reader: TrackedUser) -> str:
        """Note that ``reader`` read a message; return what that causes (see ``Reading``)."""
        facts = self._facts.get(message)
        if facts is None:
            return Reading.UNKNOWN
        if facts.readers is None:  # most messages are forgotten unread
            facts.readers = set()
        if reader is facts.author or reader in facts.readers:
            return Reading.NOTHING
        facts.readers.add(reader)
        return Reading.NEW

    # --- ends ---------------------------------------------------------------------------------

    def outstanding(self) -> int:
        """Return how many deliveries and notifications may still come in time."""
        pending = sum(len(record.pending) for record in self.open.values())
        return self.book.outstanding() + pending + self._pushes.outstanding()

    def settle(self, now_ns: int | None) -> list[MessageRecord]:
        """Close and judge what is due (all: None); return it."""
        closed = list(self.book.due(now_ns))
        for record in closed:
            del self.open[record.key]
            self._closed[record.key] = record
            self._notifications.close(record)
            self._pushes.close(record)
            for forgotten in self.book.retire(record, is_settled=not record.pending):
                self._drop(forgotten)
        self._expire_parked(now_ns)
        self._pushes.settle(now_ns)
        return closed

    def _drop(self, record: MessageRecord) -> None:
        del self._closed[record.key]
        if self._by_message.get(record.message) is record:
            del self._by_message[record.message]
        self.forget(record)

    def _expire_parked(self, now_ns: int | None) -> None:
        order = self._parked_order
        while order and (now_ns is None or order[0][0] < now_ns):
            _, message = order.popleft()
            for device, _ in self._parked.pop(message, ()):
                self._notifications.unexplained(device, is_judged=True)

    def give_up_young(self, now_ns: int) -> None:
        """Make what is still within its deadline boundary: nobody waits for it any more."""
        self.book.give_up_young(now_ns)
        self._pushes.give_up_young(now_ns)
        self._notifications.give_up_young(
            record for record in self.open.values() if record.deadline_ns >= now_ns
        )
        for arrivals in self._parked.values():
            for device, arrived_ns in arrivals:
                is_judged = arrived_ns + self._settings.deadline_ns < now_ns
                self._notifications.unexplained(device, is_judged=is_judged)
        self._parked = {}

    def withdraw(self, record: MessageRecord) -> bool:
        """Take back a message that the server refused; return whether nobody had seen it."""
        if record.notified or not is_unseen(record):
            return False
        self.book.refuse(record)
        self._notifications.refuse(record)
        self._pushes.withdraw(record)
        return True
