"""What an observation needs of the body of an event: a few fields, read by the rule of its topic.

``Facts`` are a plain tuple, so that a compiled reader can make the same: the event's type, then, as
far as the rule of the topic knows them,

* its subject: the id of a message, a user or a channel; None where there is none
* the key in the mark of this run, None if it carries none
* the id of the other party: the channel of a notification, the reader of a read receipt
* the link of a message to relay: the parent of a reply that was created, the message of a read
  receipt

The decoders here decide what can be read. Whoever reads faster must say the same, or nothing.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum

import msgspec

from loadtest.chat.correlation import Mark, key_of_keystrokes
from loadtest.chat.dialect import Dialect
from loadtest.chat.resources import (
    KeystrokesEvent,
    LinkedEvent,
    MessageEvent,
    NotificationEvent,
    ReadReceiptEvent,
    SubjectEvent,
    decode,
    type_of,
)
from loadtest.device.numbers import TOPIC_MASK
from loadtest.errors import RemoteProtocolError
from loadtest.observations import ChatEvent

__all__ = ["Facts", "Rule", "channel_rules", "facts_of", "linked_message", "user_rules"]

Facts = tuple[str, int | None, int | None, int, str | None]
"""Type, subject, key, other party, link to relay."""


class Rule(IntEnum):
    """How the body of an event is read; a compiled reader knows these numbers, too."""

    OTHER = 0
    """Its type only."""
    SUBJECT = 1
    MESSAGE = 2
    KEYSTROKES = 3
    READ_RECEIPT = 4
    NOTIFICATION = 5


_CHANNEL_RULES = {
    "self": Rule.SUBJECT,
    "messages": Rule.MESSAGE,
    "keystrokes": Rule.KEYSTROKES,
    "typing": Rule.SUBJECT,
    "participants": Rule.SUBJECT,
    "readReceipts": Rule.READ_RECEIPT,
}
_USER_RULES = {"messages": Rule.MESSAGE, "notifications": Rule.NOTIFICATION}
# A plain string: to look a member up in its enum costs more than to compare it.
_MESSAGE_CREATED = str(ChatEvent.MESSAGE_CREATED)
_PARENT = b'"parent"'

_message_decoder = msgspec.json.Decoder(MessageEvent)
_keystrokes_decoder = msgspec.json.Decoder(KeystrokesEvent)
_subject_decoder = msgspec.json.Decoder(SubjectEvent)
_linked_decoder = msgspec.json.Decoder(LinkedEvent)
_receipt_decoder = msgspec.json.Decoder(ReadReceiptEvent)
_notification_decoder = msgspec.json.Decoder(NotificationEvent)


def channel_rules(dialect: Dialect) -> bytes:
    """Return the rule of each topic of a channel, by its index."""
    return _by_index(dialect.channel_topics, _CHANNEL_RULES)


def user_rules(dialect: Dialect) -> bytes:
    """Return the rule of each topic of a user, by its index."""
    return _by_index(dialect.user_topics, _USER_RULES)


def _by_index(topics: Sequence[str], rules: dict[str, Rule]) -> bytes:
    # Also for indexes that no topic of ours has: the id of a subscription may hold any.
    known = [rules.get(name, Rule.OTHER) for name in topics]
    return bytes(known).ljust(TOPIC_MASK + 1, bytes((Rule.OTHER,)))


def facts_of(rule: int, body: bytes, run: str) -> Facts | None:
    """Return what ``body`` says, None if it cannot be read; marks are those of ``run``."""
    try:
        return _READ[rule](body, run)
    except RemoteProtocolError:
        return None


def linked_message(body: bytes) -> str | None:
    """Return the link of an event's resource, such as a reaction, to the message it is about."""
    links = _links(body)
    return links[1] if links is not None else None


def _links(body: bytes) -> tuple[str | None, str | None] | None:
    try:
        relays = decode(_linked_decoder, body).resource.relays
    except RemoteProtocolError:
        return None
    return relays.parent, relays.message


def _own_key(mark: Mark | None, run: str) -> int | None:
    return mark.key if mark is not None and mark.run == run else None


def _other(body: bytes, _run: str) -> Facts:
    return type_of(body), None, None, 0, None


def _subject(body: bytes, _run: str) -> Facts:
    event = decode(_subject_decoder, body)
    return event.type, event.resource.id, None, 0, None


def _message(body: bytes, run: str) -> Facts:
    event = decode(_message_decoder, body)
    message = event.resource
    properties = message.properties
    key = _own_key(properties.loadtest, run) if properties is not None else None
    link = None
    # A look at the bytes first: most messages are no replies.
    if event.type == _MESSAGE_CREATED and _PARENT in body:
        links = _links(body)
        link = links[0] if links is not None else None
    return event.type, message.id, key, 0, link


def _keystrokes(body: bytes, run: str) -> Facts:
    event = decode(_keystrokes_decoder, body)
    return event.type, None, key_of_keystrokes(event.resource.keys, run), 0, None


def _read_receipt(body: bytes, _run: str) -> Facts:
    event = decode(_receipt_decoder, body)
    receipt = event.resource
    return event.type, None, None, receipt.user.id, receipt.relays.message


def _notification(body: bytes, run: str) -> Facts:
    event = decode(_notification_decoder, body)
    message, channel = event.resource.data.message, event.resource.channel
    channel_id = channel.id if channel is not None else 0
    if message is None:
        return event.type, None, None, channel_id, None
    properties = message.properties
    key = _own_key(properties.loadtest, run) if properties is not None else None
    return event.type, message.id, key, channel_id, None


_READ: tuple[Callable[[bytes, str], Facts], ...] = (
    _other,
    _subject,
    _message,
    _keystrokes,
    _read_receipt,
    _notification,
)
"""By the number of the rule."""
