"""One device as the server sees it: its socket, its user, what it subscribed.

Only state, and sending; what a frame means is the gateway's. The socket is a protocol, so that
everything behind it runs without one.
"""

from enum import Enum, auto
from typing import Protocol

from loadtest.chat.dialect import DIALECT_2, Dialect
from loadtest.server.state.store import User
from loadtest.wire.stomp import HEART_BEAT, Frame, FrameParser

__all__ = ["Connection", "ConnectionState", "Socket", "Subscription"]

_ACK = b"ACK\n"
_CHANNEL_TOPIC = "channels/"
_NUL = b"\0"


class Socket(Protocol):
    """The way to one device."""

    @property
    def is_open(self) -> bool:
        """Whether ``send`` would take something."""

    def send(self, data: bytes) -> bool:
        """Hand over one frame without waiting; False if the way is closed."""

    def close(self) -> None:
        """Close after everything that was handed over."""

    def abort(self) -> None:
        """Close at once and drop what was not written."""


class ConnectionState(Enum):
    """Where a connection is between its opening and its loss."""

    CONNECTING = auto()
    """Waits for CONNECT."""
    ACTIVE = auto()
    """Has a user session."""
    ENDED = auto()
    """Was disconnected or refused; waits for the socket to close."""


class Subscription:
    """One SUBSCRIBE of one connection to one topic."""

    __slots__ = (
        "connection",
        "destination",
        "head",
        "id",
        "is_ended",
        "is_in_channel",
        "topic",
        "wants_ack",
    )

    def __init__(
        self,
        subscription_id: str,
        connection: "Connection",
        destination: str,
        topic: str,
        *,
        wants_ack: bool,
    ) -> None:
        self.id = subscription_id
        self.connection = connection
        self.destination = destination
        """The destination as the device spelled it."""
        self.topic = topic
        """The destination without prefix and dialect."""
        self.is_in_channel = topic.startswith(_CHANNEL_TOPIC)
        """Whether the topic is a channel's, and not a user's or a thread's."""
        self.wants_ack = wants_ack
        self.is_ended = False
        """Whether it was ended; a fault may let it go on for a while."""
        self.head: bytes | None = None
        """What all its MESSAGE frames begin with; made by the first one."""

    @property
    def is_current(self) -> bool:
        """Whether it was not ended, by its device or by the server."""
        return self.connection.subscriptions.get(self.id) is self


class Connection:
    """State of one connection."""

    __slots__ = (
        "api_key",
        "chat_sessions",
        "dialect",
        "errors_subscription",
        "expects_every_ns",
        "heard_ns",
        "is_between_frames",
        "knows_dialect",
        "parser",
        "sends_every_ns",
        "socket",
        "state",
        "subscriptions",
        "user_or_none",
    )

    def __init__(self, socket: Socket, api_key: str | None, max_frame_bytes: int) -> None:
        self.socket = socket
        self.api_key = api_key
        self.parser = FrameParser(max_frame_bytes=max_frame_bytes)
        self.is_between_frames = True
        """Whether all bytes so far were whole frames; False where that is not sure."""
        self.state = ConnectionState.CONNECTING
        self.user_or_none: User | None = None
        self.dialect: Dialect = DIALECT_2
        self.knows_dialect = False
        self.subscriptions: dict[str, Subscription] = {}
        self.errors_subscription: str | None = None
        self.chat_sessions: dict[int, int] = {}
        """Subscriptions to the ``self`` topic of each channel by its id; none is 0."""
        self.heard_ns = 0
        self.sends_every_ns = 0
        """Period of our heart-beats; 0 is never."""
        self.expects_every_ns = 0
        """Period in which the device promised to send something; 0 is no promise."""

    @property
    def user(self) -> User:
        """The user of this connection, which must have been connected."""
        assert self.user_or_none is not None, "no frame but CONNECT is taken before the user is set"
        return self.user_or_none

    def is_lone_ack(self, data: bytes) -> bool:
        """Tell whether these bytes are one ACK, which is only counted.

        The hot path: a device sends one for every delivery, and parsing it would cost a quarter of
        all the server's work.
        """
        return (
            data.startswith(_ACK)
            and self.is_between_frames
            and data.find(_NUL) == len(data) - len(_NUL)
        )

    def feed(self, data: bytes) -> list[Frame | None]:
        """Return the frames that these bytes complete, as the parser does.

        Raises:
            RemoteProtocolError: The bytes are not STOMP.
        """
        frames = self.parser.feed(data)
        if data != HEART_BEAT:
            # Each frame ends in a NUL of this piece; a NUL beyond those is in an unfinished body.
            count = sum(frame is not None for frame in frames)
            self.is_between_frames = data.endswith(_NUL) and data.count(_NUL) == count
        return frames

    def speaks(self, dialect: Dialect) -> None:
        """Learn the dialect from the first destination that tells it."""
        if not self.knows_dialect:
            self.dialect = dialect
            self.knows_dialect = True

    def subscriptions_to(self, topic: str) -> list[Subscription]:
        """Return this connection's own subscriptions to a topic."""
        return [found for found in self.subscriptions.values() if found.topic == topic]
