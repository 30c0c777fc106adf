"""What lies between a user's chat sessions in a channel and the notifications there.

An *episode* begins with the end of the last chat session and lasts until a notification comes. A
*hand-off* is one message for one user while a last chat session ends, while a first one starts, or
in an episode. These are only the things and their fields; ``handoffs`` judges them.
"""

from enum import Enum

__all__ = ["Crossing", "Episode", "HandOff"]


class Episode:
    """The time after a user's last chat session in a channel, until a notification comes."""

    __slots__ = ("ended_ns", "is_clean", "is_notified", "is_over", "unnotified_us")

    def __init__(self, ended_ns: int, *, is_clean: bool) -> None:
        self.ended_ns = ended_ns
        self.is_clean = is_clean
        """Whether the end was the device's wish: only then its activation is timed."""
        self.is_notified = False
        """A notification of a message after the end has come."""
        self.is_over = False
        """Its activation is in the figures."""
        self.unnotified_us = 0
        """From the end to the last message that did not come as a notification."""


class Crossing(Enum):
    """What a message crosses for a user."""

    END = "the end of the last chat session: hand-off"
    START = "the start of the first chat session: entry"
    PAST_END = "nothing any more, but no notification has come since the end"


class HandOff:
    """One message and one user who may be delivered or notified."""

    __slots__ = ("crossing", "device_count", "episode", "is_judged", "is_seen", "slots")

    def __init__(
        self,
        crossing: Crossing,
        slots: tuple[int, ...] = (),
        *,
        episode: Episode | None = None,
        device_count: int = 0,
    ) -> None:
        self.crossing = crossing
        self.slots = slots
        """Of the user's chat sessions."""
        self.episode = episode
        self.device_count = device_count
        """How many devices of the user could be notified; 0 if they are counted elsewhere."""
        self.is_judged = True
        """False after a lost connection, which may take the message with it."""
        self.is_seen = False
        """Delivered to a chat session that started after the message."""
