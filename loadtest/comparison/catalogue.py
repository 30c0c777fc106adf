"""Which figures of a summary are compared, and which direction of each is worse.

This is the one place that knows where they stand in ``summary.json``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache

from loadtest.comparison.shares import Share
from loadtest.metrics.catalogue import PERCENTILES
from loadtest.metrics.verdict.thresholds import samples_needed
from loadtest.observations import Action, ChatEvent
from loadtest.report.figures import Summary, action_label, at, event_label, measured, number

__all__ = [
    "DEFAULT_GATES",
    "Direction",
    "Figure",
    "LevelFigure",
    "ShareFigure",
    "figures",
]

_MESSAGE = ChatEvent.MESSAGE_CREATED.value
_NOTIFICATION = ChatEvent.NOTIFICATION_CREATED.value
_OFTEN = ("p50_ms", "p95_ms", "p99_ms")
_SELDOM = ("p50_ms", "p95_ms")
_SESSIONS: Mapping[str, str] = {
    Action.USER_SESSION_START.value: "user session start",
    Action.CHAT_SESSION_START.value: "chat session start",
}

DEFAULT_GATES = (
    f"latency.{_MESSAGE}.p50_ms",
    f"latency.{_MESSAGE}.p99_ms",
    "notifications.latency.p50_ms",
    f"ledger.{_MESSAGE}.lost",
    "notifications.missed",
)
"""The figures that decide the exit code where nobody names others."""


class Direction(Enum):
    """Which way a figure gets worse."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LevelFigure:
    """A number above 0, compared by ratio: a latency, or a rate."""

    path: str
    """As thresholds name it."""
    label: str
    unit: str
    block: tuple[str, ...]
    """Keys that lead to the object that holds it."""
    key: str
    worse: Direction = Direction.UP

    def value(self, summary: Summary) -> float | None:
        """Return the figure of one run; None where nothing was measured."""
        block = at(summary, *self.block)
        if self.unit == "ms":
            return measured(block, self.key)
        return number(at(block, self.key))

    def samples(self, summary: Summary) -> int | None:
        """Return how many samples the figure rests on; None where that means nothing."""
        if self.key not in PERCENTILES:
            return None
        return int(number(at(summary, *self.block, "count")) or 0)

    @property
    def samples_needed(self) -> int:
        """How many samples each replicate needs."""
        return samples_needed(self.path)


@dataclass(frozen=True, slots=True)
class ShareFigure:
    """A count of what went wrong, compared as a share of what could have."""

    path: str
    label: str
    block: tuple[str, ...]
    key: str
    of: tuple[str, ...]
    """Keys whose sum it is a share of."""

    def share(self, summary: Summary) -> Share | None:
        """Return the share of one run; None where nothing could go wrong."""
        block = at(summary, *self.block)
        whole = sum(int(number(at(block, key)) or 0) for key in self.of)
        part = number(at(block, self.key))
        if part is None or whole <= 0:
            return None
        return Share(min(int(part), whole), whole)


Figure = LevelFigure | ShareFigure


@cache
def figures() -> tuple[Figure, ...]:
    """Return every figure that is compared, the most asked for first."""
    return (*_levels(), *_shares())


def _levels() -> Iterator[LevelFigure]:
    yield from _latencies(("latency", _MESSAGE), "delivery", _OFTEN)
    yield from _latencies(("completion", "all", "last"), "last receiver", _OFTEN)
    yield from _latencies(("notifications", "latency"), "notification", _OFTEN)
    yield from _latencies(("service_latency", _MESSAGE), "delivery, from the send", _SELDOM)
    for event in ChatEvent:
        if event.value not in (_MESSAGE, _NOTIFICATION):
            label = event_label(event.value)
            yield from _latencies(("latency", event.value), label, _SELDOM)
    for action, label in _SESSIONS.items():
        yield from _latencies(("sessions", action), label, _SELDOM)
    for action in _actions():
        yield from _latencies(("actions", action), action_label(action), _SELDOM)
    yield from _latencies(("recovery",), "recovery", _SELDOM)
    yield from _latencies(("push", "latency"), "push", _SELDOM)
    yield from _latencies(("generator", "lag"), "generator lag", _OFTEN[::2])


def _latencies(block: tuple[str, ...], label: str, keys: tuple[str, ...]) -> Iterator[LevelFigure]:
    for key in keys:
        path = ".".join((*block, key))
        yield LevelFigure(path, f"{label} {key.removesuffix('_ms')}", "ms", block, key)


def _shares() -> Iterator[ShareFigure]:
    for key, of in (("lost", "lost"), ("late", "late"), ("duplicate", "twice")):
        yield _share(("ledger", _MESSAGE), key, f"messages {of}", ("expected",))
    yield _share(("ledger", _MESSAGE), "out_of_order", "messages out of order", ("expected",))
    for key in ("missed", "duplicate", "spurious"):
        yield _share(("notifications",), key, f"notifications {key}", ("expected",))
    for event in ChatEvent:
        if event.value not in (_MESSAGE, _NOTIFICATION):
            label = f"{event_label(event.value)}, lost"
            yield _share(("ledger", event.value), "lost", label, ("expected",))
    for action, label in _SESSIONS.items():
        yield _share(("sessions", action), "errors", f"{label}, errors", ("count", "errors"))
    for action in _actions():
        label = f"{action_label(action)}, errors"
        yield _share(("actions", action), "errors", label, ("count", "errors"))
    yield _share(("push",), "missed", "pushes missed", ("expected",))


def _share(block: tuple[str, ...], key: str, label: str, of: tuple[str, ...]) -> ShareFigure:
    return ShareFigure(".".join((*block, key)), label, block, key, of)


def _actions() -> Iterator[str]:
    for action in Action:
        if action.value not in _SESSIONS:
            yield action.value
