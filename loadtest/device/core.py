"""What a device is, and how it writes; what it does stands in the modules above this one.

``pending`` follows actions to their end, ``chat_session`` starts and ends chat sessions,
``events`` reads what topics bring, ``actions`` acts, and ``device`` drives the user session.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from loadtest.chat.resources import ChannelLinks
from loadtest.device.connection import Connection
from loadtest.device.fleet import Fleet
from loadtest.device.numbers import id_prefix, number_of_id
from loadtest.device.state import State
from loadtest.errors import UsageError
from loadtest.observations import Action
from loadtest.wire.stomp import header_value

__all__ = [
    "ChatSession",
    "ChatSessionState",
    "DeviceCore",
    "Done",
    "Listener",
    "Outcome",
    "Pending",
    "Started",
    "Typed",
]

# Most of their headers are ours: a template takes a tenth of the time of `encode`.
_SUBSCRIBE_BARE = b"SUBSCRIBE\n%bid:subscription-id-%b%012x\ndestination:%b\n\n\0"
_SUBSCRIBE = (
    b"SUBSCRIBE\nid:subscription-id-%b%012x\nreceipt:receipt-%b%012x\n"
    b"ack:client-individual\ndestination:%b\n\n\0"
)
# CONNECT knows no escapes, and a lone surrogate is no text.
_UNWRITABLE = re.compile("[\r\n\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an action ended: ``reason`` is empty if it ended well, and then ``body`` may be used."""

    reason: str = ""
    body: bytes = b""

    @property
    def is_ok(self) -> bool:
        """Whether the action was completed."""
        return not self.reason


Done = Callable[[Outcome, int], None]
"""Is told the outcome of an action, and the instant."""

Started = Callable[[str, int], None]
"""Is told how a start ended: a reason, empty if it went well, and the instant."""


@dataclass(slots=True)
class Pending:
    """An action or a relay that was written and is not completed."""

    action: Action
    due_ns: int
    written_ns: int
    done: Done | None = None
    ends_at_receipt: bool = False
    types: frozenset[str] | None = None
    """Event types that complete it; None: any."""
    destination: str = ""
    """Of a relay, to repeat it after a rate limit; empty for an action."""
    parameters: bytes = b""
    """Of a relay: header lines before its id."""
    accepted_ns: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Typed:
    """Keystrokes that wait for the debounce; only the last of a burst is written."""

    links: ChannelLinks
    keys: str
    due_ns: int
    done: Done | None


class ChatSessionState(Enum):
    """Where a chat session stands."""

    SELF_WRITTEN = "waiting for the RECEIPT of the topic self"
    TOPICS_WRITTEN = "waiting for the RECEIPTs of the other topics"
    ACTIVE = "active"
    ENDED = "ended"


class ChatSession:
    """One chat session of one device.

    ``ordinal`` counts the chat sessions of the device from 1; ``number`` is unique in the worker
    and is what observations name.
    """

    __slots__ = (
        "due_ns",
        "handled",
        "links",
        "missing",
        "number",
        "ordinal",
        "started",
        "state",
        "written_ns",
    )

    def __init__(
        self, ordinal: int, number: int, links: ChannelLinks, handled: frozenset[str]
    ) -> None:
        self.handled = handled
        """Event types with a registered handler; some cost a relay."""
        self.ordinal = ordinal
        self.number = number
        self.links = links
        self.due_ns = 0
        """When its start was due; 0 once the start has ended, well or not."""
        self.written_ns = 0
        self.state = ChatSessionState.SELF_WRITTEN
        self.missing = 0
        """One bit per topic whose RECEIPT has not come."""
        self.started: Started | None = None

    @property
    def is_active(self) -> bool:
        """Whether every topic has its RECEIPT."""
        return self.state is ChatSessionState.ACTIVE

    def settle_start(self, reason: str, now_ns: int) -> None:
        """Tell whoever waits for the start how it ended; only the first call counts."""
        started, self.started = self.started, None
        if started is not None:
            started(reason, now_ns)


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


class DeviceCore:
    """The state of one device and its ways to write.

    Args:
        number: Its number, unique in this worker.
        username: Name of the user, as given to ``startSession``.
        fleet: What it shares with the other devices of this worker.
        auth_params: JSON text for the application's own check of the user, if it has one.

    Raises:
        UsageError: The name or the parameters cannot be written into a CONNECT frame.
    """

    # Twenty thousand of these live in one process, so nothing here that only some devices need:
    # dictionaries that are empty most of the time are made when first used.
    __slots__ = (
        "auth_params",
        "auth_session",
        "chat_sessions",
        "connection",
        "count_links",
        "counter",
        "create_channel_link",
        "due_ns",
        "epoch",
        "fleet",
        "listener",
        "lost_at_ns",
        "missing",
        "next_ordinal",
        "number",
        "pending",
        "prefix",
        "sequences",
        "started",
        "state",
        "subscribed",
        "typed",
        "user",
        "user_topics",
        "username",
        "wire_prefix",
        "written_ns",
    )

    def __init__(
        self, number: int, username: str, fleet: Fleet, *, auth_params: str | None = None
    ) -> None:
        _check_credentials(username, auth_params)
        self.number = number
        self.username = username
        self.fleet = fleet
        self.auth_params = auth_params
        self.prefix = id_prefix(fleet.run, number)
        self.wire_prefix = self.prefix.encode()
        self.state = State.IDLE
        self.connection: Connection | None = None
        self.listener: Listener | None = None
        self.started: Started | None = None
        self.user = 0
        """The server's id of the user, once it is known."""
        self.user_topics = ""
        """Destinations joined by line feeds: one string takes a fifth of fourteen.

        Empty until the user session knows them; one that does reconnects in one burst.
        """
        self.create_channel_link = ""
        self.count_links: tuple[str, ...] = ()
        """What an API connection relays besides; empty for any other."""
        self.auth_session = ""
        self.chat_sessions: dict[int, ChatSession] = {}
        """Open chat sessions by ordinal, in the order of their start."""
        self.subscribed: list[int] = []
        """Numbers of the topics of chat sessions that begin a burst of SUBSCRIBEs, in the order in
        which they were written: ``self``, and the first of the others."""
        self.pending: dict[int, Pending] = {}
        self.sequences: dict[int, int] | None = None
        """Messages sent, by channel."""
        self.typed: Typed | None = None
        """Keystrokes that wait for the debounce."""
        self.next_ordinal = 1
        self.counter = 0
        """Relays and actions written so far, to number them."""
        self.epoch = 0
        """Counts connections that were asked for, so that whatever belongs to an older one knows
        that it is void."""
        self.missing = 0
        """One bit per user topic whose RECEIPT has not come."""
        self.due_ns = 0
        """When the start of the user session was due."""
        self.written_ns = 0
        """When that start was asked for."""
        self.lost_at_ns = 0
        """When the connection was lost that is now being replaced; 0: it is the first."""

    @property
    def is_active(self) -> bool:
        """Whether the user session is active, so that a chat session may start."""
        return self.state is State.ACTIVE

    @property
    def is_subscribed(self) -> bool:
        """Whether the topics of the user are subscribed, so that frames about topics may go out."""
        return self.state in (State.SUBSCRIBING, State.ACTIVE)

    @property
    def may_start(self) -> bool:
        """Whether the user session can be started: it never was, or it has ended."""
        return self.state in (State.IDLE, State.ENDED)

    def chat_session_in(self, channel: int) -> ChatSession | None:
        """Return the open chat session in a channel, if there is one."""
        for chat_session in self.chat_sessions.values():
            if chat_session.links.id == channel:
                return chat_session
        return None

    def number_of_id(self, identifier: bytes) -> int | None:
        """Return the number in an id that this device gave out, else None."""
        return number_of_id(identifier, self.wire_prefix)

    def write(self, frame: bytes) -> None:
        """Have one STOMP frame written when the present call ends."""
        if self.connection is not None:
            self.connection.write(frame)

    def flush(self) -> None:
        """Hand what was gathered to the link, in one piece."""
        if self.connection is not None:
            self.connection.flush()

    def write_subscribes(self, number: int, destinations: Iterable[str]) -> None:
        """Write SUBSCRIBE of topics with consecutive numbers, each with a receipt."""
        if self.connection is not None:
            prefix = self.wire_prefix
            self.connection.write_all(
                _SUBSCRIBE % (prefix, each, prefix, each, header_value(destination))
                for each, destination in enumerate(destinations, number)
            )

    def write_subscribe_bare(self, number: int, destination: str, parameters: bytes = b"") -> None:
        """Write SUBSCRIBE without a receipt: of a relay, or of the errors queue.

        ``parameters`` are the header lines that a relay may have before its id.
        """
        wanted = header_value(destination)
        self.write(_SUBSCRIBE_BARE % (parameters, self.wire_prefix, number, wanted))

    def write_unsubscribe(self, number: int) -> None:
        """Write UNSUBSCRIBE."""
        self.write(b"UNSUBSCRIBE\nid:subscription-id-%b%012x\n\n\0" % (self.wire_prefix, number))

    def tell_listener(self, now_ns: int) -> None:
        """Tell the listener, if there is one, that the user session changed."""
        if self.listener is not None:
            self.listener.user_session_changed(self, now_ns)


def _check_credentials(username: str, auth_params: str | None) -> None:
    if not username or _UNWRITABLE.search(username):
        raise UsageError(
            f"the user name is {username!r}; it must be text without line ends and NULs, not empty"
        )
    try:
        (auth_params or "").encode("latin-1")
    except UnicodeEncodeError as error:
        # The parameters themselves are a secret.
        raise UsageError(
            f"the auth params of {username!r} hold U+{ord(error.object[error.start]):04X}; the SDK "
            "takes characters up to U+00FF only"
        ) from None
