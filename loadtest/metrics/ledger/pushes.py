"""Pushes: what a push sink must get for members who are not connected at all.

For each message such a member expects exactly one push; who is connected expects none. A message is
judged when it is closed, at its deadline, when everything is known about who came and went around
it. Somebody who connected or disconnected within the race window, or whose chat session is ending,
may be pushed or not: boundary.

A push names user, channel and message by the server's ids. If a message arrived nowhere, its id is
not known: then the oldest pushes of an unknown message in its channel, since it was written, are
taken for its own. One of a channel that this ledger does not know is another worker's, or another
program's: it is not counted here.
"""

from collections import deque
from itertools import islice

from loadtest.metrics.figures.figures import PushFigures
from loadtest.metrics.ledger.model import DeviceState, MessageRecord, TrackedUser
from loadtest.metrics.ledger.records import is_void
from loadtest.metrics.ledger.roster import Roster
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.metrics.ledger.tally import Tally

__all__ = ["PushBook"]


class _Wait:
    """Who expects a push of one message, and for whom it is open whether one comes."""

    __slots__ = ("between", "is_withdrawn", "record", "users")

    def __init__(self, record: MessageRecord) -> None:
        self.record = record
        self.users: list[TrackedUser] = []
        self.between: set[TrackedUser] = set()
        self.is_withdrawn = False


class _Judged:
    """What became of the pushes of one message that is closed."""

    __slots__ = ("boundary", "missed", "record", "seen")

    def __init__(self, record: MessageRecord) -> None:
        self.record = record
        self.missed: set[TrackedUser] = set()
        self.boundary: set[TrackedUser] = set()
        self.seen: set[TrackedUser] = set()


class PushBook:
    """Expects pushes, and judges those that came."""

    def __init__(self, settings: LedgerSettings, tally: Tally, roster: Roster) -> None:
        self._settings = settings
        self._tally = tally
        self._roster = roster
        self._waits: dict[MessageRecord, _Wait] = {}
        self._arrivals: dict[int, list[tuple[TrackedUser, int]]] = {}
        """Of messages that are not closed, or not known, by the server's id."""
        self._channels: dict[int, int] = {}
        """Of those messages, by the server's id."""
        self._order: deque[tuple[int, int]] = deque()
        self._judged: dict[int, _Judged] = {}

    @property
    def _figures(self) -> PushFigures:
        return self._tally.now.push

    # --- causes -------------------------------------------------------------------------------

    def message_sent(self, record: MessageRecord) -> None:
        """Note for whom a message makes a push."""
        if not self._settings.expects_pushes:
            return
        wait = self._waits[record] = _Wait(record)
        for user in record.channel.members:
            if user.online or user is record.author:
                continue
            is_away = all(device.state is DeviceState.OFFLINE for device in user.devices)
            if is_away and not self._is_handed_off(record, user):
                wait.users.append(user)
            else:
                wait.between.add(user)

    def _is_handed_off(self, record: MessageRecord, user: TrackedUser) -> bool:
        """Whether the server may still take the user for present in the channel."""
        attendance = record.channel.attendances.get(user)
        if attendance is None or attendance.ended_ns is None:
            return False
        return record.written_ns - attendance.ended_ns <= self._settings.race_ns

    def withdraw(self, record: MessageRecord) -> None:
        """Take back what a refused message expects."""
        wait = self._waits.get(record)
        if wait is not None:
            wait.is_withdrawn = True

    # --- arrivals -----------------------------------------------------------------------------

    def received(self, user: int, channel: int, message: int, arrived_ns: int) -> None:
        """Take a push."""
        if channel not in self._roster.channels or not self._settings.expects_pushes:
            return
        self._figures.taken += 1
        who = self._roster.user(user)
        judged = self._judged.get(message)
        if judged is not None:
            self._take_late(judged, who, arrived_ns)
            return
        self._arrivals.setdefault(message, []).append((who, arrived_ns))
        self._channels[message] = channel
        self._order.append((arrived_ns + self._settings.deadline_ns, message))

    def _take_late(self, judged: _Judged, user: TrackedUser, arrived_ns: int) -> None:
        if user in judged.missed:
            judged.missed.remove(user)
            self._figures.missed -= 1
            self._deliver(judged, user, arrived_ns)
        else:
            self._take_unexpected(judged, user)

    def _deliver(self, judged: _Judged, user: TrackedUser, arrived_ns: int) -> None:
        record, figures = judged.record, self._figures
        judged.seen.add(user)
        figures.delivered += 1
        figures.late += arrived_ns > record.deadline_ns
        figures.latency.record_ns(arrived_ns - record.due_ns)
        figures.service.record_ns(arrived_ns - record.written_ns)

    def _take_unexpected(self, judged: _Judged, user: TrackedUser) -> None:
        if user in judged.seen:
            self._figures.duplicate += 1
            return
        judged.seen.add(user)
        if user in judged.boundary:
            self._figures.boundary_seen += 1
        elif self._is_open(judged.record, user):
            self._figures.boundary += 1
            self._figures.boundary_seen += 1
        else:
            self._figures.spurious += 1

    # --- judgement ----------------------------------------------------------------------------

    def outstanding(self) -> int:
        """Return how many pushes may still come in time."""
        count = 0
        for record, wait in self._waits.items():
            if wait.users and not wait.is_withdrawn:
                came = {user for user, _ in self._arrivals.get(record.message, ())}
                count += sum(user not in came for user in wait.users)
        return count

    def close(self, record: MessageRecord) -> None:
        """Judge a message at its deadline."""
        wait = self._waits.pop(record, None)
        if wait is None:
            return
        judged, figures = _Judged(record), self._figures
        message = record.message or (self._unknown_message(record) if wait.users else 0)
        if message:
            self._judged[message] = judged
        judged.boundary |= wait.between
        is_uncertain = wait.is_withdrawn or (record.is_doubtful and is_void(record))
        for user in wait.users:
            has_left = user not in record.channel.members
            if is_uncertain or has_left or self._is_open(record, user):
                judged.boundary.add(user)
            else:
                judged.missed.add(user)
        figures.expected += len(judged.missed)
        figures.boundary += len(judged.boundary)
        for user, arrived_ns in self._take_arrivals(message):
            if user in judged.missed:
                judged.missed.remove(user)
                self._deliver(judged, user, arrived_ns)
            else:
                self._take_unexpected(judged, user)
        figures.missed += len(judged.missed)

    def _take_arrivals(self, message: int) -> list[tuple[TrackedUser, int]]:
        """Return and forget the pushes of a message; of 0 there are none."""
        self._channels.pop(message, None)
        return self._arrivals.pop(message, [])

    def _unknown_message(self, record: MessageRecord) -> int:
        """Return the id of a message that nobody knows and that this one may be; 0: none is."""
        known = {each.message for each in self._waits}
        since_ns = record.written_ns
        return min(
            (
                message
                for message, arrivals in self._arrivals.items()
                if message not in known
                and self._channels[message] == record.channel.id
                and arrivals[0][1] >= since_ns
            ),
            default=0,
        )

    def _is_open(self, record: MessageRecord, user: TrackedUser) -> bool:
        """Whether nobody can know if the server saw the user away when it took the message."""
        joined_ns = record.channel.members.get(user)
        race_ns, at_ns = self._settings.race_ns, record.written_ns
        if user is record.author or joined_ns is None:
            return False
        if at_ns < joined_ns <= at_ns + race_ns:
            return True
        return any(abs(changed_ns - at_ns) <= race_ns for changed_ns in user.changes)

    def settle(self, now_ns: int | None) -> None:
        """Give up on pushes of messages that stay unknown (all: None)."""
        order = self._order
        while order and (now_ns is None or order[0][0] < now_ns):
            _, message = order.popleft()
            # Every message that waits is closed first: its deadline is before that of its pushes.
            self._figures.spurious += len(self._take_arrivals(message))
        surplus = len(self._judged) - self._settings.kept_records
        for message in list(islice(self._judged, max(surplus, 0))):
            del self._judged[message]

    def give_up_young(self, now_ns: int) -> None:
        """Make what is still within its deadline boundary: nobody waits for it any more."""
        figures = self._figures
        for record, wait in self._waits.items():
            if record.deadline_ns >= now_ns and not wait.is_withdrawn:
                came = {user for user, _ in self._arrivals.get(record.message, ())}
                young = [user for user in wait.users if user not in came]
                figures.in_flight += len(young)
                wait.between.update(young)
                wait.users = [user for user in wait.users if user in came]
        known = {record.message for record in self._waits}
        for message in [each for each in self._arrivals if each not in known]:
            count = len(self._take_arrivals(message))
            figures.boundary += count
            figures.boundary_seen += count
