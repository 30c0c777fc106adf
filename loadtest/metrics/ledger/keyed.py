"""Messages and keystrokes: events that bring our own key back.

The key names the cause exactly, so order can be judged: the records of one sender in one channel
form a chain, and an arrival overtakes whatever its chat session has not seen of that chain before.
A key that this worker gave out and whose record is forgotten was delivered in full: what comes now
is a duplicate.
"""

from typing import Generic

from loadtest.metrics.ledger.model import Record, TrackedChatSession, TrackedDevice
from loadtest.metrics.ledger.records import Arrival, RecordBook, RecordT, is_unseen
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import KEY_WORKER_SHIFT, ChatEvent

__all__ = ["KeyedBook", "KeystrokesBook"]


class KeyedBook(Generic[RecordT]):
    """The records of one event type, by key."""

    def __init__(self, event: ChatEvent, settings: LedgerSettings, tally: Tally) -> None:
        self.event = event
        self.book: RecordBook[RecordT] = RecordBook(settings, tally)
        self._tally = tally
        self._newest: dict[tuple[int, int], Record] = {}
        self._given: dict[int, tuple[int, int]] = {}
        """The first and the last key of each worker."""

    def enter(self, record: RecordT, key: int, sender: TrackedDevice) -> None:
        """Open the record of an event that ``sender`` wrote, behind the sender's earlier ones."""
        record.key = key
        record.sender = sender
        place = (record.channel.id, sender.number)
        newest = self._newest.get(place)
        if newest is not None:
            record.previous = newest
            newest.next = record
        self._newest[place] = record
        worker = key >> KEY_WORKER_SHIFT
        first, last = self._given.get(worker, (key, key))
        self._given[worker] = (first, max(last, key))
        self.book.open(record)

    def take(
        self,
        record: RecordT | None,
        key: int,
        chat_session: TrackedChatSession | None,
        arrived_ns: int,
    ) -> str:
        """Take any arrival, also one that nobody expected; return what it was.

        The answer is one of ``Arrival``, or empty if the arrival names no record and chat session
        that belong together.
        """
        figures = self._tally.event(self.event)
        if chat_session is None:
            self._tally.unexpected(self.event, "unknown_chat_session")
            return ""
        if record is None:
            first, last = self._given.get(key >> KEY_WORKER_SHIFT, (key + 1, key))
            if first <= key <= last:
                figures.duplicate += 1
            else:
                self._tally.unexpected(self.event, "unknown_key")
            return ""
        if record.channel is not chat_session.channel:
            self._tally.unexpected(self.event, "wrong_channel")
            return ""
        self.book.overtake(record, chat_session, arrived_ns)
        arrival = self.book.take(record, chat_session, arrived_ns)
        if arrival == Arrival.DUPLICATE:
            figures.duplicate += 1
        elif arrival == Arrival.ABSENT:
            return self._take_absent(record, chat_session)
        return arrival

    def _take_absent(self, record: RecordT, chat_session: TrackedChatSession) -> str:
        """Take an arrival at a chat session where nothing was expected of its cause."""
        if record.fate is not None and record.fate.is_refused:
            self._tally.unexpected(self.event, "refused")
        elif chat_session.has_ended_at(record.written_ns):
            self._tally.event(self.event).after_end += 1
            return Arrival.AFTER_END
        elif self.book.take_unexpected(record, chat_session):
            return Arrival.BOUNDARY
        else:
            self._tally.unexpected(self.event, "no_chat_session_then")
        return Arrival.ABSENT

    def forget(self, record: Record) -> None:
        """Take a record out of its sender's chain, so that nothing keeps it alive."""
        earlier, later = record.previous, record.next
        if later is not None:
            later.previous = earlier
        elif record.sender is not None:
            place = (record.channel.id, record.sender.number)
            if earlier is not None:
                self._newest[place] = earlier
            else:
                del self._newest[place]
        if earlier is not None:
            earlier.next = later
        record.previous = record.next = None


class KeystrokesBook(KeyedBook[Record]):
    """Keystrokes, which are nothing but their key."""

    def __init__(self, settings: LedgerSettings, tally: Tally) -> None:
        super().__init__(ChatEvent.KEYSTROKES_CREATED, settings, tally)
        self._records: dict[int, Record] = {}

    def sent(self, record: Record, key: int, sender: TrackedDevice) -> None:
        """Open the record of keystrokes."""
        self._records[key] = record
        self.enter(record, key, sender)

    def delivered(self, key: int, chat_session: TrackedChatSession | None, arrived_ns: int) -> None:
        """Take an arrival of keystrokes."""
        self.take(self._records.get(key), key, chat_session, arrived_ns)

    def withdraw(self, record: Record) -> bool:
        """Take back keystrokes that the server refused; return whether nobody had seen them."""
        if not is_unseen(record):
            return False
        self.book.refuse(record)
        return True

    def settle(self, now_ns: int | None) -> list[Record]:
        """Close what is due; return it."""
        closed = list(self.book.due(now_ns))
        for record in closed:
            for forgotten in self.book.retire(record, is_settled=True):
                del self._records[forgotten.key]
                self.forget(forgotten)
        return closed
