"""When users come online and go offline: their first and last connection, seen in their channels.

The server tells it to every channel that the user is a member of. It does so at CONNECT, but who
connected is known here only once the user session is up: the event is expected then, of those whose
chat sessions were active at CONNECT. As for participants, where two connections of one user race,
the change is boundary.
"""

from loadtest.metrics.ledger.events import EventBook
from loadtest.metrics.ledger.model import (
    ChatSessionState,
    DeviceState,
    EventRecord,
    Match,
    TrackedChannel,
    TrackedChatSession,
    TrackedDevice,
    TrackedUser,
)
from loadtest.metrics.ledger.settings import LedgerSettings
from loadtest.observations import ChatEvent

__all__ = ["PresenceBook"]


class PresenceBook:
    """Derives presence from the starts and ends of user sessions."""

    def __init__(self, settings: LedgerSettings, events: EventBook) -> None:
        self._settings = settings
        self._events = events
        self._offline: dict[TrackedUser, list[EventRecord]] = {}

    def online(self, device: TrackedDevice, user: TrackedUser) -> None:
        """Take a user session that has started, before it counts as online."""
        if not self._settings.expects_presence or user.online:
            return
        since_ns = device.starting_ns
        records = self._offline.pop(user, [])
        offline_ns, user.offline_ns = user.offline_ns, None
        is_race = offline_ns is not None and since_ns - offline_ns < self._settings.race_ns
        is_certain = not is_race or any(
            not self._events.withdraw_unseen(record) for record in records
        )
        for channel, joined_ns in user.channels.items():
            if is_certain and joined_ns <= since_ns:
                self._events.cause(_match(channel, user), channel, since_ns)
            else:
                self._events.cause_unjudged(_match(channel, user), channel, since_ns)

    def offline(self, user: TrackedUser, at_ns: int) -> None:
        """Take the end, or the loss, of a user session, after it ceased to be online."""
        if not self._settings.expects_presence or user.online:
            return
        # Another connection of the user may be up at the server already.
        is_certain = not any(device.state is DeviceState.STARTING for device in user.devices)
        user.offline_ns = at_ns
        records = []
        for channel in user.channels:
            if is_certain:
                own = _ending_in(channel, user)
                records.append(self._events.cause(_match(channel, user), channel, at_ns, own=own))
            else:
                self._events.cause_unjudged(_match(channel, user), channel, at_ns)
        self._offline[user] = records


def _ending_in(channel: TrackedChannel, user: TrackedUser) -> list[TrackedChatSession]:
    """Return the user's own chat sessions in a channel that end with its user session."""
    attendance = channel.attendances.get(user)
    sessions = attendance.chat_sessions if attendance is not None else ()
    return [each for each in sessions if each.state is ChatSessionState.ENDING]


def _match(channel: TrackedChannel, user: TrackedUser) -> Match:
    return (ChatEvent.PRESENCE_CHANGED, channel.id, user.id, 0)
