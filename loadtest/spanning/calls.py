"""What observations are, as far as forwarding them needs to know.

Everything follows from the names in ``Observer``: an argument that ends in ``_ns`` is an instant,
the last of them says when the call was made, and ``device`` or ``session`` says whose it is. A call
is a cause or a change (*plain*), the confirmation of one, or an effect; which it is decides in what
order it is taken when two clocks disagree (see ``merger``).
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from loadtest.device.numbers import device_of_session
from loadtest.observations import Observer
from loadtest.recording.calls import OBSERVATIONS, Call

__all__ = ["SHAPES", "CallKind", "Shape", "converted", "number_of", "shape_of"]


class CallKind(Enum):
    """How a call is put in order."""

    PLAIN = "plain"
    CONFIRMATION = "confirmation"
    """From now on something is expected of a device, or must not reach it any more."""
    EFFECT = "effect"
    """Something arrived that was caused elsewhere."""


_CONFIRMATIONS = frozenset({"user_session_started", "chat_session_started", "chat_session_ended"})
_EFFECTS = frozenset({"message_identified", "event_unexplained", "event_counted", "push_received"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What the arguments of one kind of call are."""

    kind: CallKind
    instants: tuple[int, ...]
    """Places of the arguments that are instants; the last one says when the call was made."""
    device: int | None
    """Place of the device."""
    session: int | None
    """Place of the chat session, whose number holds its device's."""

    def instant_ns(self, call: Call) -> int:
        """Return when a call was made."""
        instant_ns: int = call[1][self.instants[-1]]
        return instant_ns

    def device_of(self, call: Call) -> int | None:
        """Return whose call it is; None: of no device."""
        if self.device is not None:
            device: int = call[1][self.device]
            return device
        return device_of_session(call[1][self.session]) if self.session is not None else None


def shape_of(name: str) -> Shape:
    """Return the shape of the calls of one method of ``Observer``."""
    parameters = list(inspect.signature(getattr(Observer, name)).parameters)[1:]
    kind = CallKind.PLAIN
    if name in _CONFIRMATIONS:
        kind = CallKind.CONFIRMATION
    elif name.endswith("_delivered") or name in _EFFECTS:
        kind = CallKind.EFFECT
    return Shape(
        kind=kind,
        instants=tuple(n for n, each in enumerate(parameters) if each.endswith("_ns")),
        device=parameters.index("device") if "device" in parameters else None,
        session=parameters.index("session") if "session" in parameters else None,
    )


SHAPES = tuple(shape_of(name) for name in OBSERVATIONS)
"""By number of the method."""

_NUMBERS = {name: number for number, name in enumerate(OBSERVATIONS)}


def number_of(name: str) -> int:
    """Return the number of a method."""
    return _NUMBERS[name]


def converted(call: Call, convert: Callable[[int], int]) -> Call:
    """Return a call with its instants by another clock; 0 stands for none, and stays."""
    number, arguments = call
    moved = list(arguments)
    for place in SHAPES[number].instants:
        if moved[place]:
            moved[place] = convert(moved[place])
    return number, moved
