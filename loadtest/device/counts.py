"""The API connection of dialect 2: what the SDK's ``connectApi`` adds to a user session.

Such an app keeps two figures up to date: channels with unread messages, and unread messages. It
relays both once the user session has begun, and again after each notification of a message and each
read receipt of the user. The second relay waits for the answer to the first one.
"""

import msgspec

from loadtest.chat.resources import NotificationEvent, decode
from loadtest.device.core import DeviceCore
from loadtest.device.pending import Outcome, Pending
from loadtest.errors import RemoteProtocolError
from loadtest.observations import Action, ChatEvent

__all__ = ["COUNTS", "changes_counts", "relay_counts"]

COUNTS = ("channelsCount", "unreadMessagesCount")
"""The links of the current user that are relayed, in order."""

_UNREAD_ONLY = b"unread:true\n"
_MESSAGE_NOTIFICATIONS = ("USER:SENT:MESSAGE", "SYSTEM:SENT:MESSAGE")
_RECEIPTS = (ChatEvent.MESSAGE_READ, "message.read_receipt.deleted")

_decoder = msgspec.json.Decoder(NotificationEvent)


def changes_counts(event: str, body: bytes) -> bool:
    """Return whether an event of the user's own topics makes the SDK relay the counts again."""
    if event != ChatEvent.NOTIFICATION_CREATED:
        return event in _RECEIPTS
    try:
        return decode(_decoder, body).resource.data.type in _MESSAGE_NOTIFICATIONS
    except RemoteProtocolError:
        return False  # whoever observes the event has told that it is unreadable


def relay_counts(device: DeviceCore, now_ns: int) -> None:
    """Relay both counts, if the device has an API connection."""
    _relay(device, device.count_links, now_ns)


def _relay(device: DeviceCore, links: tuple[str, ...], now_ns: int) -> None:
    if not links:
        return

    def answered(_outcome: Outcome, at_ns: int) -> None:
        if device.is_subscribed:
            _relay(device, links[1:], at_ns)
            device.flush()

    wait = Pending(Action.RELAY, now_ns, now_ns, answered, parameters=_UNREAD_ONLY)
    device.pending.relay(links[0], wait)
