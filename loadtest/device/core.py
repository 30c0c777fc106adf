"""One device as actions, events and listeners see it: a user, and what is open and under way."""

from typing import Protocol

from loadtest.chat.resources import ChannelLinks
from loadtest.device.chat_sessions import ChatSession, ChatSessions
from loadtest.device.fleet import Fleet
from loadtest.device.line import DeviceLine
from loadtest.device.pending import Done, PendingActions

__all__ = ["DeviceCore", "Drafts", "Listener", "Typed"]


class Typed:
    """Keystrokes that wait for the debounce; only the last of a burst is written."""

    __slots__ = ("done", "due_ns", "keys", "links")

    def __init__(self, links: ChannelLinks, keys: str, due_ns: int, done: Done | None) -> None:
        self.links = links
        self.keys = keys
        self.due_ns = due_ns
        self.done = done


class Drafts:
    """What the user of a device writes: keystrokes not yet sent, and messages counted."""

    __slots__ = ("_sequences", "typed")

    def __init__(self) -> None:
        # Most devices of a large run never write: they have no dictionary.
        self._sequences: dict[int, int] | None = None
        self.typed: Typed | None = None

    def next_sequence(self, channel: int) -> int:
        """Return the number of the next message into a channel, from 1."""
        if self._sequences is None:
            self._sequences = {}
        sequence = self._sequences[channel] = self._sequences.get(channel, 0) + 1
        return sequence


class Listener(Protocol):
    """Hears the events of a device beside the observer, before their ACK is written."""

    def chat_event(
        self, device: "DeviceCore", chat_session: ChatSession, event: str, body: bytes, now_ns: int
    ) -> None:
        """Hear one event of an open chat session; ``body`` is the JSON of the event."""

    def relayed_event(
        self,
        device: "DeviceCore",
        chat_session: ChatSession,
        event: str,
        body: bytes,
        message: bytes,
        now_ns: int,
    ) -> None:
        """Hear an event once the SDK's relay of a message for it was answered with ``message``.

        A reply comes with its parent, a read receipt or a reaction with what it is about.
        """

    def user_event(self, device: "DeviceCore", event: str, body: bytes, now_ns: int) -> None:
        """Hear one event of the user's own topics, such as a notification."""

    def user_session_changed(self, device: "DeviceCore", now_ns: int) -> None:
        """Hear that the user session became active, was lost, or ended."""


class DeviceCore(DeviceLine):
    """The user of a device, and the parts that act and hear for it.

    Args:
        number: Number of the device, unique in this worker.
        username: Name of the user, as given to ``startSession``.
        fleet: What it shares with the other devices of this worker.
    """

    # Twenty thousand of these live in one process: nothing here that only some devices need.
    __slots__ = (
        "chat_sessions",
        "count_links",
        "create_channel_link",
        "drafts",
        "listener",
        "pending",
        "user",
    )

    def __init__(self, number: int, username: str, fleet: Fleet) -> None:
        super().__init__(number, username, fleet)
        self.user = 0
        """The server's id of the user, once it is known."""
        self.create_channel_link = ""
        self.count_links: tuple[str, ...] = ()
        """What an API connection relays in addition; empty for any other."""
        self.pending = PendingActions(self)
        self.chat_sessions = ChatSessions(self)
        self.drafts = Drafts()
        self.listener: Listener | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing that it wrote, or is about to write, is on its way."""
        return not self.pending.awaited and self.drafts.typed is None

    def tell_listener(self, now_ns: int) -> None:
        """Tell the listener, if there is one, that the user session changed."""
        if self.listener is not None:
            self.listener.user_session_changed(self, now_ns)
