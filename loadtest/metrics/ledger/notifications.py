"""Who must be notified of a message, and who was.

A member with no chat session in the channel and a connected device must be notified on each such
device, exactly once; a member with an active chat session anywhere must not be. For one whose last
chat session is ending, delivered and notified are both right, neither is a *gap* and both an
*overlap*: hand-off. For one whose first is starting all four are right: entry, since a server
counts a chat session from its first topic and can deliver only from the topic of messages.

A message is judged when it is closed, at its deadline; until then outcomes are only gathered,
because the end of a chat session or the loss of a connection may become known after the
notification that it explains. ``crossings`` of hand-off and entry are judged in ``handoffs``.
"""

from collections.abc import Callable, Iterable

from loadtest.clock import NS_PER_US
from loadtest.metrics.figures.figures import NotificationFigures
from loadtest.metrics.ledger.handoffs import (
    has_come,
    judge_handoff,
    notified_count,
    slots_of,
    was_delivered,
    was_overtaken,
)
from loadtest.metrics.ledger.model import (
    Attendance,
    Crossing,
    DeviceState,
    Episode,
    HandOff,
    MessageRecord,
    Suspect,
    TrackedChannel,
    TrackedDevice,
    TrackedUser,
)
from loadtest.metrics.ledger.records import is_unseen, is_void
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
                self._release(record, user, Crossing.START)
        self.place(channel, user)

    def _release(self, record: MessageRecord, user: TrackedUser, crossing: Crossing) -> None:
        """Take a message as one that crosses a change of a user who is still to be notified."""
        handoff = record.handoffs.get(user)
        mine = [device for device in record.pending if device.user is user]
        for device in mine:
            figures = self._tally.now.notification(has_several=record.pending.pop(device))
            figures.expected -= 1
        if handoff is None and mine:
            handoff = record.handoffs[user] = HandOff(crossing)
        # What anybody has seen by now the server took before: it crosses nothing that comes later.
        if handoff is not None and (mine or is_unseen(record)):
            handoff.crossing = crossing
            handoff.device_count += len(mine)

    def session_ended(self, attendance: Attendance, at_ns: int) -> None:
        """Take the end of a chat session that leaves its user with none active."""
        channel, user = attendance.channel, attendance.user
        if attendance.active_count:
            return
        if user.online and user in channel.members and not attendance.starting_count:
            ended_active = attendance.spans and attendance.spans[-1][1] == at_ns
            if ended_active:
                channel.episodes[user] = Episode(at_ns, is_clean=attendance.is_clean)
        self.place(channel, user)

    def end_taken(self, attendance: Attendance, at_ns: int) -> None:
        """Take note that the server has certainly taken the end of a chat session."""
        if attendance.ended_ns is None or attendance.is_ending(at_ns, self._settings.race_ns):
            return
        attendance.ended_ns = None
        self.place(attendance.channel, attendance.user)

    def device_online(self, user: TrackedUser) -> None:
        """Take the start of a user session: notifications must reach the device now."""
        self.place_everywhere(user)

    def device_leaving(
        self, device: TrackedDevice, user: TrackedUser, at_ns: int, *, is_clean: bool
    ) -> None:
        """Take the end, or the loss, of a user session that was online.

        What was written within the race window before it may come or not; what was caused earlier
        stays expected.
        """
        race_since_ns = at_ns - self._settings.race_ns
        for channel in user.channels:
            for record in channel.unnotified:
                if record.written_ns < race_since_ns:
                    continue
                if device in record.pending:
                    record.leaving[device] = record.pending.pop(device)
                handoff = record.handoffs.get(user)
                if handoff is not None and not user.online:
                    # Nobody is left who could be notified.
                    handoff.is_judged &= has_come(record, user, handoff)
            if not user.online:
                channel.episodes.pop(user, None)
            self.place(channel, user)

    def member_left(self, channel: TrackedChannel, user: TrackedUser) -> None:
        """Take the end of a membership: notifications under way may come or not."""
        for record in channel.unnotified:
            self._release(record, user, Crossing.END)
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
            record.handoffs[user] = handoff = HandOff(
                Crossing.END if attendance.ends_active else Crossing.START,
                slots_of(attendance),
                episode=channel.episodes.get(user),
                device_count=len(user.online),
            )
            handoff.is_judged = attendance.is_present or attendance.is_clean

    def _is_over(self, attendance: Attendance, at_ns: int) -> bool:
        if attendance.is_present or attendance.ended_ns is None:
            return False
        return at_ns - attendance.ended_ns > self._settings.race_ns

    def _watch_episodes(self, record: MessageRecord) -> None:
        """Follow a user whose hand-off is over but who has had no notification since its end."""
        for user, episode in list(record.channel.episodes.items()):
            if user in record.handoffs or user is record.author:
                continue
            if episode.is_notified or not (
                episode.is_clean or self._is_gap(record, episode.ended_ns)
            ):
                del record.channel.episodes[user]
                continue
            attendance = record.channel.attendance(user)
            record.handoffs[user] = HandOff(
                Crossing.PAST_END, slots_of(attendance), episode=episode
            )

    def _is_gap(self, record: MessageRecord, ended_ns: int) -> bool:
        """Return whether a message that came as neither after an end is called a gap."""
        return record.written_ns - ended_ns <= self._settings.handoff_ns

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
        elif handoff is None or handoff.crossing is Crossing.PAST_END:
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
        latency_us = (arrived_ns - record.due_ns) // NS_PER_US
        service_us = (arrived_ns - record.written_ns) // NS_PER_US
        if self.crosses is not None and self.crosses(record, device):
            self._tally.crossed(ChatEvent.NOTIFICATION_CREATED, [latency_us], [service_us])
        else:
            self._tally.notified(record.due_ns, latency_us, service_us, has_several=has_several)
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
        if record.fate is not None and record.is_doubtful and is_void(record):
            self._unjudge(record, record.pending)
            record.pending = {}
            for handoff in record.handoffs.values():
                handoff.is_judged = False
        for user, handoff in record.handoffs.items():
            self._judge_handoff(record, user, handoff)
        if record.leaving:
            self._excuse_leaving(record)
        for has_several in record.pending.values():
            self._tally.now.notification(has_several=has_several).missed += 1
        if record.suspects:
            for suspect in record.suspects:
                self._judge_suspect(record, suspect)
            record.suspects = []

    def _excuse_leaving(self, record: MessageRecord) -> None:
        """Make what devices that have left need not have got boundary; the rest stays owed."""
        leaving, record.leaving = record.leaving, {}
        excused = {}
        for device, has_several in leaving.items():
            if was_overtaken(record, device):
                record.pending[device] = has_several
            else:
                excused[device] = has_several
        self._unjudge(record, excused)

    def _unjudge(self, record: MessageRecord, devices: dict[TrackedDevice, bool]) -> None:
        """Make notifications that were expected boundary."""
        for has_several in devices.values():
            figures = self._tally.now.notification(has_several=has_several)
            figures.expected -= 1
            figures.boundary += 1

    def _judge_handoff(self, record: MessageRecord, user: TrackedUser, handoff: HandOff) -> None:
        figures, episode = self._figures(user), handoff.episode
        if not handoff.is_judged:
            figures.boundary += handoff.device_count
            figures.boundary_seen += notified_count(record, user) * (handoff.device_count > 0)
            return
        if (
            handoff.crossing is Crossing.PAST_END
            and episode is not None
            and not notified_count(record, user)
            and self._is_gap(record, episode.ended_ns)
        ):
            # The end was taken and still no notification: hand-off took longer than that.
            handoff.device_count = self._take_pending(record, user)
        judge_handoff(figures, record, user, handoff)

    def _take_pending(self, record: MessageRecord, user: TrackedUser) -> int:
        """Expect no notification on the devices of a user any more; return on how many it was."""
        mine = [device for device in record.pending if device.user is user]
        for device in mine:
            has_several = record.pending.pop(device)
            self._tally.now.notification(has_several=has_several).expected -= 1
        return len(mine)

    def refuse(self, record: MessageRecord) -> None:
        """Expect nothing of a message any more: the server has refused it."""
        for has_several in record.pending.values():
            self._tally.now.notification(has_several=has_several).expected -= 1
        record.pending, record.handoffs = {}, {}

    def give_up_young(self, records: Iterable[MessageRecord]) -> None:
        """Make what is still within its deadline boundary: nobody waits for it any more."""
        for record in records:
            for has_several in record.pending.values():
                self._tally.now.notification(has_several=has_several).in_flight += 1
            self._unjudge(record, record.pending)
            record.pending = {}
            for handoff in record.handoffs.values():
                handoff.is_judged = False

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
            if was_delivered(record, HandOff(Crossing.END, slots_of(attendance))):
                figures.handoff.both += 1
