"""What devices saw: the one interface between devices and everything that measures.

A device reports each thing it did or saw as one call on an ``Observer``. The arguments are plain
integers and strings, so that a call can be written to a file and played again: the measuring side
never learns whether it watches a live engine, a recording or a test.

Identities in every call:

* ``device``: number of the simulated device, unique in a run
* ``user``: the server's id of a chat user (``id`` of its resource)
* ``channel``: the server's id of a channel
* ``session``: number of a chat session, unique in a run, never used twice
* ``message``: the server's id of a message
* ``key``: our own number of a message or of keystrokes, unique in a run; it travels in the payload.
  Above ``KEY_WORKER_SHIFT`` bits stands the worker that gave it out, and it gives them out in order
* ``*_ns``: an instant of the monotonic clock (see ``loadtest.clock``)

For anything a workload plans, ``due_ns`` is when it was due and ``written_ns`` when its frame was
handed to the socket. A closed workload has both equal.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

__all__ = ["KEY_WORKER_SHIFT", "Action", "ChatEvent", "Observer", "Phase"]

KEY_WORKER_SHIFT = 40


class ChatEvent(StrEnum):
    """Event types as the wire spells them: the ten of a chat session, and the notification."""

    MESSAGE_CREATED = "channel.message.created"
    KEYSTROKES_CREATED = "thread.keystrokes.created"
    TYPING_STARTED = "thread.typing.started"
    TYPING_STOPPED = "thread.typing.stopped"
    PARTICIPANT_ENTERED = "channel.participant.active"
    PARTICIPANT_LEFT = "channel.participant.inactive"
    PRESENCE_CHANGED = "participant.presence.changed"
    MESSAGE_UPDATED = "channel.message.updated"
    CHANNEL_UPDATED = "channel.self.updated"
    MESSAGE_READ = "message.read_receipt.created"
    NOTIFICATION_CREATED = "user.notification.created"


NO_LOCAL_PORT = "no local port is left"
NO_OPEN_FILE = "no open file is left"
OWN_LIMITS = (NO_LOCAL_PORT, NO_OPEN_FILE)
"""Why a connection cannot be opened that is no fault of the server: this machine has no more."""


class ChannelType(StrEnum):
    """Types of channels, as the wire spells them."""

    DIRECT = "DIRECT"
    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"


HANDLERS: Mapping[str, ChatEvent] = {
    "on_message_received": ChatEvent.MESSAGE_CREATED,
    "on_keystrokes_received": ChatEvent.KEYSTROKES_CREATED,
    "on_typing_started": ChatEvent.TYPING_STARTED,
    "on_typing_stopped": ChatEvent.TYPING_STOPPED,
    "on_participant_entered_chat": ChatEvent.PARTICIPANT_ENTERED,
    "on_participant_left_chat": ChatEvent.PARTICIPANT_LEFT,
    "on_participant_presence_changed": ChatEvent.PRESENCE_CHANGED,
    "on_message_updated": ChatEvent.MESSAGE_UPDATED,
    "on_channel_updated": ChatEvent.CHANNEL_UPDATED,
    "on_message_read": ChatEvent.MESSAGE_READ,
}
"""The handlers of a chat session, named as in the SDK, and the event that each one hears."""


class Action(StrEnum):
    """What a device does, by the names of reports and of Locust's statistics."""

    USER_SESSION_START = "user_session_start"
    CHAT_SESSION_START = "chat_session_start"
    CREATE_CHANNEL = "create_channel"
    GET_CHANNEL = "get_channel"
    JOIN_CHANNEL = "join_channel"
    INVITE_USER = "invite_user"
    MESSAGE = "message"
    KEYSTROKES = "keystrokes"
    READ = "read"
    EDIT = "edit"
    UPDATE_CHANNEL = "update_channel"
    REACT = "react"
    REPLY = "reply"
    RELAY = "relay"
    RECONNECT = "reconnect"


class Phase(StrEnum):
    """Parts of a run; a cause belongs to the one in which it was due."""

    RAMP = "ramp"
    """Until the last user was started and has settled."""
    STEADY = "steady"
    DRAIN = "drain"
    """Nothing new is planned, and sessions end."""


class Observer(Protocol):
    """Takes observations, in the order in which one engine made them."""

    # --- who is who ---------------------------------------------------------------------------

    def member_joined(self, channel: int, user: int, at_ns: int) -> None:
        """Note that ``user`` is a member of ``channel`` from now on."""

    def member_left(self, channel: int, user: int, at_ns: int) -> None:
        """Note that ``user`` is not a member of ``channel`` any more."""

    # --- user sessions ------------------------------------------------------------------------

    def user_session_starting(self, device: int, at_ns: int) -> None:
        """CONNECT was written, or written again after a loss."""

    def user_session_started(self, device: int, user: int, at_ns: int) -> None:
        """Every topic of the user has its RECEIPT: a notification must reach this device now."""

    def device_slowed(self, device: int, at_ns: int) -> None:
        """Note that the device reads slowly from now on, because the workload wants it so.

        What reaches it late says nothing about the others: its deliveries are counted apart.
        """

    def user_session_ending(self, device: int, at_ns: int) -> None:
        """The first frame that ends the user session was written, by our own wish."""

    def user_session_ended(self, device: int, at_ns: int) -> None:
        """The connection of a user session that was ending is closed."""

    def connection_lost(self, device: int, at_ns: int, reason: str) -> None:
        """The connection broke against our wish; its chat sessions broke with it.

        The chat sessions keep their numbers; a device that reconnects reports them with
        ``chat_session_starting`` and ``chat_session_started`` again.
        """

    # --- chat sessions ------------------------------------------------------------------------

    def chat_session_starting(self, session: int, device: int, channel: int, at_ns: int) -> None:
        """SUBSCRIBE of the channel's ``self`` topic was written."""

    def chat_session_started(self, session: int, at_ns: int) -> None:
        """Every topic of the channel has its RECEIPT: the chat session is active."""

    def chat_session_ending(self, session: int, at_ns: int) -> None:
        """The UNSUBSCRIBE frames were written, or the start was given up."""

    def chat_session_ended(self, session: int, at_ns: int) -> None:
        """The server has answered a frame that the device wrote after the UNSUBSCRIBE frames.

        If the server takes the frames of one connection in order, it has taken the end by now.
        """

    # --- causes: what must be seen by others --------------------------------------------------

    def message_sent(
        self, key: int, device: int, channel: int, sequence: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of a message was written; ``sequence`` counts this device's messages there."""

    def keystrokes_sent(
        self, key: int, device: int, channel: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of keystrokes was written (after the debounce of the SDK)."""

    def message_edited(
        self, device: int, channel: int, message: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of an edit of ``message`` was written."""

    def message_read(
        self, device: int, channel: int, message: int, due_ns: int, written_ns: int
    ) -> None:
        """SEND of a read of ``message`` was written."""

    def channel_updated(self, device: int, channel: int, due_ns: int, written_ns: int) -> None:
        """SEND of a channel update was written."""

    # --- effects: what a device saw -----------------------------------------------------------

    def message_delivered(self, session: int, key: int, message: int, arrived_ns: int) -> None:
        """Take one ``channel.message.created`` with our key in it. The hot path."""

    def keystrokes_delivered(self, session: int, key: int, arrived_ns: int) -> None:
        """Take one ``thread.keystrokes.created`` with our key in it."""

    def event_delivered(
        self, event: ChatEvent, session: int, subject: int, arrived_ns: int
    ) -> None:
        """Take one of the other eight events of a chat session.

        ``subject`` is the user's id for typing, participants and presence, the message's id for
        ``MESSAGE_UPDATED``, and the channel's id for ``CHANNEL_UPDATED``.
        """

    def read_receipt_delivered(
        self, session: int, message: int, reader: int, arrived_ns: int
    ) -> None:
        """Take one ``message.read_receipt.created``: ``reader`` (a user) has read ``message``."""

    def notification_delivered(
        self, device: int, channel: int, message: int, key: int, arrived_ns: int
    ) -> None:
        """``user.notification.created`` arrived for ``message`` in ``channel``.

        ``key`` is that of the message, which a notification carries as well; 0: it has none.
        """

    def push_received(self, user: int, channel: int, message: int, arrived_ns: int) -> None:
        """The push sink got a push for ``user`` about ``message`` in ``channel``; no device did."""

    def message_identified(self, key: int, message: int, arrived_ns: int) -> None:
        """The server's id of one of our messages became known outside a chat session.

        A sender without a chat session learns it from a user topic. ``message_delivered`` says the
        same for senders with one.
        """

    def event_unexplained(self, event: str, device: int, session: int, arrived_ns: int) -> None:
        """An event arrived that carries nothing this run can recognise (``session`` 0: none)."""

    def event_counted(self, event: str, device: int, arrived_ns: int) -> None:
        """Count an event that is a known side effect and is not judged (contacts, for one)."""

    # --- actions ------------------------------------------------------------------------------

    def action_completed(
        self,
        action: Action,
        device: int,
        due_ns: int,
        written_ns: int,
        accepted_ns: int,
        completed_ns: int,
    ) -> None:
        """An action ended well.

        ``accepted_ns`` is its RECEIPT (0: none was seen), ``completed_ns`` its completing event or
        answer, or the RECEIPT where that ends it.
        """

    def action_failed(
        self, action: Action, device: int, due_ns: int, at_ns: int, reason: str
    ) -> None:
        """An action ended with an error, or without its completion by its deadline."""

    def action_dropped(self, action: Action, device: int, due_ns: int, reason: str) -> None:
        """A planned action could not be offered at all: the device was not ready for it."""
