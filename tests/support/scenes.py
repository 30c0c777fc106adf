"""Scripted observations: devices in channels, with instants in milliseconds.

User ``n`` has device ``n``; a second device of a user is named by hand. Chat session ``s`` is any
number. The server's id of the message with key ``k`` is ``k + MESSAGE``.
"""

from collections.abc import Iterable
from typing import Any

from loadtest.clock import NS_PER_MS
from loadtest.metrics import Ledger, LedgerSettings, Totals, merge
from loadtest.metrics.figures.figures import EventFigures, Figures, NotificationFigures
from loadtest.observations import ChatEvent

__all__ = ["MESSAGE", "ROOM", "Scene", "notification_counts", "ns"]

MESSAGE = 5_000
ROOM = 1


def ns(at_ms: float) -> int:
    """Return an instant in nanoseconds."""
    return round(at_ms * NS_PER_MS)


class Scene:
    """A ledger and what happens before it."""

    def __init__(self, **settings: Any) -> None:
        self.ledger = Ledger(LedgerSettings(**settings))
        self._last_ms: float = 0

    # --- who is where -------------------------------------------------------------------------

    def online(self, device: int, at_ms: float = 0, user: int | None = None) -> None:
        """Bring a device's user session up."""
        self.ledger.user_session_starting(device, ns(at_ms))
        self.ledger.user_session_started(device, device if user is None else user, ns(at_ms))

    def members(self, *users: int, channel: int = ROOM, at_ms: float = 0) -> None:
        """Make users members of a channel."""
        for user in users:
            self.ledger.member_joined(channel, user, ns(at_ms))

    def start(
        self, session: int, device: int | None = None, at_ms: float = 0, channel: int = ROOM
    ) -> None:
        """Begin a chat session; by default device ``n`` has chat session ``n``."""
        device = session if device is None else device
        self.ledger.chat_session_starting(session, device, channel, ns(at_ms))

    def enter(
        self, session: int, device: int | None = None, at_ms: float = 0, channel: int = ROOM
    ) -> None:
        """Bring a chat session up at once."""
        self.start(session, device, at_ms, channel)
        self.ledger.chat_session_started(session, ns(at_ms))

    def leave(self, session: int, at_ms: float) -> None:
        """Begin the end of a chat session."""
        self.ledger.chat_session_ending(session, ns(at_ms))

    def lose(self, device: int, at_ms: float) -> None:
        """Break the connection of a device."""
        self.ledger.connection_lost(device, ns(at_ms), "reset")

    def room(self, count: int, present: Iterable[int] | None = None) -> None:
        """Fill the room: users 1 to ``count`` online and members, those ``present`` in the chat."""
        users = range(1, count + 1)
        self.members(*users)
        for user in users:
            self.online(user)
        for user in users if present is None else present:
            self.enter(user)
        self.settle(100)

    # --- what happens -------------------------------------------------------------------------

    def send(
        self, key: int, device: int = 1, at_ms: float = 1000, *, due_ms: float | None = None
    ) -> None:
        """Write a message into the room."""
        due_ns = ns(at_ms if due_ms is None else due_ms)
        self.ledger.message_sent(key, device, ROOM, key, due_ns, ns(at_ms))

    def see(self, key: int, at_ms: float, *sessions: int) -> None:
        """Deliver a message to chat sessions."""
        for session in sessions:
            self.ledger.message_delivered(session, key, key + MESSAGE, ns(at_ms))

    def notify(self, key: int, at_ms: float, *devices: int, is_marked: bool = False) -> None:
        """Notify devices of a message, which may carry its mark."""
        mark = key if is_marked else 0
        for device in devices:
            self.ledger.notification_delivered(device, ROOM, key + MESSAGE, mark, ns(at_ms))

    def identify(self, key: int, at_ms: float) -> None:
        """Tell the server's id of a message from a user topic."""
        self.ledger.message_identified(key, key + MESSAGE, ns(at_ms))

    def event(self, event: ChatEvent, subject: int, at_ms: float, *sessions: int) -> None:
        """Deliver one of the other events to chat sessions."""
        for session in sessions:
            self.ledger.event_delivered(event, session, subject, ns(at_ms))

    def settle(self, at_ms: float) -> None:
        """Let time pass."""
        self._last_ms = max(self._last_ms, at_ms)
        self.ledger.settle(ns(at_ms))

    # --- what comes of it ---------------------------------------------------------------------

    def totals(self, at_ms: float = 600_000, *, drained: bool = True) -> Totals:
        """End the run and return its totals, as a master gets them."""
        self.ledger.finish(ns(at_ms), drained=drained)
        self.ledger.roll(ns(at_ms))
        return merge([self.ledger.snapshot()])

    def figures(self, at_ms: float = 600_000, *, drained: bool = True) -> Figures:
        """End the run and return its figures."""
        return self.totals(at_ms, drained=drained).figures

    def messages(self, at_ms: float = 600_000, *, drained: bool = True) -> EventFigures:
        """End the run and return the figures of messages."""
        return self.figures(at_ms, drained=drained).event(ChatEvent.MESSAGE_CREATED)

    def events(self, event: ChatEvent, at_ms: float = 600_000) -> EventFigures:
        """End the run and return the figures of one event type."""
        return self.figures(at_ms).event(event)

    def notifications(self, at_ms: float = 600_000, *, drained: bool = True) -> NotificationFigures:
        """End the run and return the figures of notifications."""
        return self.figures(at_ms, drained=drained).all_notifications()


def notification_counts(figures: NotificationFigures) -> dict[str, Any]:
    """Return the counts that are not 0."""
    names = (
        *("expected", "delivered", "missed", "late", "duplicate", "spurious", "boundary"),
        *("in_flight", "handoff_gap", "handoff_overlap"),
    )
    found = {name: getattr(figures, name) for name in names}
    for name in ("gap_messages", "overlap_messages"):
        found[name] = getattr(figures.activation, name)
    return {name: value for name, value in found.items() if value}
