"""Takes what devices see, and sorts it by the worker that is to judge it.

It stands where a ledger stands within one worker, on the hot path of every delivery: a call is put
on a list and nothing else. Whose call it is follows from a number in it, because each device's
number says which worker is its home.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from loadtest.metrics.ledger.crossings import home_of_device
from loadtest.observations import ChatEvent, Observer
from loadtest.recording.calls import ENUMS, OBSERVATIONS, Call
from loadtest.spanning.calls import SHAPES, number_of

__all__ = ["Forwarder"]

# Enough for ten seconds of a thousand messages; who identifies a message does it within one.
_REMEMBERED_KEYS = 10_000
_MEMBER_JOINED = number_of("member_joined")
_PUSH_RECEIVED = number_of("push_received")


class Forwarder:
    """Collects the calls of one worker's devices.

    Args:
        workers: How many workers there are.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._waiting: list[list[Call]] = [[] for _ in range(workers)]
        self._homes: dict[int, int] = {}
        """By key of a message, the newest last."""
        methods = {name: self._forwarding(name) for name in OBSERVATIONS}
        methods["message_sent"] = self._remembering(methods["message_sent"])
        methods["event_unexplained"] = _excusing(
            methods["event_unexplained"], methods["event_counted"]
        )
        self.observer = cast(Observer, SimpleNamespace(**methods))
        """Takes what devices report."""

    def take(self, home: int) -> list[Call]:
        """Return the calls for one home since the last time, in their order."""
        waiting, self._waiting[home] = self._waiting[home], []
        return waiting

    def member_joined(self, home: int, channel: int, user: int, at_ns: int) -> None:
        """Tell a home of a member of one of its channels: the call names no device."""
        self._waiting[home].append((_MEMBER_JOINED, (channel, user, at_ns)))

    def push_received(
        self, home: int, user: int, channel: int, message: int, arrived_ns: int
    ) -> None:
        """Tell a home of a push: the call names no device."""
        self._waiting[home].append((_PUSH_RECEIVED, (user, channel, message, arrived_ns)))

    def _forwarding(self, name: str) -> Callable[..., None]:
        number = number_of(name)
        shape, waiting = SHAPES[number], self._waiting
        members = {member: place for place, member in enumerate(ENUMS.get(name, ()))}
        if name == "message_identified":
            return self._identified
        if shape.device is None and shape.session is None:
            return self._homeless

        def forward(*arguments: Any) -> None:  # noqa: ANN401 - those of the method
            if members:
                arguments = (members[arguments[0]], *arguments[1:])
            call = (number, arguments)
            waiting[home_of_device(shape.device_of(call) or 0, self._workers)].append(call)

        return forward

    def _remembering(self, forward: Callable[..., None]) -> Callable[..., None]:
        homes = self._homes

        def message_sent(key: int, device: int, *rest: int) -> None:
            homes[key] = home_of_device(device, self._workers)
            if len(homes) > _REMEMBERED_KEYS:
                del homes[next(iter(homes))]
            forward(key, device, *rest)

        return message_sent

    def _identified(self, key: int, message: int, arrived_ns: int) -> None:
        home = self._homes.get(key)
        if home is not None:
            call = (number_of("message_identified"), (key, message, arrived_ns))
            self._waiting[home].append(call)

    def _homeless(self, *_arguments: int) -> None:
        """Leave out what names no device: who knows its home tells it."""


def _excusing(
    unexplained: Callable[..., None], counted: Callable[..., None]
) -> Callable[..., None]:
    """Return what counts a read receipt of a message that this worker has not met.

    It came to a chat session that had just ended, so that its relay was not read; within one worker
    the link of every message is known.
    """

    def event_unexplained(event: str, device: int, session: int, arrived_ns: int) -> None:
        if event == ChatEvent.MESSAGE_READ:
            counted(str(event), device, arrived_ns)
        else:
            unexplained(event, device, session, arrived_ns)

    return event_unexplained
