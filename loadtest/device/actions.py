"""What a device can do, in the words of the SDK.

Destinations come from the links of a resource in hand, never from this package. Each function
writes at once, tells the observer what it caused, and returns; ``done`` is told later how it ended.
``due_ns`` is when the workload wanted it; for a person's own task that is now.

An action that cannot be written, because the user session is not active or the server offers no
such link, has failed at once: it causes nothing, and the observer is told of no cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from loadtest.chat.correlation import Mark, encoded_text, marked_keystrokes, message_body
from loadtest.chat.resources import ChannelLinks, MessageLinks
from loadtest.device.answers import channel_check, check_page, check_user
from loadtest.device.core import DeviceCore, Typed
from loadtest.device.pending import Done, Outcome, Pending
from loadtest.observations import Action
from loadtest.wire.stomp import header_value

__all__ = [
    "Timing",
    "create_channel",
    "edit_message",
    "get_channel",
    "get_current_user",
    "invite_user",
    "join_channel",
    "list_channels",
    "react_to_message",
    "read_message",
    "reply_to_message",
    "send_keystrokes",
    "send_message",
    "update_channel",
]

# The SDK takes only these as the result of createChannel; its other actions take any event.
_CREATE_CHANNEL_TYPES = frozenset(
    {"user.channel.created", "user.channel.upserted", "member.channel.upserted"}
)
_REPLACED = Outcome("later keystrokes came within the debounce")
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Timing:
    """When an action was due and when it is being written, and who is told how it ends."""

    due_ns: int
    now_ns: int
    done: Done | None = None

    def pending(self, action: Action, *, ends_at_receipt: bool = False) -> Pending:
        """Return the wait for the end of ``action``."""
        return Pending(action, self.due_ns, self.now_ns, self.done, ends_at_receipt)


def _is_refused(
    device: DeviceCore, pending: Pending, links: ChannelLinks | None = None, link: str = ""
) -> bool:
    """Tell whether an action cannot be written; it has failed then, and everyone knows."""
    if not device.is_active:
        reason = f"the user session is not active: {device.state.value}"
    elif links is not None and link not in links.actions:
        reason = f"channel {links.id} offers no action {link!r} to this user"
    else:
        return False
    device.pending.fail(pending, reason, pending.written_ns)
    return True


# --- channels ---------------------------------------------------------------------------------


def create_channel(device: DeviceCore, channel: dict[str, object], timing: Timing) -> None:
    """Create a channel from ``type``, ``name``, ``members`` and the like."""
    pending = timing.pending(Action.CREATE_CHANNEL)
    pending.types = _CREATE_CHANNEL_TYPES
    pending.check = channel_check(device.fleet)
    if _is_refused(device, pending):
        return
    if not device.create_channel_link:
        reason = "the server offers no action 'createChannel' to this user"
        device.pending.fail(pending, reason, pending.written_ns)
    else:
        device.pending.act(device.create_channel_link, _encode(channel), pending)
        device.flush()


def get_channel(device: DeviceCore, channel: int, timing: Timing) -> None:
    """Read a channel that is known by its id."""
    pending = timing.pending(Action.GET_CHANNEL)
    pending.check = channel_check(device.fleet, channel)
    if not _is_refused(device, pending):
        device.pending.relay(device.fleet.settings.dialect.channel_relay(channel), pending)
        device.flush()


def get_current_user(device: DeviceCore, timing: Timing) -> None:
    """Read the user of this device, for links that are needed rarely."""
    pending = timing.pending(Action.RELAY)
    pending.check = check_user
    if not _is_refused(device, pending):
        device.pending.relay(device.fleet.settings.dialect.user_relay, pending)
        device.flush()


def list_channels(
    device: DeviceCore, destination: str, filters: Mapping[str, str], timing: Timing
) -> None:
    """Read a page of the user's channels; ``destination`` is a link of the user or of a page."""
    pending = timing.pending(Action.RELAY)
    pending.check = check_page
    pending.parameters = b"".join(
        b"%b:%b\n" % (header_value(name), header_value(value)) for name, value in filters.items()
    )
    if not _is_refused(device, pending):
        device.pending.relay(destination, pending)
        device.flush()


def join_channel(device: DeviceCore, links: ChannelLinks, timing: Timing) -> None:
    """Join a public channel: send the whole channel back, as the SDK does."""
    pending = timing.pending(Action.JOIN_CHANNEL)
    if not _is_refused(device, pending, links, "join"):
        device.pending.act(links.actions["join"], b'{"channel":%b}' % links.resource, pending)
        device.flush()


def invite_user(device: DeviceCore, links: ChannelLinks, username: str, timing: Timing) -> None:
    """Make another user a member of a group channel."""
    pending = timing.pending(Action.INVITE_USER)
    if not _is_refused(device, pending, links, "invite"):
        body = _encode({"user": {"username": username}})
        device.pending.act(links.actions["invite"], body, pending)
        device.flush()


def update_channel(
    device: DeviceCore, links: ChannelLinks, changes: dict[str, object], timing: Timing
) -> None:
    """Change a channel: the SDK sends the whole channel back, with the changes in it."""
    pending = timing.pending(Action.UPDATE_CHANNEL)
    if _is_refused(device, pending, links, "update"):
        return
    channel = msgspec.json.decode(links.resource)
    channel.update(changes)
    body = _encode(channel)
    device.fleet.observer.channel_updated(device.number, links.id, timing.due_ns, timing.now_ns)
    device.pending.act(links.actions["update"], body, pending)
    device.flush()


# --- messages ---------------------------------------------------------------------------------


def send_message(device: DeviceCore, links: ChannelLinks, text: str, timing: Timing) -> None:
    """Send a text message into a channel, marked so that it is recognised everywhere."""
    pending = timing.pending(Action.MESSAGE)
    if not _is_refused(device, pending, links, "message"):
        body = _caused_message(device, links.id, text, timing)
        device.pending.act(links.actions["message"], body, pending)
        device.flush()


def reply_to_message(device: DeviceCore, message: MessageLinks, text: str, timing: Timing) -> None:
    """Send a text message as a reply."""
    pending = timing.pending(Action.REPLY)
    if not _is_refused(device, pending):
        body = _caused_message(device, message.channel, text, timing)
        device.pending.act(message.actions.reply, body, pending)
        device.flush()


def _caused_message(device: DeviceCore, channel: int, text: str, timing: Timing) -> bytes:
    fleet = device.fleet
    encoded = encoded_text(text)  # first: what cannot be sent must cause nothing
    sequence = device.drafts.next_sequence(channel)
    key = fleet.next_key()
    fleet.observer.message_sent(key, device.number, channel, sequence, timing.due_ns, timing.now_ns)
    return message_body(
        encoded, Mark(fleet.run, key, device.number, sequence, timing.due_ns, timing.now_ns)
    )


def read_message(device: DeviceCore, message: MessageLinks, timing: Timing) -> None:
    """Tell the server that the user has read a message."""
    pending = timing.pending(Action.READ, ends_at_receipt=True)
    if _is_refused(device, pending):
        return
    fleet = device.fleet
    fleet.learn_message_link(message.relays.self_, message.id)
    fleet.observer.message_read(
        device.number, message.channel, message.id, timing.due_ns, timing.now_ns
    )
    device.pending.act(message.actions.read, b"{}", pending)
    device.flush()


def edit_message(device: DeviceCore, message: MessageLinks, text: str, timing: Timing) -> None:
    """Change the text of a message."""
    pending = timing.pending(Action.EDIT)
    if _is_refused(device, pending):
        return
    body = _encode({"body": text})
    device.fleet.observer.message_edited(
        device.number, message.channel, message.id, timing.due_ns, timing.now_ns
    )
    device.pending.act(message.actions.edit, body, pending)
    device.flush()


def react_to_message(device: DeviceCore, message: MessageLinks, emoji: str, timing: Timing) -> None:
    """React to a message with an emoji."""
    pending = timing.pending(Action.REACT)
    if not _is_refused(device, pending):
        device.pending.act(message.actions.react, _encode({"emoji": emoji}), pending)
        device.flush()


# --- keystrokes -------------------------------------------------------------------------------


def send_keystrokes(device: DeviceCore, links: ChannelLinks, keys: str, timing: Timing) -> None:
    """Type ``keys``: only the last call of a burst is sent, a debounce after it.

    The debounce is one for the whole device, as in the SDK: typing in a second channel within it
    loses what was typed in the first. Latency counts from the end of the debounce.
    """
    delay_ns = device.fleet.settings.keystroke_debounce_ns
    replaced = device.drafts.typed
    typed = device.drafts.typed = Typed(links, keys, timing.due_ns + delay_ns, timing.done)
    device.fleet.timers.after(delay_ns, timing.now_ns, _write_keystrokes, device, typed)
    if replaced is not None and replaced.done is not None:
        replaced.done(_REPLACED, timing.now_ns)


def _write_keystrokes(device: DeviceCore, typed: Typed, now_ns: int) -> None:
    if device.drafts.typed is not typed:
        return
    device.drafts.typed = None
    links, fleet = typed.links, device.fleet
    if not device.is_active:
        # Not a failure: they were never sent, and the user may have left in the meantime.
        reason = f"the user session is not active: {device.state.value}"
        fleet.observer.action_dropped(Action.KEYSTROKES, device.number, typed.due_ns, reason)
        if typed.done is not None:
            typed.done(Outcome(reason), now_ns)
        return
    pending = Pending(Action.KEYSTROKES, typed.due_ns, now_ns, typed.done, ends_at_receipt=True)
    if _is_refused(device, pending, links, "keystrokes"):
        return
    key = fleet.next_key()
    body = _encode({"keys": marked_keystrokes(typed.keys, fleet.run, key)})
    fleet.observer.keystrokes_sent(key, device.number, links.id, typed.due_ns, now_ns)
    device.pending.act(links.actions["keystrokes"], body, pending)
    device.flush()
