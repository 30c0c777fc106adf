"""The ledger: takes what devices saw, and knows what they should have seen.

Everything is arithmetic on the calls of ``Observer``: no clock, no I/O, no threads. At the moment
of a cause it is fixed who must see the effect; what happens later can only be delivered, lost, or
excused by the end of a chat session. ``settle`` is called about ten times a second, ``roll`` once a
second, ``finish`` at the end; the same calls in the same order always give the same figures, so
that a recorded run can be judged again.
"""

from typing import Any

from loadtest.clock import NS_PER_US
from loadtest.metrics.figures.health import HealthSample, record_health
from loadtest.metrics.figures.snapshots import SCHEMA
from loadtest.metrics.figures.timeline import Gauges, Interval, Timeline
from loadtest.metrics.ledger.crossings import Crossings
from loadtest.metrics.ledger.events import EventBook
from loadtest.metrics.ledger.gaps import GapBook
from loadtest.metrics.ledger.keyed import KeystrokesBook
from loadtest.metrics.ledger.messages import MessageBook, Reading
from loadtest.metrics.ledger.model import (
    DELIVERED,
    EXPECTED,
    ChatSessionState,
    DeviceState,
    Match,
    MessageRecord,
    Record,
    TrackedChatSession,
)
from loadtest.metrics.ledger.notifications import NotificationBook
from loadtest.metrics.ledger.participants import ParticipantBook
from loadtest.metrics.ledger.presence import PresenceBook
from loadtest.metrics.ledger.pushes import PushBook
from loadtest.metrics.ledger.records import leave_records
from loadtest.metrics.ledger.refusals import RefusalBook
from loadtest.metrics.ledger.roster import Roster, with_one
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally
from loadtest.metrics.ledger.typists import TypingBook
from loadtest.observations import Action, ChatEvent

__all__ = ["Ledger"]

_STARTS = (Action.USER_SESSION_START, Action.RECONNECT)


class Ledger:
    """Judges the observations of one worker.

    Args:
        settings: Deadlines and windows.
        worker: Number of the worker, for its snapshots.
        started_ns: When the run began; rows of the timeline count from here.
    """

    def __init__(
        self, settings: LedgerSettings | None = None, *, worker: int = 0, started_ns: int = 0
    ) -> None:
        self.settings = settings or LedgerSettings()
        self.worker = worker
        self._deadline_ns = self.settings.deadline_ns
        self._tally = Tally(started_ns)
        self._roster = Roster(self.settings)
        self._notifications = NotificationBook(self.settings, self._tally)
        self._pushes = PushBook(self.settings, self._tally, self._roster)
        self._messages = MessageBook(self.settings, self._tally, self._notifications, self._pushes)
        self._keystrokes = KeystrokesBook(self.settings, self._tally)
        self._events = EventBook(self.settings, self._tally)
        self._events.on_end_taken = self._end_taken
        self._participants = ParticipantBook(self.settings, self._events)
        self._presence = PresenceBook(self.settings, self._events)
        self._typing = TypingBook(self.settings, self._events)
        self._waiting_books = (self._messages, self._keystrokes.book, self._events.book)
        books = (self._messages.book, self._keystrokes.book, self._events.book)
        self._gaps = GapBook(self.settings, self._tally, books)
        self._refusals = RefusalBook(self._messages, self._keystrokes, self._events, self._typing)
        self._lags_us: list[int] = []
        self._sample = HealthSample(started_ns)
        self._timeline = Timeline(started_ns, self.settings.resent_rows)
        self._rolled_ns = started_ns
        self._interval_number = self._snapshot_number = 0
        # Looked up once per delivery. The hot path takes all deliveries for those of one worker.
        self._open_messages = {} if self.settings.spanned_workers > 1 else self._messages.open
        self._chat_sessions = self._roster.chat_sessions
        Crossings(self.settings.spanned_workers, self._roster).watch(books, self._notifications)

    # --- who is who ---------------------------------------------------------------------------

    def member_joined(self, channel: int, user: int, at_ns: int) -> None:
        """Note that ``user`` is a member of ``channel`` from now on."""
        where, who = self._roster.channel(channel), self._roster.user(user)
        if who not in where.members:
            where.members[who] = who.channels[where] = at_ns
            self._notifications.place(where, who)

    def member_left(self, channel: int, user: int, at_ns: int) -> None:
        """Note that ``user`` is not a member of ``channel`` any more."""
        where, who = self._roster.channel(channel), self._roster.user(user)
        if where.members.pop(who, None) is not None:
            del who.channels[where]
            self._notifications.member_left(where, who)

    # --- user sessions ------------------------------------------------------------------------

    def user_session_starting(self, device: int, at_ns: int) -> None:
        """CONNECT was written, or written again after a loss."""
        who = self._roster.device(device)
        who.starting_ns = at_ns
        self._roster.set_device(who, DeviceState.STARTING, at_ns)

    def user_session_started(self, device: int, user: int, at_ns: int) -> None:
        """Every topic of the user has its RECEIPT: a notification must reach this device now."""
        who, owner = self._roster.device(device), self._roster.user(user)
        load = self._tally.now.load
        load.user_sessions_started += 1
        load.users += not owner.devices
        load.devices += who.user is None
        who.user = owner
        owner.devices = with_one(owner.devices, who)
        self._presence.online(who, owner)
        self._roster.set_device(who, DeviceState.ONLINE, at_ns)
        self._notifications.device_online(owner)

    def device_slowed(self, device: int, at_ns: int) -> None:
        """Note that the device reads slowly from now on, because the workload wants it so."""
        self._tally.now.slow.devices += self._roster.slow_down(self._roster.device(device))

    def user_session_ending(self, device: int, at_ns: int) -> None:
        """The first frame that ends the user session was written, by our own wish."""
        who = self._roster.device(device)
        was_online = who.state is DeviceState.ONLINE
        self._roster.set_device(who, DeviceState.ENDING, at_ns)
        if who.user is not None and was_online:
            self._notifications.device_leaving(who, who.user, at_ns, is_clean=True)
        for number in tuple(who.chat_sessions):
            self.chat_session_ending(number, at_ns)
        if who.user is not None and was_online:
            self._tally.now.load.user_sessions_ended += 1
            self._presence.offline(who.user, at_ns)

    def user_session_ended(self, device: int, at_ns: int) -> None:
        """The connection of a user session that was ending is closed."""
        who = self._roster.device(device)
        if who.state is DeviceState.ONLINE:
            self.user_session_ending(device, at_ns)
        self._roster.set_device(who, DeviceState.OFFLINE, at_ns)

    def connection_lost(self, device: int, at_ns: int, reason: str) -> None:
        """The connection broke against our wish; its chat sessions broke with it."""
        who = self._roster.device(device)
        was_online = who.state is DeviceState.ONLINE
        self._roster.set_device(who, DeviceState.OFFLINE, at_ns)
        lost = self._tally.now.load.connections_lost
        lost[reason] = lost.get(reason, 0) + 1
        if who.user is not None and was_online:
            self._notifications.device_leaving(who, who.user, at_ns, is_clean=False)
        for chat_session in who.chat_sessions.values():
            if chat_session.is_present:
                self._leave(chat_session, at_ns, is_clean=False)
        if who.user is not None and was_online:
            self._presence.offline(who.user, at_ns)

    # --- chat sessions ------------------------------------------------------------------------

    def chat_session_starting(self, session: int, device: int, channel: int, at_ns: int) -> None:
        """SUBSCRIBE of the channel's ``self`` topic was written."""
        known = self._roster.chat_sessions.get(session)
        if known is not None and known.state is not ChatSessionState.LOST:
            return
        who, where = self._roster.device(device), self._roster.channel(channel)
        self._gaps.settle_channel(where)
        chat_session = self._roster.session_starting(session, who, where, at_ns)
        attendance = chat_session.attendance
        if attendance is not None:
            self._notifications.session_starting(attendance, at_ns)
            self._participants.starting(chat_session, attendance, at_ns)

    def chat_session_started(self, session: int, at_ns: int) -> None:
        """Every topic of the channel has its RECEIPT: the chat session is active."""
        chat_session = self._roster.chat_sessions.get(session)
        if chat_session is None or chat_session.state is not ChatSessionState.STARTING:
            return
        self._roster.session_started(chat_session, at_ns)
        self._tally.now.load.chat_sessions_started += 1
        self._participants.started(chat_session)
        self._gaps.back(chat_session, at_ns)
        if chat_session.attendance is not None:
            self._notifications.place(chat_session.channel, chat_session.attendance.user)

    def chat_session_ending(self, session: int, at_ns: int) -> None:
        """The UNSUBSCRIBE frames were written, or the start was given up."""
        chat_session = self._roster.chat_sessions.get(session)
        if chat_session is not None and chat_session.is_present:
            self._leave(chat_session, at_ns, is_clean=True)
        elif chat_session is not None and chat_session.state is ChatSessionState.LOST:
            self._roster.session_ending(chat_session, at_ns)

    def chat_session_ended(self, session: int, at_ns: int) -> None:
        """The server has answered a frame that was written after the UNSUBSCRIBE frames."""
        chat_session = self._roster.chat_sessions.get(session)
        if chat_session is not None:
            self._end_taken(chat_session, at_ns)

    def _end_taken(self, chat_session: TrackedChatSession, at_ns: int) -> None:
        if not self.settings.server_keeps_order:
            return
        if self._roster.session_ended(chat_session, at_ns) and chat_session.attendance is not None:
            self._notifications.end_taken(chat_session.attendance, at_ns)

    def _leave(self, chat_session: TrackedChatSession, at_ns: int, *, is_clean: bool) -> None:
        """End a chat session, or lose it, with all that follows from that."""
        was_active = chat_session.state is ChatSessionState.ACTIVE
        if is_clean:
            leave_records(chat_session, at_ns - self.settings.race_ns)
            self._roster.session_ending(chat_session, at_ns)
        else:
            self._gaps.lost(chat_session, at_ns)
            self._roster.session_lost(chat_session, at_ns)
        self._tally.now.load.chat_sessions_ended += was_active
        attendance = chat_session.attendance
        if attendance is None:
            return
        self._notifications.session_ended(attendance, at_ns)
        self._participants.ended(chat_session, attendance, at_ns, was_active=was_active)
        if not attendance.is_present:
            self._typing.left(attendance.user, attendance.channel, at_ns)

    # --- causes -------------------------------------------------------------------------------

    def message_sent(
        self, key: int, device: int, channel: int, sequence: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of a message was written; ``sequence`` counts this device's messages there."""
        sender, where = self._roster.device(device), self._roster.channel(channel)
        self._tally.now.load.messages += 1
        self._typing.message(sender, where, written_ns)
        deadline_ns = written_ns + self._deadline_ns
        record = MessageRecord(ChatEvent.MESSAGE_CREATED, where, due_ns, written_ns, deadline_ns)
        self._messages.sent(record, key, sender)
        self._planned(record, device)

    def keystrokes_sent(
        self, key: int, device: int, channel: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of keystrokes was written (after the debounce of the SDK)."""
        sender, where = self._roster.device(device), self._roster.channel(channel)
        self._tally.now.load.keystrokes += 1
        deadline_ns = written_ns + self._deadline_ns
        record = Record(ChatEvent.KEYSTROKES_CREATED, where, due_ns, written_ns, deadline_ns)
        self._keystrokes.sent(record, key, sender)
        self._planned(record, device)
        self._typing.keystrokes(sender, where, due_ns, written_ns)

    def message_edited(
        self, device: int, channel: int, message: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of an edit of ``message`` was written."""
        self._tally.now.load.edits += 1
        self._cause((ChatEvent.MESSAGE_UPDATED, channel, message, 0), device, due_ns, written_ns)

    def message_read(
        self, device: int, channel: int, message: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of a read of ``message`` was written."""
        self._tally.now.load.reads += 1
        reader = self._roster.device(device).user
        if reader is None:
            return
        match = (ChatEvent.MESSAGE_READ, channel, message, reader.id)
        reading = self._messages.read(message, reader)
        if reading == Reading.NEW:
            self._cause(match, device, due_ns, written_ns)
        else:
            self._lags_us.append((written_ns - due_ns) // NS_PER_US)
        if reading == Reading.UNKNOWN:
            self._events.cause_unjudged(match, self._roster.channel(channel), written_ns)

    def channel_updated(self, device: int, channel: int, due_ns: int, written_ns: int) -> None:
        """SEND of a channel update was written."""
        self._tally.now.load.channel_updates += 1
        self._cause((ChatEvent.CHANNEL_UPDATED, channel, channel, 0), device, due_ns, written_ns)

    def _cause(self, match: Match, device: int, due_ns: int, written_ns: int) -> None:
        where = self._roster.channel(match[1])
        record = self._events.cause(match, where, written_ns, due_ns=due_ns)
        record.sender = self._roster.device(device)
        self._planned(record, device)

    def _planned(self, record: Record, device: int) -> None:
        """Note the lag of something that a workload planned, and that it may be refused."""
        self._lags_us.append((record.written_ns - record.due_ns) // NS_PER_US)
        self._refusals.planned(record, device)

    # --- effects ------------------------------------------------------------------------------

    def message_delivered(self, session: int, key: int, message: int, arrived_ns: int) -> None:
        """Take one ``channel.message.created`` with our key in it. The hot path.

        It only marks the slot and notes the instant: all that can wait is done for many at once in
        ``RecordBook.flush``. Whatever is not the plain case goes another way.
        """
        record = self._open_messages.get(key)
        chat_session = self._chat_sessions.get(session)
        if (
            record is not None
            and chat_session is not None
            and record.channel is chat_session.prompt_channel
            and arrived_ns <= record.deadline_ns
        ):
            if not record.message:
                self._messages.learn(record, message)
            slot = chat_session.slot
            state = record.state
            previous = record.previous
            if (
                slot < len(state)
                and state[slot] == EXPECTED
                and (
                    previous is None
                    or slot >= len(previous.state)
                    or previous.state[slot] < EXPECTED
                )
            ):
                state[slot] = DELIVERED
                record.arrivals.append(arrived_ns)
                record.remaining -= 1
                if not record.remaining:
                    self._messages.book.finish(record, slot)
                return
        if chat_session is not None or not self._is_after_end(ChatEvent.MESSAGE_CREATED, session):
            self._messages.delivered(key, message, chat_session, arrived_ns)

    def keystrokes_delivered(self, session: int, key: int, arrived_ns: int) -> None:
        """Take one ``thread.keystrokes.created`` with our key in it."""
        if not self._is_after_end(ChatEvent.KEYSTROKES_CREATED, session):
            self._keystrokes.delivered(key, self._chat_sessions.get(session), arrived_ns)

    def _is_after_end(self, event: ChatEvent, session: int) -> bool:
        """Count an arrival at a chat session that ended long ago; return whether it is one."""
        is_after_end = session in self._roster.forgotten
        self._tally.event(event).after_end += is_after_end
        return is_after_end

    def event_delivered(
        self, event: ChatEvent, session: int, subject: int, arrived_ns: int
    ) -> None:
        """Take one of the other eight events of a chat session."""
        self._arrived(event, session, (subject, 0), arrived_ns)

    def read_receipt_delivered(
        self, session: int, message: int, reader: int, arrived_ns: int
    ) -> None:
        """Take one ``message.read_receipt.created``: ``reader`` (a user) has read ``message``."""
        self._arrived(ChatEvent.MESSAGE_READ, session, (message, reader), arrived_ns)

    def _arrived(
        self, event: ChatEvent, session: int, subject: tuple[int, int], arrived_ns: int
    ) -> None:
        if self._is_after_end(event, session):
            return
        chat_session = self._chat_sessions.get(session)
        channel = chat_session.channel.id if chat_session is not None else 0
        self._events.arrived((event, channel, *subject), chat_session, arrived_ns)

    def notification_delivered(
        self, device: int, channel: int, message: int, key: int, arrived_ns: int
    ) -> None:
        """``user.notification.created`` arrived for ``message`` in ``channel``."""
        if key:
            self._messages.identified(key, message)
        self._messages.notified(self._roster.device(device), message, arrived_ns)

    def push_received(self, user: int, channel: int, message: int, arrived_ns: int) -> None:
        """The push sink got a push for ``user`` about ``message`` in ``channel``."""
        self._pushes.received(user, channel, message, arrived_ns)

    def message_identified(self, key: int, message: int, arrived_ns: int) -> None:
        """The server's id of one of our messages became known outside a chat session."""
        self._messages.identified(key, message)

    def event_unexplained(self, event: str, device: int, session: int, arrived_ns: int) -> None:
        """An event arrived that carries nothing this run can recognise (``session`` 0: none)."""
        self._tally.unexpected(event, "unexplained")

    def event_counted(self, event: str, device: int, arrived_ns: int) -> None:
        """Count an event that is a known side effect and is not judged (contacts, for one)."""
        counted = self._tally.now.counted
        counted[event] = counted.get(event, 0) + 1

    # --- actions ------------------------------------------------------------------------------

    def action_completed(
        self,
        action: Action,
        device: int,
        due_ns: int,
        written_ns: int,
        accepted_ns: int,
        completed_ns: int,
    ) -> None:
        """An action ended well; ``accepted_ns`` 0 says that it has no STOMP receipt."""
        accepted_us = ((accepted_ns or completed_ns) - due_ns) // NS_PER_US
        self._tally.acted(action, due_ns, accepted_us, (completed_ns - due_ns) // NS_PER_US)

    def action_failed(
        self, action: Action, device: int, due_ns: int, at_ns: int, reason: str
    ) -> None:
        """An action ended with an error, or without its completion by its deadline."""
        errors = self._tally.now.action(action).errors
        errors[reason] = errors.get(reason, 0) + 1
        who = self._roster.device(device)
        is_broken = who.state is DeviceState.OFFLINE
        self._refusals.failed(action, device, due_ns, reason, is_broken=is_broken)
        if action in _STARTS and who.state is DeviceState.STARTING:
            self._roster.set_device(who, DeviceState.OFFLINE, at_ns)

    def action_dropped(self, action: Action, device: int, due_ns: int, reason: str) -> None:
        """A planned action could not be offered at all: the device was not ready for it."""
        dropped = self._tally.now.action(action).dropped
        dropped[reason] = dropped.get(reason, 0) + 1

    # --- time ---------------------------------------------------------------------------------

    @property
    def open_count(self) -> int:
        """How many deliveries and notifications may still come in time."""
        return sum(book.outstanding() for book in self._waiting_books)

    def begin_phase(self, name: str, at_ns: int) -> None:
        """Begin a phase of the run: what is due from ``at_ns`` on belongs to it.

        Before the first one it is the steady phase.
        """
        self._tally.begin_phase(name, at_ns)

    def settle(self, now_ns: int) -> None:
        """Judge everything whose deadline has passed; to be called about ten times a second."""
        self._gaps.settle()
        self._typing.settle(now_ns)
        self._close(now_ns)
        self._roster.settle(now_ns)

    def _close(self, now_ns: int | None) -> None:
        closed: list[Record] = [*self._messages.settle(now_ns), *self._keystrokes.settle(now_ns)]
        closed += self._events.settle(now_ns)
        self._refusals.closed(closed)

    def health(self, sample: HealthSample) -> None:
        """Take the state of this process."""
        self._sample = sample
        record_health(self._tally.now.health, sample)

    def roll(self, now_ns: int) -> Interval:
        """Return what was counted since the last roll, and add it to the totals."""
        for book in (self._messages.book, self._keystrokes.book, self._events.book):
            book.flush_all()
        self._tally.now.health.lag.record_all(self._lags_us)
        self._lags_us = []
        figures = self._tally.roll(now_ns)
        self._interval_number += 1
        row = self._timeline.add(now_ns, figures, self._gauges())
        interval = Interval(self._interval_number, self._rolled_ns, now_ns, figures, row)
        self._rolled_ns = now_ns
        return interval

    def _gauges(self) -> Gauges:
        return Gauges(
            devices=self._roster.connected_count,
            user_sessions=self._roster.online_count,
            chat_sessions=self._roster.active_count,
            cpu_ratio=self._sample.cpu_ratio,
            unsent_bytes=self._sample.unsent_bytes,
        )

    def snapshot(self) -> dict[str, Any]:
        """Return everything up to the last ``roll``, as plain data for another process."""
        self._snapshot_number += 1
        return {
            "schema": SCHEMA,
            "worker": self.worker,
            "number": self._snapshot_number,
            "figures": self._tally.totals.to_plain(),
            "rows": self._timeline.rows(),
            "open_count": self.open_count,
            "slowest": self._tally.slowest.rolled,
        }

    def finish(self, now_ns: int, *, drained: bool) -> None:
        """Judge everything, at the end of the run; ``roll`` and ``snapshot`` follow.

        With ``drained`` the run has waited for what was in flight: what is still missing is lost.
        Otherwise what is younger than the deadline becomes boundary, and is counted as in flight.
        """
        self.settle(now_ns)
        self._events.give_up_parked(now_ns)
        if not drained:
            for book in self._waiting_books:
                book.give_up_young(now_ns)
        self._close(None)
