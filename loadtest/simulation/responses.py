"""What users do about messages that reach them: they read them, or react, a while later.

It is the one part of the workload that depends on what arrives: a planned delay after it. Each user
decides with streams of its own, so that it depends on the order of its own messages and on nothing
else.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from loadtest.chat.resources import MessageLinks, relayed_message
from loadtest.device import DeviceCore, actions
from loadtest.device.actions import Timing
from loadtest.device.state import State
from loadtest.observations import Action
from loadtest.workload import Behaviour, RandomStream, Response

__all__ = ["Responses", "responses_of"]

EMOJIS = ("👍", "❤️", "😂", "🎉", "😮")
"""What people react with; taken in turn, by the id of the message."""

At = Callable[[int, Callable[[int], None]], None]
"""Has a function called with the instant, once an instant has come."""

# A user who went offline in the meantime reads nothing.
_GONE = frozenset({State.ENDING, State.CLOSING, State.ENDED})

_Do = Callable[[DeviceCore, MessageLinks, Timing], None]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way to respond."""

    action: Action
    response: Response
    rng: RandomStream
    do: _Do


class Responses:
    """The responses of one user, on all of the user's devices."""

    __slots__ = ("_at", "_kinds")

    def __init__(self, kinds: tuple[_Kind, ...], at: At) -> None:
        self._kinds = kinds
        self._at = at

    def consider(self, device: DeviceCore, body: bytes, now_ns: int) -> None:
        """Perhaps do something, after a while, about the message that arrived."""
        chosen = [
            (kind, delay_ns)
            for kind in self._kinds
            if (delay_ns := kind.response.delay_ns(kind.rng)) is not None
        ]
        if not chosen:
            return
        message = relayed_message(body)
        if message.user is not None and message.user.id == device.user:
            return  # nobody responds to what they wrote themselves
        for kind, delay_ns in chosen:
            due_ns = now_ns + delay_ns
            self._at(due_ns, functools.partial(_respond, kind, device, message, due_ns))


def responses_of(behaviour: Behaviour, key: tuple[int | str, ...], at: At) -> Responses | None:
    """Return the responses of one user, None if nobody responds to anything.

    Args:
        behaviour: How likely they are.
        key: Names the user, for its streams: seed, cell, member.
        at: Where what is to be done is put.
    """
    kinds = tuple(_kinds(behaviour, key))
    return Responses(kinds, at) if kinds else None


def _kinds(behaviour: Behaviour, key: tuple[int | str, ...]) -> Iterator[_Kind]:
    if behaviour.reading.probability > 0:
        rng = RandomStream("reads", *key)
        yield _Kind(Action.READ, behaviour.reading, rng, actions.read_message)
    if behaviour.reacting.probability > 0:
        rng = RandomStream("reactions", *key)
        yield _Kind(Action.REACT, behaviour.reacting, rng, _react)


def _react(device: DeviceCore, message: MessageLinks, timing: Timing) -> None:
    actions.react_to_message(device, message, EMOJIS[message.id % len(EMOJIS)], timing)


def _respond(
    kind: _Kind, device: DeviceCore, message: MessageLinks, due_ns: int, now_ns: int
) -> None:
    if device.is_active:
        kind.do(device, message, Timing(due_ns, now_ns))
    elif device.state not in _GONE:
        device.fleet.observer.action_dropped(
            kind.action, device.number, due_ns, f"user session: {device.state.value}"
        )
