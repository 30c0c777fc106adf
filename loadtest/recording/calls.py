"""How one call on a ledger is written down: a number for the method, and plain arguments.

The file names its methods, so that a recording can be read after one was added; members of an enum
are written as numbers, because the name of an event type would be half of its call. Every method of
a ledger that changes it is in ``METHODS``; whoever asks only, such as ``open_count``, is not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from enum import StrEnum
from typing import Any

from loadtest.errors import UsageError
from loadtest.metrics import HealthSample, Ledger
from loadtest.observations import Action, ChatEvent, Observer

__all__ = ["ENUMS", "METHODS", "OBSERVATIONS", "Call", "Player", "health_arguments"]

Call = tuple[int, Sequence[Any]]
"""The number of a method, and its arguments."""

OBSERVATIONS = tuple(name for name in vars(Observer) if not name.startswith("_"))
"""What devices report, in the order of ``Observer``."""

METHODS = (*OBSERVATIONS, "begin_phase", "settle", "health", "roll", "finish")
"""Every method whose calls are written down."""

ENUMS: Mapping[str, type[StrEnum]] = {
    "event_delivered": ChatEvent,
    "action_completed": Action,
    "action_failed": Action,
    "action_dropped": Action,
}
"""Methods whose first argument is a member of an enum; it is written as its place there."""

_TIMED = frozenset({"settle", "roll", "finish"})


def health_arguments(sample: HealthSample) -> tuple[Any, ...]:
    """Return a sample as plain arguments."""
    return astuple(sample)


class Player:
    """Makes recorded calls on a ledger.

    Args:
        ledger: A fresh one.
        methods: The names of the methods by number, as the recording has them.
        members: The members of the enums by number, as the recording has them.
    """

    def __init__(
        self, ledger: Ledger, methods: Iterable[str], members: Mapping[str, Iterable[str]]
    ) -> None:
        self._ledger = ledger
        self._methods = [self._method(name, members) for name in methods]
        self.call_count = 0
        """How many calls were made."""
        self.last_ns = 0
        """The instant of the last call that says how late it is."""

    def play(self, calls: Iterable[Call]) -> None:
        """Make ``calls`` in their order."""
        methods = self._methods
        for number, arguments in calls:
            try:
                methods[number](*arguments)
            except (IndexError, TypeError, KeyError, ValueError) as error:
                raise UsageError(
                    f"call {self.call_count + 1} of the recording cannot be made:"
                    f" {type(error).__name__}: {error}"
                ) from error
            self.call_count += 1

    def _method(self, name: str, members: Mapping[str, Iterable[str]]) -> Any:  # noqa: ANN401
        if name == "health":
            return self._health
        if name == "finish":
            return self._finish
        method = getattr(self._ledger, name)
        if name in _TIMED:
            return lambda now_ns: self._timed(method, now_ns)
        if name not in ENUMS:
            return method
        kind = ENUMS[name]
        known = [kind(member) for member in members[kind.__name__]]
        return lambda number, *rest: method(known[number], *rest)

    def _timed(self, method: Any, now_ns: int) -> None:  # noqa: ANN401
        self.last_ns = now_ns
        method(now_ns)

    def _health(self, *arguments: Any) -> None:  # noqa: ANN401
        self._ledger.health(HealthSample(*arguments))

    def _finish(self, now_ns: int, drained: bool) -> None:
        self.last_ns = now_ns
        self._ledger.finish(now_ns, drained=drained)
