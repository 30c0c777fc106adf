"""What each topic brings, and what is told of it.

The reader has read what an observation needs of an event, by the rule of its topic; here the
observer is told, by the same rule, and then the listener, if whoever subscribed the topic still
wants it. An event that nothing here explains is told as such, never dropped: among them one whose
body cannot be read.
"""

from collections.abc import Callable
from dataclasses import dataclass

from loadtest.chat.resources import relayed_message
from loadtest.device.chat_sessions import ChatSession
from loadtest.device.core import DeviceCore
from loadtest.device.counts import changes_counts, relay_counts
from loadtest.device.facts import Facts, Rule, linked_message
from loadtest.device.numbers import TOPIC_BITS, TOPIC_MASK, session_number
from loadtest.device.pending import Outcome, Pending
from loadtest.device.reader import Event, body_of
from loadtest.errors import RemoteProtocolError
from loadtest.observations import Action, ChatEvent

__all__ = ["receive_chat_event", "receive_user_event"]

_UNREADABLE = "unreadable"
# Plain strings and integers: to look a member up in its enum costs more than to compare it.
_MESSAGE_CREATED = str(ChatEvent.MESSAGE_CREATED)
_MESSAGE_UPDATED = str(ChatEvent.MESSAGE_UPDATED)
_KEYSTROKES_CREATED = str(ChatEvent.KEYSTROKES_CREATED)
_MESSAGE_READ = str(ChatEvent.MESSAGE_READ)
_NOTIFICATION_CREATED = str(ChatEvent.NOTIFICATION_CREATED)
_READ_RECEIPT = int(Rule.READ_RECEIPT)
# Their handler also gets the message that a reaction is about, as that of a read receipt does.
_REACTIONS = frozenset({"message.reaction.created", "message.reaction.removed"})

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

Tell = Callable[[DeviceCore, int, Facts, int], None]
"""Tells the observer of one event: device, number of the chat session (0: none), facts, instant."""


# --- topics of a channel ----------------------------------------------------------------------


def receive_chat_event(device: DeviceCore, event: Event, now_ns: int) -> bool:
    """Take one event of a channel's topic; return whether its chat session is open.

    An event of a chat session that was ended a moment ago was in flight: it is observed, but no
    handler hears it and it is not acknowledged, as in the SDK.
    """
    number, facts = event[1], event[2]
    ordinal = number >> TOPIC_BITS
    chat_session = device.chat_sessions.by_ordinal.get(ordinal)
    if chat_session is not None:
        session = chat_session.number
    else:
        session = session_number(device.number, ordinal)
    if facts is None:
        device.fleet.observer.event_unexplained(_UNREADABLE, device.number, session, now_ns)
        return chat_session is not None
    rule = device.fleet.channel_rules[number & TOPIC_MASK]
    if rule == _READ_RECEIPT:
        _receive_read_receipt(device, chat_session, session, event, facts, now_ns)
        return chat_session is not None
    _TELL_OF_CHANNEL[rule](device, session, facts, now_ns)
    if chat_session is None:
        return False
    link = _link_to_relay(facts, event) if facts[0] in chat_session.handled else None
    if link is not None:
        wait = _Relayed(device, chat_session, facts[0], body_of(event))
        device.pending.relay(link, Pending(Action.RELAY, now_ns, now_ns, wait.answered))
    elif device.listener is not None:
        device.listener.chat_event(device, chat_session, facts[0], body_of(event), now_ns)
    return True


def _link_to_relay(facts: Facts, event: Event) -> str | None:
    """Return what the SDK relays before it calls the handler of an event, if anything."""
    if facts[0] == _MESSAGE_CREATED:
        return facts[4]
    return linked_message(body_of(event)) if facts[0] in _REACTIONS else None


def _tell_message(device: DeviceCore, session: int, facts: Facts, now_ns: int) -> None:
    event, message, key, _, _ = facts
    observer = device.fleet.observer
    if event == _MESSAGE_CREATED and key is not None and message is not None:
        observer.message_delivered(session, key, message, now_ns)
    elif event == _MESSAGE_UPDATED and message is not None:
        observer.event_delivered(ChatEvent.MESSAGE_UPDATED, session, message, now_ns)
    else:
        observer.event_unexplained(event, device.number, session, now_ns)


def _tell_keystrokes(device: DeviceCore, session: int, facts: Facts, now_ns: int) -> None:
    event, _, key, _, _ = facts
    if key is not None and event == _KEYSTROKES_CREATED:
        device.fleet.observer.keystrokes_delivered(session, key, now_ns)
    else:
        device.fleet.observer.event_unexplained(event, device.number, session, now_ns)


def _tell_subject(device: DeviceCore, session: int, facts: Facts, now_ns: int) -> None:
    event, subject, _, _, _ = facts
    known = _SUBJECT_EVENTS.get(event)
    if known is not None and subject is not None:
        device.fleet.observer.event_delivered(known, session, subject, now_ns)
    else:
        device.fleet.observer.event_unexplained(event, device.number, session, now_ns)


def _tell_other(device: DeviceCore, _session: int, facts: Facts, now_ns: int) -> None:
    device.fleet.observer.event_counted(facts[0], device.number, now_ns)


_TELL_OF_CHANNEL: dict[int, Tell] = {
    Rule.OTHER: _tell_other,
    Rule.SUBJECT: _tell_subject,
    Rule.MESSAGE: _tell_message,
    Rule.KEYSTROKES: _tell_keystrokes,
}


# --- events with a relay ----------------------------------------------------------------------


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
    chat_session: ChatSession | None,
    session: int,
    event: Event,
    facts: Facts,
    now_ns: int,
) -> None:
    """Take one event of the topic of read receipts.

    A receipt names its message by a link alone. If nobody in this worker has met that link, the
    answer to the relay tells which message was read; the instant stays that of the receipt.
    """
    kind, _, _, reader, link = facts
    observer = device.fleet.observer
    if kind != _MESSAGE_READ or link is None:
        observer.event_unexplained(kind, device.number, session, now_ns)
        if chat_session is not None and device.listener is not None:
            device.listener.chat_event(device, chat_session, kind, body_of(event), now_ns)
        return
    message = device.fleet.message_of_link(link)
    if message is not None:
        observer.read_receipt_delivered(session, message, reader, now_ns)
    if chat_session is not None and kind in chat_session.handled:
        is_identified = message is not None
        wait = _RelayedReceipt(
            device, chat_session, body_of(event), reader, link, now_ns, is_identified
        )
        device.pending.relay(link, Pending(Action.RELAY, now_ns, now_ns, wait.answered))
    elif message is None:
        observer.event_unexplained(kind, device.number, session, now_ns)


@dataclass(frozen=True, slots=True)
class _RelayedReceipt:
    """A read receipt whose message is being read, as the SDK does for each that has a handler."""

    device: DeviceCore
    chat_session: ChatSession
    body: bytes
    reader: int
    link: str
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
        fleet.learn_message_link(self.link, message)
        fleet.observer.read_receipt_delivered(
            self.chat_session.number, message, self.reader, self.arrived_ns
        )
        return True


# --- topics of the user -----------------------------------------------------------------------


def receive_user_event(device: DeviceCore, event: Event, now_ns: int) -> bool:
    """Take one event of the user's own topics; return whether they are still subscribed.

    An event that was in flight when they ended is observed, and that is all.
    """
    number, facts = event[1], event[2]
    if facts is None:
        device.fleet.observer.event_unexplained(_UNREADABLE, device.number, 0, now_ns)
        return device.is_subscribed
    tell = _TELL_OF_USER.get(device.fleet.user_rules[number], _tell_other)
    tell(device, 0, facts, now_ns)
    if not device.is_subscribed:
        return False
    if device.count_links and changes_counts(facts[0], body_of(event)):
        relay_counts(device, now_ns)
    if device.listener is not None:
        device.listener.user_event(device, facts[0], body_of(event), now_ns)
    return True


def _tell_notification(device: DeviceCore, _session: int, facts: Facts, now_ns: int) -> None:
    event, message, key, channel, _ = facts
    if event == _NOTIFICATION_CREATED and message is not None:
        device.fleet.observer.notification_delivered(
            device.number, channel, message, key or 0, now_ns
        )
    else:
        device.fleet.observer.event_unexplained(event, device.number, 0, now_ns)


def _tell_own_message(device: DeviceCore, _session: int, facts: Facts, now_ns: int) -> None:
    event, message, key, _, _ = facts
    if key is not None and message is not None:
        device.fleet.observer.message_identified(key, message, now_ns)
    device.fleet.observer.event_counted(event, device.number, now_ns)


_TELL_OF_USER: dict[int, Tell] = {
    Rule.NOTIFICATION: _tell_notification,
    Rule.MESSAGE: _tell_own_message,
}
