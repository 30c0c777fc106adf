"""Events on their way: what is told, and which copy of it completes an action.

An event is rendered late and once per dialect, so that publishing to nobody costs
nothing and publishing to thousands costs one body.
"""

from collections.abc import Callable

from loadtest.chat.dialect import Dialect
from loadtest.server.events.connection import Connection
from loadtest.server.events.rendering import RENDERERS, Renderer
from loadtest.server.state.store import Message, StoredChannel, User
from loadtest.wire.stomp import encode

__all__ = [
    "CONTENT_TYPE",
    "Completion",
    "Publication",
    "envelope",
    "publication_of_channel",
    "publication_of_message",
    "publication_of_user",
]

CONTENT_TYPE = "application/json;charset=UTF-8"

_RECEIPT = b"RECEIPT\n"
# What `encode` puts after the last header of a frame without a body.
_END_OF_HEAD = b"\n\0"


def envelope(body_type: str, resource: bytes) -> bytes:
    """Return the body of an answer or of an event."""
    return b'{"type":"%b","version":"v1","resource":%b}' % (body_type.encode(), resource)


class Publication:
    """One event, rendered when and for whom it is needed."""

    __slots__ = ("_render", "_tails", "is_spurious", "type")

    def __init__(
        self, event_type: str, render: Callable[[Renderer], bytes], *, is_spurious: bool = False
    ) -> None:
        self.type = event_type
        self.is_spurious = is_spurious
        """Whether it is itself an injected fault, which has no others."""
        self._render = render
        self._tails: dict[int, bytes] = {}

    def tail(self, dialect: Dialect) -> bytes:
        """Return what all its MESSAGE frames of one dialect end with: size, body, NUL."""
        tail = self._tails.get(dialect.number)
        if tail is None:
            body = envelope(self.type, self._render(RENDERERS[dialect.number]))
            tail = self._tails[dialect.number] = b"content-length:%d\n\n%b\0" % (len(body), body)
        return tail


class Completion:
    """The end of one action: the copy of an event that carries the action's receipt id."""

    __slots__ = ("connection", "is_done", "receipt_id")

    def __init__(self, connection: Connection, receipt_id: str | None) -> None:
        self.connection = connection
        self.receipt_id = receipt_id
        self.is_done = receipt_id is None

    def header_for(self, connection: Connection) -> bytes:
        """Return the header line that completes the action, on its first copy for the actor.

        All other copies get an empty one.
        """
        if self.is_done or connection is not self.connection:
            return b""
        assert self.receipt_id is not None, "an action without a receipt is done from the start"
        self.is_done = True
        head = encode("RECEIPT", (("receipt-id", self.receipt_id),))
        return head[len(_RECEIPT) : -len(_END_OF_HEAD)]


def publication_of_user(event_type: str, user: User) -> Publication:
    """Return an event whose resource is a User."""
    return Publication(event_type, lambda renderer: renderer.user(user))


def publication_of_message(event_type: str, message: Message) -> Publication:
    """Return an event whose resource is a Message."""
    return Publication(event_type, lambda renderer: renderer.message(message))


def publication_of_channel(
    event_type: str, channel: StoredChannel, *, for_member: bool = True
) -> Publication:
    """Return an event whose resource is a Channel."""
    return Publication(
        event_type, lambda renderer: renderer.channel(channel, for_member=for_member)
    )
