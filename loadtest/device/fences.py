"""When the server has certainly taken the end of a chat session: its fence.

UNSUBSCRIBE has no answer. A server that takes the frames of one connection in order has taken it as
soon as it answers a frame that the same device wrote later: a topic's SUBSCRIBE, a relay, an action
or DISCONNECT. Nothing is written for the sake of a fence. A device that writes nothing any more has
none, and neither has one whose connection was lost.
"""

from loadtest.device.fleet import Fleet
from loadtest.device.numbers import RELAY, TOPIC_BITS

__all__ = ["Fences"]

_COUNTER_MASK = RELAY - 1


class _Fence:
    """The end of a chat session that the server has perhaps not taken yet."""

    __slots__ = ("chat_session", "counter", "ordinal")

    def __init__(self, chat_session: int, counter: int, ordinal: int) -> None:
        self.chat_session = chat_session
        self.counter = counter
        """Of the latest relay or action that was written before."""
        self.ordinal = ordinal
        """Of the latest chat session that was begun before."""


class Fences:
    """The ends of chat sessions that one device waits to see taken."""

    __slots__ = ("_fleet", "_waiting", "counter", "ordinal")

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        # Most devices end nothing for long: they have no list.
        self._waiting: list[_Fence] | None = None
        self.counter = 0
        """Relays and actions written so far; each has its own number."""
        self.ordinal = 0
        """Chat sessions begun so far."""

    def end_written(self, chat_session: int) -> None:
        """Take note that the UNSUBSCRIBE frames of a chat session were written, by its number."""
        if self._waiting is None:
            self._waiting = []
        self._waiting.append(_Fence(chat_session, self.counter, self.ordinal))

    def answer_received(self, number: int, now_ns: int) -> None:
        """Take the answer to a relay or an action, or the RECEIPT of a chat session's topic."""
        waiting = self._waiting
        while waiting and _is_later(number, waiting[0]):
            self._fleet.observer.chat_session_ended(waiting.pop(0).chat_session, now_ns)

    def disconnect_answered(self, now_ns: int) -> None:
        """Take the RECEIPT of DISCONNECT, which is behind every other frame."""
        for fence in self._waiting or ():
            self._fleet.observer.chat_session_ended(fence.chat_session, now_ns)
        self._waiting = None

    def forget(self) -> None:
        """Take note that nothing is answered any more: the connection is gone."""
        self._waiting = None


def _is_later(number: int, fence: _Fence) -> bool:
    """Return whether the frame with ``number`` was certainly written behind a fence."""
    if number >= RELAY:
        return number & _COUNTER_MASK > fence.counter
    return number >> TOPIC_BITS > fence.ordinal
