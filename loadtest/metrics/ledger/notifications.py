"""Who must be notified of a message, and who was.

A member with no chat session in the channel and a connected device must be notified on each such
device, exactly once; a member with an active chat session anywhere must not be; for one who is
only starting or ending, delivered and notified are both right, neither is a *gap* and both an
*overlap*. One rule: a message is judged when it is closed, at its deadline; until then outcomes
are only gathered, because the end of a chat session or the loss of a connection may become known
after the notification that it explains.

*Activation* is what the end of a user's last chat session in a channel costs: from that end to the
writing of the first message after it that came as a notification. Ending one of two chat sessions
ends nothing.
"""

from collections.abc import Callable, Iterable

from loadtest.clock import NS_PER_US
from loadtest.metrics.figures.figures import NotificationFigures
from loadtest.metrics.figures.notified import ActivationFigures, OutcomeFigures
from loadtest.metrics.ledger.model import (
    BOUNDARY_SEEN,
    DELIVERED,
    Attendance,
    DeviceState,
    Episode,
    HandOff,
    MessageRecord,
    Suspect,
    TrackedChannel,
    TrackedDevice,
    TrackedUser,
)
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally
from loadtest.observations import ChatEvent

__all__ = ["NotificationBook"]


class NotificationBook:
    """Keeps who must be notified in each channel, and judges what was."""

    def __init__(self, settings: LedgerSettings, tally: Tally) -> None:
        self._settings = settings
        self._tally = tally
        self.crosses: Callable[[MessageRecord, TrackedDevice], bool] | None = None
        """Whether a device is on another worker than the author of a message; None: there is one
        worker."""

    def _figures(self, user: TrackedUser | None) -> NotificationFigures:
        has_several = user is not None and user.has_several_devices
        return self._tally.now.notification(has_several=has_several)

    # --- who must be notified now -------------------------------------------------------------

    def place(self, channel: TrackedChannel, user: TrackedUser) -> None:
        """Put the devices of ``user`` where its membership and chat sessions say, in one channel.

        To be called after each change of either, or of the user's devices.
        """
        attendance = channel.attendances.get(user)
        is_away = attendance is None or not (
            attendance.is_present or attendance.ended_ns is not None
        )
        audience = channel.audience
        if user in channel.members and is_away:
            for device in user.devices:
                if device.state is DeviceState.ONLINE:
                    audience[device] = user.has_several_devices
                else:
                    audience.pop(device, None)
        else:
            for device in user.devices:
                audience.pop(device, None)
        if attendance is None or is_away or attendance.active_count or user not in channel.members:
            channel.transit.pop(user, None)
        else:
            channel.transit[user] = attendance

    def place_everywhere(self, user: TrackedUser) -> None:
        """Do ``place`` in every channel of ``user``."""
        for channel in user.channels:
            self.place(channel, user)

    # --- changes that concern messages under way ----------------------------------------------

    def session_starting(self, attendance: Attendance, at_ns: int) -> None:
        """Take the start of a chat session: what was just written may come either way."""
        channel, user = attendance.channel, attendance.user
        channel.episodes.pop(user, None)
        since_ns = at_ns - self._settings.race_ns
        for record in channel.unnotified:
            if record.written_ns >= since_ns:
                self._release(record, user)
        self.place(channel, user)

    def _release(self, record: MessageRecord, user: TrackedUser) -> None:
        """Judge a message as hand-off for a user whose notifications are still to come."""
        mine = [device for device in record.pending if device.user is user]
        if not mine:
            return
        for device in mine:
            figures = self._tally.now.notification(has_several=record.pending.pop(device))
            figures.expected -= 1
            figures.boundary += 1
        record.handoffs.setdefault(user, HandOff((), None))

    def session_ended(
        self, attendance: Attendance, records: Iterable[MessageRecord], at_ns: int
    ) -> None:
        """Take the end of a chat session that leaves its user with none active.

        ``records`` are the messages that had not reached it: they may have been taken by the server
        after the end, and then notified.
        """
        channel, user = attendance.channel, attendance.user
        if attendance.active_count:
            return
        if user.online and user in channel.members:
            slots = _slots(attendance)
            for record in records:
                if user is not record.author:
                    handoff = record.handoffs.setdefault(user, HandOff(slots, None))
                    handoff.is_judged = attendance.is_clean
                    channel.unnotified[record] = None
            ended_active = attendance.spans and attendance.spans[-1][1] == at_ns
            if ended_active and attendance.is_clean and not attendance.starting_count:
                channel.episodes[user] = Episode(at_ns)
        self.place(channel, user)

    def device_online(self, user: TrackedUser) -> None:
        """Take the start of a user session: notifications must reach the device now."""
        self.place_everywhere(user)

    def device_leaving(
        self, device: TrackedDevice, user: TrackedUser, at_ns: int, *, is_clean: bool
    ) -> None:
        """Take the end, or the loss, of a user session that was online.

        After a wished end, what is still to come may come or not. After a loss that is so within
        the race window; what was caused earlier stays expected.
        """
        race_since_ns = at_ns - self._settings.race_ns
        for channel in user.channels:
            for record in channel.unnotified:
                is_race = record.written_ns >= race_since_ns
                if device in record.pending and (is_clean or is_race):
                    record.leaving[device] = record.pending.pop(device)
                handoff = record.handoffs.get(user)
                if handoff is not None and is_race and not user.online:
                    # Nobody is left who could be notified.
                    handoff.is_judged &= _has_come(record, user, handoff)
            if not user.online:
                channel.episodes.pop(user, None)
            self.place(channel, user)

    def member_left(self, channel: TrackedChannel, user: TrackedUser) -> None:
        """Take the end of a membership: notifications under way may come or not."""
        for record in channel.unnotified:
            self._release(record, user)
            handoff = record.handoffs.get(user)
            if handoff is not None:
                handoff.is_judged = False
        channel.episodes.pop(user, None)
        self.place(channel, user)

    # --- messages -----------------------------------------------------------------------------

    def message_sent(self, record: MessageRecord) -> None:
        """Note who must be notified of a message."""
        channel = record.channel
        if channel.transit:
            self._hand_off(record)
        if channel.episodes:
            self._watch_episodes(record)
        if channel.audience:
            pending = channel.audience.copy()
            if record.author is not None:
                for device in record.author.online:
                    pending.pop(device, None)
            self._expect(record, pending)
        if record.pending or record.handoffs:
            channel.unnotified[record] = None

    def _expect(self, record: MessageRecord, pending: dict[TrackedDevice, bool]) -> None:
        record.pending = pending
        several = sum(pending.values())
        if several:
            self._tally.now.notification(has_several=True).expected += several
        if len(pending) > several:
            self._tally.now.notification(has_several=False).expected += len(pending) - several

    def _hand_off(self, record: MessageRecord) -> None:
        channel = record.channel
        for user, attendance in list(channel.transit.items()):
            if self._is_over(attendance, record.written_ns):
                attendance.ended_ns = None
                self.place(channel, user)
                continue
            if user is record.author or not user.online:
                continue
            handoff = HandOff(_slots(attendance), channel.episodes.get(user))
            handoff.is_judged = attendance.is_present or attendance.is_clean
            record.handoffs[user] = handoff
            self._figures(user).boundary += len(user.online)

    def _is_over(self, attendance: Attendance, at_ns: int) -> bool:
        if attendance.is_present or attendance.ended_ns is None:
            return False
        return at_ns - attendance.ended_ns > self._settings.handoff_ns

    def _watch_episodes(self, record: MessageRecord) -> None:
        """Follow a user whose window is over but who has had no notification since its end."""
        for user, episode in list(record.channel.episodes.items()):
            if user in record.handoffs or user is record.author:
                continue
            if episode.is_notified:
                del record.channel.episodes[user]
            else:
                handoff = record.handoffs[user] = HandOff((), episode)
                handoff.is_strict = True

    def absent_seen(self, record: MessageRecord, user: TrackedUser | None) -> None:
        """Note that a message reached a chat session that started after it."""
        handoff = record.handoffs.get(user) if user is not None else None
        if handoff is not None:
            handoff.is_seen = True

    # --- arrivals -----------------------------------------------------------------------------

    def notified(self, record: MessageRecord, device: TrackedDevice, arrived_ns: int) -> None:
        """Take a notification of a message."""
        user = device.user
        if device in record.notified:
            self._figures(user).duplicate += 1
            return
        record.notified.add(device)
        handoff = record.handoffs.get(user) if user is not None else None
        if handoff is not None and handoff.episode is not None:
            handoff.episode.is_notified = True
        has_several = record.pending.pop(device, None)
        if has_several is None:
            has_several = record.leaving.pop(device, None)
        if has_several is not None:
            self._deliver(record, device, arrived_ns, has_several=has_several)
            if not record.pending and not record.handoffs:
                record.channel.unnotified.pop(record, None)
        elif user is None:
            self._figures(None).spurious += 1
        elif handoff is not None:
            self._figures(user).boundary_seen += 1
        else:
            suspect = Suspect(device, user, arrived_ns)
            if record.is_closed:
                self._judge_suspect(record, suspect)
            else:
                record.suspects.append(suspect)

    def _deliver(
        self, record: MessageRecord, device: TrackedDevice, arrived_ns: int, *, has_several: bool
    ) -> None:
        figures = self._tally.now.notification(has_several=has_several)
        figures.delivered += 1
        if self.crosses is not None and self.crosses(record, device):
            self._tally.crossed(
                ChatEvent.NOTIFICATION_CREATED,
                [(arrived_ns - record.due_ns) // NS_PER_US],
                [(arrived_ns - record.written_ns) // NS_PER_US],
            )
        else:
            figures.latency.record_ns(arrived_ns - record.due_ns)
            figures.service.record_ns(arrived_ns - record.written_ns)
        if record.is_closed:
            figures.missed -= 1
        if arrived_ns > record.deadline_ns:
            figures.late += 1

    def unexplained(self, device: TrackedDevice, *, is_judged: bool) -> None:
        """Count a notification of a message that nobody knows."""
        figures = self._figures(device.user)
        if is_judged:
            figures.spurious += 1
        else:
            figures.boundary += 1
            figures.boundary_seen += 1

    # --- judgement ----------------------------------------------------------------------------

    def close(self, record: MessageRecord) -> None:
        """Judge a message at its deadline."""
        record.channel.unnotified.pop(record, None)
        for has_several in record.leaving.values():
            figures = self._tally.now.notification(has_several=has_several)
            figures.expected -= 1
            figures.boundary += 1
        record.leaving = {}
        for has_several in record.pending.values():
            self._tally.now.notification(has_several=has_several).missed += 1
        for user, handoff in record.handoffs.items():
            self._judge_handoff(record, user, handoff)
        for suspect in record.suspects:
            self._judge_suspect(record, suspect)
        record.suspects = []

    def withdraw(self, record: MessageRecord) -> int:
        """Make what is still to come boundary; return how many notifications that were."""
        withdrawn = len(record.pending)
        for has_several in record.pending.values():
            figures = self._tally.now.notification(has_several=has_several)
            figures.expected -= 1
            figures.boundary += 1
        record.pending = {}
        for handoff in record.handoffs.values():
            handoff.is_judged = False
        return withdrawn

    def give_up_young(self, records: Iterable[MessageRecord]) -> None:
        """Make what is still within its deadline boundary: nobody waits for it any more."""
        for record in records:
            for has_several in record.pending.values():
                self._tally.now.notification(has_several=has_several).in_flight += 1
            self.withdraw(record)

    def _judge_handoff(self, record: MessageRecord, user: TrackedUser, handoff: HandOff) -> None:
        was_notified = _was_notified(record, user)
        was_delivered = _was_delivered(record, handoff)
        figures = self._figures(user)
        if not handoff.is_judged:
            return
        if not handoff.is_strict:
            count_outcome(figures.handoff, delivered=was_delivered, notified=was_notified)
        episode = handoff.episode
        if episode is None or (handoff.is_strict and episode.is_over):
            return
        figures.activation.gap_messages += not was_notified and not was_delivered
        figures.activation.overlap_messages += was_notified and was_delivered
        if not episode.is_over:
            _follow(figures.activation, episode, record, is_notified=was_notified)

    def _judge_suspect(self, record: MessageRecord, suspect: Suspect) -> None:
        user, channel = suspect.user, record.channel
        figures = self._figures(user)
        race_ns = self._settings.race_ns
        joined_ns = channel.members.get(user)
        if user is record.author or joined_ns is None or joined_ns - record.written_ns > race_ns:
            figures.spurious += 1
            return
        attendance = channel.attendances.get(user)
        until_ns = attendance.attended_until(record.written_ns) if attendance is not None else None
        if attendance is None or until_ns is None:
            # Away, or only starting or ending; but this device was not online yet, or not any more.
            figures.boundary += 1
            figures.boundary_seen += 1
        elif until_ns == 0 or until_ns - record.written_ns > race_ns:
            figures.spurious += 1
        elif attendance.is_clean and suspect.arrived_ns < until_ns:
            # It was sent before the UNSUBSCRIBE was: no order at the server explains it.
            figures.spurious += 1
        else:
            figures.boundary += 1
            figures.boundary_seen += 1
            if _was_delivered(record, HandOff(_slots(attendance), None)):
                figures.handoff.both += 1


def _slots(attendance: Attendance) -> tuple[int, ...]:
    return tuple(chat_session.slot for chat_session in attendance.chat_sessions)


def _has_come(record: MessageRecord, user: TrackedUser, handoff: HandOff) -> bool:
    return _was_notified(record, user) or _was_delivered(record, handoff)


def _was_notified(record: MessageRecord, user: TrackedUser) -> bool:
    return any(device in record.notified for device in user.devices)


def _was_delivered(record: MessageRecord, handoff: HandOff) -> bool:
    state = record.state
    return handoff.is_seen or any(
        slot < len(state) and state[slot] in (DELIVERED, BOUNDARY_SEEN) for slot in handoff.slots
    )


def count_outcome(figures: OutcomeFigures, *, delivered: bool, notified: bool) -> None:
    """Count what became of one message for one user."""
    figures.both += delivered and notified
    figures.neither += not delivered and not notified
    figures.delivered += delivered and not notified
    figures.notified += notified and not delivered


def _follow(
    figures: ActivationFigures,
    episode: Episode,
    record: MessageRecord,
    *,
    is_notified: bool,
) -> None:
    """Take the next message after the end of a last chat session.

    Messages are closed in the order of their writing, so the first one that came as a
    notification ends the episode.
    """
    after_us = (record.written_ns - episode.ended_ns) // NS_PER_US
    if not is_notified:
        episode.unnotified_us = after_us
        return
    episode.is_over = True
    # Nothing is 1 us: 0 is outside the range of the histograms.
    figures.at_least.record_all((max(1, episode.unnotified_us),))
    figures.at_most.record_all((max(1, after_us),))
    figures.resolution.record_all((max(1, after_us - episode.unnotified_us),))
