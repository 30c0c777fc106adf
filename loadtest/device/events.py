"""What each topic brings, and what is told of it.

One rule per topic: it decodes the few fields that the observation needs and calls the observer;
then the listener hears the event, if whoever subscribed the topic still wants it. An event that
nothing here explains is told as such, never dropped: among them one whose body cannot be read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from loadtest.chat.correlation import Mark, key_of_keystrokes
from loadtest.chat.dialect import DIALECTS, Dialect
from loadtest.chat.resources import (
    KeystrokesEvent,
    LinkedEvent,
    MessageBrief,
    MessageEvent,
    NotificationEvent,
    ReadReceiptEvent,
    SubjectEvent,
    decode,
    relayed_message,
    type_of,
)
from loadtest.device.chat_sessions import ChatSession
from loadtest.device.core import DeviceCore
from loadtest.device.counts import changes_counts, relay_counts
from loadtest.device.numbers import TOPIC_MASK, session_number
from loadtest.device.pending import Outcome, Pending
from loadtest.errors import RemoteProtocolError
from loadtest.observations import Action, ChatEvent

__all__ = ["receive_chat_event", "receive_user_event"]

_UNREADABLE = "unreadable"
# Plain strings: to look a member up in its enum costs more than to compare it.
_MESSAGE_CREATED = str(ChatEvent.MESSAGE_CREATED)
_MESSAGE_UPDATED = str(ChatEvent.MESSAGE_UPDATED)
_READ_RECEIPTS = "readReceipts"
# Events whose handler gets a message besides, and the key of the link to it; a read receipt is one
# too, and has its own way.
_LINKS_TO_RELAY = {
    _MESSAGE_CREATED: b'"parent"',
    "message.reaction.created": b'"message"',
    "message.reaction.removed": b'"message"',
}

_message_decoder = msgspec.json.Decoder(MessageEvent)
_keystrokes_decoder = msgspec.json.Decoder(KeystrokesEvent)
_subject_decoder = msgspec.json.Decoder(SubjectEvent)
_linked_decoder = msgspec.json.Decoder(LinkedEvent)
_receipt_decoder = msgspec.json.Decoder(ReadReceiptEvent)
_notification_decoder = msgspec.json.Decoder(NotificationEvent)

# Told by the id of their resource, whichever topic brings them.
_SUBJECT_EVENTS = {
    str(event): event
    for event in (
        ChatEvent.TYPING_STARTED,
        ChatEvent.TYPING_STOPPED,
        ChatEvent.PARTICIPANT_ENTERED,
        ChatEvent.PARTICIPANT_LEFT,
        ChatEvent.PRESENCE_CHANGED,
        ChatEvent.CHANNEL_UPDATED,
    )
}

Rule = Callable[[DeviceCore, int, bytes, int], str]
"""Tells the observer of one event, and returns the event's type.

It is given the device, the number of the chat session (0: none), the body and the instant.
"""


# --- topics of a channel ----------------------------------------------------------------------


def receive_chat_event(
    device: DeviceCore, ordinal: int, index: int, body: bytes, now_ns: int
) -> bool:
    """Take one event of a channel's topic; return whether its chat session is open.

    An event of a chat session that was ended a moment ago was in flight: it is observed, but no
    handler hears it and it is not acknowledged, as in the SDK.
    """
    chat_session = device.chat_sessions.by_ordinal.get(ordinal)
    rule = _CHAT_RULES_BY_INDEX[device.fleet.settings.dialect.number][index]
    if rule is None:
        _receive_read_receipt(device, ordinal, chat_session, body, now_ns)
        return chat_session is not None
    number = session_number(device.number, ordinal)
    try:
        event = rule(device, number, body, now_ns)
    except RemoteProtocolError:
        event = _unreadable(device, number, now_ns)
    if chat_session is None:
        return False
    link = _LINKS_TO_RELAY.get(event)
    # A look at the bytes first: most messages are no replies.
    if link is not None and link in body and event in chat_session.handled:
        relayed = _relay_link(event, body)
        if relayed is not None:
            wait = _Relayed(device, chat_session, event, body)
            device.pending.relay(relayed, Pending(Action.RELAY, now_ns, now_ns, wait.answered))
            return True
    if event and device.listener is not None:
        device.listener.chat_event(device, chat_session, event, body, now_ns)
    return True


def _unreadable(device: DeviceCore, number: int, now_ns: int) -> str:
    """Tell the observer of an event whose body cannot be read; it has no type."""
    device.fleet.observer.event_unexplained(_UNREADABLE, device.number, number, now_ns)
    return ""


def _message(device: DeviceCore, number: int, body: bytes, now_ns: int) -> str:
    event = decode(_message_decoder, body)
    observer = device.fleet.observer
    if event.type == _MESSAGE_CREATED:
        mark = _own_mark(device, event.resource)
        if mark is not None:
            observer.message_delivered(number, mark.key, event.resource.id, now_ns)
            return _MESSAGE_CREATED
    elif event.type == _MESSAGE_UPDATED:
        observer.event_delivered(ChatEvent.MESSAGE_UPDATED, number, event.resource.id, now_ns)
        return event.type
    observer.event_unexplained(event.type, device.number, number, now_ns)
    return event.type


def _own_mark(device: DeviceCore, message: MessageBrief) -> Mark | None:
    """Return the mark of a message of this run, None if it is somebody else's."""
    properties = message.properties
    mark = properties.loadtest if properties is not None else None
    return mark if mark is not None and mark.run == device.fleet.run else None


def _keystrokes(device: DeviceCore, number: int, body: bytes, now_ns: int) -> str:
    event = decode(_keystrokes_decoder, body)
    key = key_of_keystrokes(event.resource.keys, device.fleet.run)
    if key is not None and event.type == ChatEvent.KEYSTROKES_CREATED:
        device.fleet.observer.keystrokes_delivered(number, key, now_ns)
    else:
        device.fleet.observer.event_unexplained(event.type, device.number, number, now_ns)
    return event.type


def _subject(device: DeviceCore, number: int, body: bytes, now_ns: int) -> str:
    event = decode(_subject_decoder, body)
    known = _SUBJECT_EVENTS.get(event.type)
    if known is not None:
        device.fleet.observer.event_delivered(known, number, event.resource.id, now_ns)
    else:
        device.fleet.observer.event_unexplained(event.type, device.number, number, now_ns)
    return event.type


def _other(device: DeviceCore, _number: int, body: bytes, now_ns: int) -> str:
    event = type_of(body)
    device.fleet.observer.event_counted(event, device.number, now_ns)
    return event


_CHAT_RULES: dict[str, Rule] = {
    "self": _subject,
    "messages": _message,
    "keystrokes": _keystrokes,
    "typing": _subject,
    "participants": _subject,
}


def _rules_by_index(dialect: Dialect) -> tuple[Rule | None, ...]:
    """Return the rule of each topic's index, None for read receipts, which have their own way."""
    names = (*dialect.channel_topics, *[""] * (TOPIC_MASK + 1 - len(dialect.channel_topics)))
    return tuple(
        None if name == _READ_RECEIPTS else _CHAT_RULES.get(name, _other) for name in names
    )


# Once per dialect, not once per event.
_CHAT_RULES_BY_INDEX = {number: _rules_by_index(dialect) for number, dialect in DIALECTS.items()}


# --- events with a relay ----------------------------------------------------------------------


def _relay_link(event: str, body: bytes) -> str | None:
    """Return what the SDK relays before it calls the handler of an event, if anything."""
    try:
        links = decode(_linked_decoder, body).resource.relays
    except RemoteProtocolError:
        return None
    return links.parent if event == _MESSAGE_CREATED else links.message


@dataclass(frozen=True, slots=True)
class _Relayed:
    """An event whose handler waits for the relay of a message; if that fails, nobody hears it."""

    device: DeviceCore
    chat_session: ChatSession
    event: str
    body: bytes

    def answered(self, outcome: Outcome, now_ns: int) -> None:
        """Take the message, or the failure to read it."""
        listener = self.device.listener
        if listener is not None and outcome.is_ok:
            listener.relayed_event(
                self.device, self.chat_session, self.event, self.body, outcome.body, now_ns
            )


# --- read receipts ----------------------------------------------------------------------------


def _receive_read_receipt(
    device: DeviceCore,
    ordinal: int,
    chat_session: ChatSession | None,
    body: bytes,
    now_ns: int,
) -> None:
    """Take one event of the topic of read receipts.

    A receipt names its message by a link alone. If nobody in this worker has met that link, the
    answer to the relay tells which message was read; the instant stays that of the receipt.
    """
    observer = device.fleet.observer
    number = session_number(device.number, ordinal)
    try:
        event = decode(_receipt_decoder, body)
    except RemoteProtocolError:
        observer.event_unexplained(_UNREADABLE, device.number, number, now_ns)
        return
    if event.type != ChatEvent.MESSAGE_READ:
        observer.event_unexplained(event.type, device.number, number, now_ns)
        if chat_session is not None and device.listener is not None:
            device.listener.chat_event(device, chat_session, event.type, body, now_ns)
        return
    receipt = event.resource
    message = device.fleet.message_of_link(receipt.relays.message)
    if message is not None:
        observer.read_receipt_delivered(number, message, receipt.user.id, now_ns)
    if chat_session is not None and event.type in chat_session.handled:
        wait = _RelayedReceipt(
            device, chat_session, body, now_ns, is_identified=message is not None
        )
        link = receipt.relays.message
        device.pending.relay(link, Pending(Action.RELAY, now_ns, now_ns, wait.answered))
    elif message is None:
        observer.event_unexplained(event.type, device.number, number, now_ns)


@dataclass(frozen=True, slots=True)
class _RelayedReceipt:
    """A read receipt whose message is being read, as the SDK does for each that has a handler."""

    device: DeviceCore
    chat_session: ChatSession
    body: bytes
    arrived_ns: int
    is_identified: bool
    """Whether the observer has been told already which message was read."""

    def answered(self, outcome: Outcome, now_ns: int) -> None:
        """Take the message, or the failure to read it."""
        device = self.device
        if not self.is_identified and not self._identify(outcome):
            device.fleet.observer.event_unexplained(
                ChatEvent.MESSAGE_READ, device.number, self.chat_session.number, self.arrived_ns
            )
        if device.listener is not None and outcome.is_ok:
            device.listener.relayed_event(
                device, self.chat_session, ChatEvent.MESSAGE_READ, self.body, outcome.body, now_ns
            )

    def _identify(self, outcome: Outcome) -> bool:
        """Tell the observer which message was read; return whether the answer says that."""
        if not outcome.is_ok:
            return False
        try:
            message = relayed_message(outcome.body).id
        except RemoteProtocolError:
            return False
        fleet = self.device.fleet
        receipt = decode(_receipt_decoder, self.body).resource
        fleet.learn_message_link(receipt.relays.message, message)
        fleet.observer.read_receipt_delivered(
            self.chat_session.number, message, receipt.user.id, self.arrived_ns
        )
        return True


# --- topics of the user -----------------------------------------------------------------------


def receive_user_event(device: DeviceCore, index: int, body: bytes, now_ns: int) -> bool:
    """Take one event of the user's own topics; return whether they are still subscribed.

    An event that was in flight when they ended is observed, and that is all.
    """
    names = device.fleet.settings.dialect.user_topics
    rule = _USER_RULES.get(names[index], _other) if index < len(names) else _other
    try:
        event = rule(device, 0, body, now_ns)
    except RemoteProtocolError:
        event = _unreadable(device, 0, now_ns)
    if not device.is_subscribed:
        return False
    if device.count_links and changes_counts(event, body):
        relay_counts(device, now_ns)
    if event and device.listener is not None:
        device.listener.user_event(device, event, body, now_ns)
    return True


def _notification(device: DeviceCore, _number: int, body: bytes, now_ns: int) -> str:
    event = decode(_notification_decoder, body)
    message = event.resource.data.message
    channel = event.resource.channel
    if event.type == ChatEvent.NOTIFICATION_CREATED and message is not None:
        channel_id = channel.id if channel is not None else 0
        mark = _own_mark(device, message)
        device.fleet.observer.notification_delivered(
            device.number, channel_id, message.id, mark.key if mark is not None else 0, now_ns
        )
    else:
        device.fleet.observer.event_unexplained(event.type, device.number, 0, now_ns)
    return event.type


def _own_message(device: DeviceCore, _number: int, body: bytes, now_ns: int) -> str:
    event = decode(_message_decoder, body)
    mark = _own_mark(device, event.resource)
    if mark is not None:
        device.fleet.observer.message_identified(mark.key, event.resource.id, now_ns)
    device.fleet.observer.event_counted(event.type, device.number, now_ns)
    return event.type


_USER_RULES: dict[str, Rule] = {
    "notifications": _notification,
    "messages": _own_message,
}
