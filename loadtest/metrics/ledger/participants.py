"""Who enters and leaves a chat: the first and the last chat session of a user in a channel.

The server counts subscriptions, over all devices of a user. Where two connections of one user race,
so that the server may or may not have seen the user gone for a moment, entering and leaving are
boundary. Frames of one connection cannot race.
"""

from loadtest.metrics.ledger.events import EventBook
from loadtest.metrics.ledger.model import (
    Attendance,
    ChatSessionState,
    DeviceState,
    EventRecord,
    TrackedChatSession,
)
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.observations import ChatEvent

__all__ = ["ParticipantBook"]


class ParticipantBook:
    """Derives entering and leaving from the starts and ends of chat sessions."""

    def __init__(self, settings: LedgerSettings, events: EventBook) -> None:
        self._settings = settings
        self._events = events
        self._entered: dict[TrackedChatSession, EventRecord] = {}
        """By the chat session that is still starting."""
        self._left: dict[Attendance, tuple[int, EventRecord]] = {}

    def starting(
        self, chat_session: TrackedChatSession, attendance: Attendance, at_ns: int
    ) -> None:
        """Take the start of a chat session, after the roster has taken it."""
        if attendance.active_count + attendance.starting_count > 1:
            return
        left_ns, left = self._left.pop(attendance, (None, None))
        is_race = left_ns is not None and at_ns - left_ns < self._settings.race_ns
        # If anybody has seen the leaving, the server took the end before this start.
        if is_race and self._events.withdraw_unseen(left):
            self._unjudged(ChatEvent.PARTICIPANT_ENTERED, attendance, at_ns)
            return
        match = (ChatEvent.PARTICIPANT_ENTERED, attendance.channel.id, attendance.user.id, 0)
        record = self._events.cause(match, attendance.channel, at_ns, excluded=chat_session)
        record.cause = chat_session
        self._entered[chat_session] = record

    def started(self, chat_session: TrackedChatSession) -> None:
        """Take note that the server knows of a chat session."""
        self._entered.pop(chat_session, None)

    def ended(
        self,
        chat_session: TrackedChatSession,
        attendance: Attendance,
        at_ns: int,
        *,
        was_active: bool,
    ) -> None:
        """Take the end, or the loss, of a chat session, after the roster has taken it."""
        entered = self._entered.pop(chat_session, None)
        if entered is not None:
            # Given up before the server confirmed it: perhaps it was refused.
            self._events.book.withdraw(entered)
        if attendance.active_count:
            return
        if attendance.starting_count:
            self._unjudged(ChatEvent.PARTICIPANT_LEFT, attendance, at_ns)
            self._unjudged(ChatEvent.PARTICIPANT_ENTERED, attendance, at_ns)
        elif not was_active:
            self._unjudged(ChatEvent.PARTICIPANT_LEFT, attendance, at_ns)
        else:
            match = (ChatEvent.PARTICIPANT_LEFT, attendance.channel.id, attendance.user.id, 0)
            # With a user session ``self`` ends first, so that the device may see its own leaving.
            own = (chat_session,) if chat_session.state is ChatSessionState.ENDING else ()
            record = self._events.cause(match, attendance.channel, at_ns, own=own)
            # ``self`` is the last topic that is ended, unless the whole user session ends.
            if chat_session.device.state is DeviceState.ONLINE:
                record.ends = chat_session
            self._left[attendance] = (at_ns, record)

    def _unjudged(self, event: ChatEvent, attendance: Attendance, at_ns: int) -> None:
        channel = attendance.channel
        self._events.cause_unjudged((event, channel.id, attendance.user.id, 0), channel, at_ns)
