"""What a device reads from JSON bodies: only the fields it uses, typed.

A decoder of ``msgspec`` walks the body once and builds nothing but the named fields, at a third of
the cost of a full decode; a body that lacks one of them is the peer's fault and raises
``RemoteProtocolError``. Links stay opaque strings.
"""

from typing import TypeVar

import msgspec

from loadtest.chat.correlation import Mark
from loadtest.errors import RemoteProtocolError

__all__ = [
    "ChannelLinks",
    "ChannelPage",
    "ChannelResource",
    "CurrentUserResource",
    "ErrorBody",
    "KeystrokesEvent",
    "LinkedEvent",
    "ListedChannel",
    "MessageBrief",
    "MessageEvent",
    "MessageLinks",
    "NotificationEvent",
    "ReadReceiptEvent",
    "SubjectEvent",
    "decode",
    "relayed_channel",
    "relayed_channel_page",
    "relayed_current_user",
    "relayed_message",
    "resource_of",
    "type_of",
]


class _Marked(msgspec.Struct, gc=False):
    loadtest: Mark | None = None


class MessageBrief(msgspec.Struct, gc=False):
    """A message as far as it is recognised: in its own events and in notifications."""

    id: int
    properties: _Marked | None = None


class MessageEvent(msgspec.Struct, gc=False):
    """``channel.message.created`` and ``.updated``, as far as the ledger needs them."""

    type: str
    resource: MessageBrief


class _Subject(msgspec.Struct, gc=False):
    id: int


class SubjectEvent(msgspec.Struct, gc=False):
    """An event whose resource is known by its id: users, channels."""

    type: str
    resource: _Subject


class _Keystrokes(msgspec.Struct, gc=False):
    keys: str


class KeystrokesEvent(msgspec.Struct, gc=False):
    """``thread.keystrokes.created``."""

    type: str
    resource: _Keystrokes


class _ReceiptLinks(msgspec.Struct, gc=False):
    message: str


class _ReadReceipt(msgspec.Struct, gc=False):
    user: _Subject
    relays: _ReceiptLinks = msgspec.field(name="_relays")


class ReadReceiptEvent(msgspec.Struct, gc=False):
    """``message.read_receipt.created`` and ``.deleted``."""

    type: str
    resource: _ReadReceipt


class _RelayLinks(msgspec.Struct, gc=False):
    parent: str | None = None
    message: str | None = None


class _Linked(msgspec.Struct, gc=False):
    relays: _RelayLinks = msgspec.field(name="_relays")


class LinkedEvent(msgspec.Struct, gc=False):
    """An event of a resource that may link to a message: a reply to its parent, a reaction."""

    resource: _Linked


class _NotificationData(msgspec.Struct, gc=False):
    type: str
    message: MessageBrief | None = None


class _ChannelBrief(msgspec.Struct, gc=False):
    id: int


class _Notification(msgspec.Struct, gc=False):
    data: _NotificationData
    channel: _ChannelBrief | None = None


class NotificationEvent(msgspec.Struct, gc=False):
    """``user.notification.created``."""

    type: str
    resource: _Notification


class CurrentUserResource(msgspec.Struct, gc=False):
    """The links of the current user that a device keeps."""

    id: int
    name: str
    topics: dict[str, str] = msgspec.field(name="_topics")
    actions: dict[str, str] = msgspec.field(name="_actions")
    relays: dict[str, str] = msgspec.field(name="_relays")


class ChannelResource(msgspec.Struct, gc=False):
    """The links of a channel that a device keeps."""

    id: int
    type: str
    topics: dict[str, str] = msgspec.field(name="_topics")
    actions: dict[str, str] = msgspec.field(name="_actions")
    relays: dict[str, str] = msgspec.field(name="_relays")
    name: str = ""


class _Member(msgspec.Struct, gc=False):
    name: str


class ListedChannel(msgspec.Struct, gc=False):
    """A channel in a list, as far as it is recognised by it."""

    id: int
    type: str
    name: str = ""
    members: list[_Member] = []
    """Only a direct channel tells them."""


class _ChannelList(msgspec.Struct, gc=False):
    channels: list[ListedChannel] = []


class _PageLinks(msgspec.Struct, gc=False):
    next: str = ""


class ChannelPage(msgspec.Struct, gc=False):
    """A page of a list of channels, and the relay of the next one."""

    embedded: _ChannelList = msgspec.field(name="_embedded", default_factory=_ChannelList)
    relays: _PageLinks = msgspec.field(name="_relays", default_factory=_PageLinks)


class _MessageActions(msgspec.Struct, gc=False):
    read: str
    edit: str
    reply: str
    react: str


class _MessageRelays(msgspec.Struct, gc=False):
    self_: str = msgspec.field(name="self")


class MessageLinks(msgspec.Struct, gc=False):
    """The links of a message that a device acts on."""

    id: int
    channel: int = msgspec.field(name="channelId")
    actions: _MessageActions = msgspec.field(name="_actions")
    relays: _MessageRelays = msgspec.field(name="_relays")
    user: _Subject | None = None
    """The author; a system message has none."""


class ChannelLinks(msgspec.Struct, gc=False):
    """One channel as all devices of a worker share it: topics in order of subscription.

    ``resource`` is the JSON of the whole channel: an update sends all of it back.
    """

    id: int
    name: str
    topics: tuple[str, ...]
    actions: dict[str, str]
    resource: bytes


class ErrorBody(msgspec.Struct, gc=False):
    """The body of an ERROR frame or of a message on the errors queue."""

    error: str = "UnknownChatKittyError"
    message: str = ""
    cool_off_duration: str | None = msgspec.field(name="coolOffDuration", default=None)


class _Type(msgspec.Struct, gc=False):
    type: str


class _Raw(msgspec.Struct, gc=False):
    resource: msgspec.Raw


T = TypeVar("T")

_type_decoder = msgspec.json.Decoder(_Type)
_raw_decoder = msgspec.json.Decoder(_Raw)
_current_user_decoder = msgspec.json.Decoder(CurrentUserResource)
_channel_decoder = msgspec.json.Decoder(ChannelResource)
_channel_page_decoder = msgspec.json.Decoder(ChannelPage)
_message_decoder = msgspec.json.Decoder(MessageLinks)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode ``body``.

    Raises:
        RemoteProtocolError: The body is not JSON, or lacks a field that a client needs.
    """
    try:
        return decoder.decode(body)
    # The other two: text that is not UTF-8 in a binary WebSocket message, and nesting without end.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        excerpt = body[:80].decode("utf-8", "replace")
        raise RemoteProtocolError(f"body {excerpt!r} cannot be used: {error}") from error


def type_of(body: bytes) -> str:
    """Return the event type in ``body``, which is read as far as it is needed."""
    return decode(_type_decoder, body).type


def resource_of(body: bytes) -> bytes:
    """Return the JSON of ``resource`` in the body of a relay's answer or of an event."""
    return bytes(decode(_raw_decoder, body).resource)


def relayed_current_user(body: bytes) -> CurrentUserResource:
    """Decode the answer to the relay of the current user."""
    return decode(_current_user_decoder, resource_of(body))


def relayed_message(body: bytes) -> MessageLinks:
    """Decode a message with its links, from a relay's answer or from an event."""
    return decode(_message_decoder, resource_of(body))


def relayed_channel(body: bytes) -> tuple[ChannelResource, bytes]:
    """Decode a channel, from a relay's answer or from an event, and return its JSON, too."""
    resource = resource_of(body)
    return decode(_channel_decoder, resource), resource


def relayed_channel_page(body: bytes) -> ChannelPage:
    """Decode a page of a list of channels, from a relay's answer."""
    return decode(_channel_page_decoder, resource_of(body))
