"""What a lost connection takes with it, and what is missed until it is back.

What was on its way to a chat session when its connection broke may have been written before the
server took note of the loss, or after: within the race window it is boundary; what was caused
earlier, and what a later message of the same sender has overtaken, stays expected.

The *gap* lasts from the loss until the chat session is active again. Messages that other users
write into the channel meanwhile are expected nowhere, because the device has no chat session, but
its user misses them all the same. They are counted once the chat session is back, apart from what
is lost. A chat session that never comes back has no gap.
"""

from collections.abc import Sequence
from typing import Protocol

from loadtest.clock import NS_PER_US
from loadtest.metrics.ledger.model import (
    ChatSessionState,
    Gap,
    MessageRecord,
    Record,
    TrackedChannel,
    TrackedChatSession,
)
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally

__all__ = ["GapBook", "seen_in_gap"]


class _Excusing(Protocol):
    """A book of records."""

    def excuse(self, record: Record, slots: int) -> bool:
        """Expect a record at ``slots`` no more; return whether it is in this book."""


class _Losses:
    """Chat sessions of one channel that were lost one right after the other."""

    __slots__ = ("since_ns", "slots")

    def __init__(self, since_ns: int) -> None:
        self.since_ns = since_ns
        """What was caused since then is excused."""
        self.slots: set[int] = set()


class GapBook:
    """Follows chat sessions whose connection was lost.

    When all connections of a large channel break at once, each record concerns each of them. So
    losses are gathered, and the records of a channel are gone through once for all: in ``settle``,
    ten times a second, or before one of the chat sessions starts again.

    Args:
        settings: The race window.
        tally: Where to count.
        books: The records of all event types.
    """

    def __init__(self, settings: LedgerSettings, tally: Tally, books: Sequence[_Excusing]) -> None:
        self._settings = settings
        self._tally = tally
        self._books = books
        self._losses: dict[TrackedChannel, _Losses] = {}

    def lost(self, chat_session: TrackedChatSession, at_ns: int) -> None:
        """Take the loss of a chat session, before the roster takes it."""
        if chat_session.state is not ChatSessionState.ACTIVE:
            return  # nothing was certain for it
        self._tally.now.recovery.chat_sessions_lost += 1
        if chat_session.gap is None or chat_session.gap.back_ns:
            chat_session.gap = Gap(chat_session, at_ns)
        channel = chat_session.channel
        losses = self._losses.get(channel)
        if losses is None:
            losses = self._losses[channel] = _Losses(at_ns - self._settings.race_ns)
        losses.slots.add(chat_session.slot)

    def settle(self) -> None:
        """Excuse what was on its way to the chat sessions that were lost."""
        while self._losses:
            self.settle_channel(next(iter(self._losses)))

    def settle_channel(self, channel: TrackedChannel) -> None:
        """Do the same in one channel."""
        losses = self._losses.pop(channel, None)
        if losses is None:
            return
        lost = bytearray(len(channel.template))
        for slot in losses.slots:
            lost[slot] = 0xFF
        slots = int.from_bytes(lost, "little")
        for record in tuple(channel.unfinished):
            if record.written_ns >= losses.since_ns:
                any(book.excuse(record, slots) for book in self._books)

    def back(self, chat_session: TrackedChatSession, at_ns: int) -> None:
        """Take note that a chat session is active; if it had been lost, its gap is over."""
        gap = chat_session.gap
        if gap is None or gap.back_ns:
            return
        gap.back_ns = at_ns
        recovery = self._tally.now.recovery
        recovery.latency.record_all(((at_ns - gap.lost_ns) // NS_PER_US,))
        recovery.lost_in_gap += gap.missed_count(chat_session)


def seen_in_gap(tally: Tally, record: MessageRecord, chat_session: TrackedChatSession) -> None:
    """Take a message that reached a chat session which was not active when it was written.

    One that came although its chat session was still starting again was not lost in the gap.
    """
    gap = chat_session.gap
    attendance = chat_session.attendance
    is_own = attendance is not None and attendance.user is record.author
    if gap is None or is_own or record.written_ns < gap.lost_ns:
        return
    if not gap.back_ns:
        gap.seen_count += 1
    elif record.written_ns < gap.back_ns:
        tally.now.recovery.lost_in_gap -= 1
