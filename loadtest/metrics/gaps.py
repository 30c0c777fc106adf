"""What a lost connection takes with it, and what is missed until it is back.

What was on its way to a chat session when its connection broke may have been written before the
server took note of the loss, or after: within the race window it is boundary, what was caused
earlier stays expected. The *gap* lasts from the loss until the chat session is active again.
Messages that other users write into the channel meanwhile are expected nowhere, because the device
has no chat session, but its user misses them all the same. One rule: they are counted once the chat
session is back, apart from what is lost. A chat session that never comes back has no gap.
"""

from collections.abc import Sequence
from typing import Protocol

from loadtest.clock import NS_PER_US
from loadtest.metrics.model import (
    EXPECTED,
    OVERTAKEN,
    ChatSession,
    ChatSessionState,
    Gap,
    MessageRecord,
    Record,
)
from loadtest.metrics.settings import LedgerSettings
from loadtest.metrics.tally import Tally

__all__ = ["GapBook", "seen_in_gap"]


class _Excusing(Protocol):
    """A book of records."""

    def excuse(self, record: Record, slot: int) -> bool:
        """Expect nothing of a record at one slot any more; return whether it is in this book."""


class GapBook:
    """Follows chat sessions whose connection was lost.

    Args:
        settings: The race window.
        tally: Where to count.
        books: The records of all event types.
    """

    def __init__(self, settings: LedgerSettings, tally: Tally, books: Sequence[_Excusing]) -> None:
        self._settings = settings
        self._tally = tally
        self._books = books

    def lost(self, chat_session: ChatSession, at_ns: int) -> list[Record]:
        """Take the loss of a chat session, before the roster takes it.

        Returns the records of which nothing is expected there any more.
        """
        if chat_session.state is ChatSessionState.ACTIVE:
            self._tally.now.recovery.chat_sessions_lost += 1
            if chat_session.gap is None or chat_session.gap.back_ns:
                chat_session.gap = Gap(chat_session, at_ns)
        since_ns = at_ns - self._settings.race_ns
        slot = chat_session.slot
        return [
            record
            for record in tuple(chat_session.channel.unfinished)
            if record.written_ns >= since_ns and self._excuse(record, slot)
        ]

    def _excuse(self, record: Record, slot: int) -> bool:
        state = record.state
        is_wanted = slot < len(state) and state[slot] in (EXPECTED, OVERTAKEN)
        return is_wanted and any(book.excuse(record, slot) for book in self._books)

    def back(self, chat_session: ChatSession, at_ns: int) -> None:
        """Take note that a chat session is active; if it had been lost, its gap is over."""
        gap = chat_session.gap
        if gap is None or gap.back_ns:
            return
        gap.back_ns = at_ns
        recovery = self._tally.now.recovery
        recovery.latency.record_all(((at_ns - gap.lost_ns) // NS_PER_US,))
        recovery.lost_in_gap += gap.missed_count(chat_session)


def seen_in_gap(tally: Tally, record: MessageRecord, chat_session: ChatSession) -> None:
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
