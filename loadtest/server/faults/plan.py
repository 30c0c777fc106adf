"""What a server is told to do wrong: every fault by its key, typed and checked.

A plan is a flat list of keys and numbers, the same on the command line and over HTTP. A fault that
concerns events takes an event type behind its key, as in ``drop.channel.message.created``; without
one it holds for all types that have no number of their own. 0 turns a fault off. All
problems of a plan are reported together.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from loadtest.errors import UsageError

__all__ = ["EVENT_TYPES", "ORDERED_TYPES", "PUSH", "FaultPlan", "Numbers", "number_for"]

PUSH = "push"
"""Stands for the calls of the push webhook where an event type is asked for."""

ORDERED_TYPES = ("channel.message.created", "thread.keystrokes.created")
"""Events that a sender puts in an order, so that reordering them means something."""

EVENT_TYPES = (
    *ORDERED_TYPES,
    "channel.message.updated",
    "channel.message.deleted",
    "channel.self.updated",
    "channel.self.deleted",
    "channel.event.triggered",
    "channel.member.joined",
    "channel.member.left",
    "channel.participant.active",
    "channel.participant.inactive",
    "thread.typing.started",
    "thread.typing.stopped",
    "message.read_receipt.created",
    "message.read_receipt.deleted",
    "message.reaction.created",
    "message.reaction.removed",
    "participant.presence.changed",
    "participant.typing.started",
    "participant.typing.stopped",
    "contact.presence.changed",
    "me.channel.left",
    "user.channel.created",
    "user.channel.deleted",
    "user.channel.hidden",
    "user.channel.history_cleared",
    "user.channel.joined",
    "user.channel.left",
    "user.channel.muted",
    "user.channel.unmuted",
    "user.channel.updated",
    "user.channel.upserted",
    "user.message.created",
    "user.message.updated",
    "user.message.deleted",
    "user.notification.created",
    "user.self.updated",
    "user.user.invited",
)
"""Every event type that this server publishes."""

Numbers = Mapping[str, float]
"""Numbers by event type; the one for all other types has the empty string."""

_ALL = ""
_NONE: Numbers = MappingProxyType({})
_MAX_S = 600.0
_MAX_MS = 1_000 * _MAX_S
_MAX_PER_S = 1_000_000.0


@dataclass(frozen=True, slots=True)
class _Rule:
    """What may stand for one key."""

    meaning: str
    lowest: float
    highest: float
    types: tuple[str, ...] = ()
    """The event types that may stand behind it."""

    def problem(self, key: str, number: float) -> str | None:
        if self.lowest <= number <= self.highest:
            return None
        return f"fault {key} is {number:g}; it must be {self.lowest:g} to {self.highest:g}"


def _no_numbers() -> Numbers:
    return _NONE


def _rule(
    meaning: str, highest: float, lowest: float = 0.0, types: tuple[str, ...] = ()
) -> dict[str, _Rule]:
    return {"rule": _Rule(meaning, lowest, highest, types)}


def _by_type(
    meaning: str, highest: float, types: tuple[str, ...] = (*EVENT_TYPES, PUSH)
) -> dict[str, _Rule]:
    return _rule(meaning, highest, types=types)


@dataclass(frozen=True)
class FaultPlan:
    """All faults that are on, and how strong.

    Raises:
        UsageError: A number is impossible, or two do not go together; every problem is named.
    """

    drop: Numbers = field(
        default_factory=_no_numbers, metadata=_by_type("share of copies that are not sent", 1.0)
    )
    duplicate: Numbers = field(
        default_factory=_no_numbers, metadata=_by_type("share of copies that are sent twice", 1.0)
    )
    reorder: Numbers = field(
        default_factory=_no_numbers,
        metadata=_by_type(
            "share of copies that are sent behind the sender's next one", 1.0, ORDERED_TYPES
        ),
    )
    delay_ms: Numbers = field(
        default_factory=_no_numbers, metadata=_by_type("wait of every copy", _MAX_MS)
    )
    jitter_ms: Numbers = field(
        default_factory=_no_numbers,
        metadata=_by_type("longest further wait of a copy, evenly spread from 0", _MAX_MS),
    )
    reorder_limit_ms: float = field(
        default=4_000.0, metadata=_rule("longest wait for the sender's next one", _MAX_MS, 1.0)
    )
    spurious_notification: float = field(
        default=0.0,
        metadata=_rule("share of members with a chat session who are notified all the same", 1.0),
    )
    session_end_lag_ms: float = field(
        default=0.0, metadata=_rule("how late the end of a chat session is noticed", _MAX_MS)
    )
    unsubscribe_lag_ms: float = field(
        default=0.0, metadata=_rule("for how long a topic goes on after its UNSUBSCRIBE", _MAX_MS)
    )
    rate_limit: float = field(
        default=0.0, metadata=_rule("share of actions refused as RateLimitedError", 1.0)
    )
    cool_off_ms: float = field(
        default=1_000.0, metadata=_rule("cool-off that such a refusal names", _MAX_MS)
    )
    refuse_connect: float = field(
        default=0.0, metadata=_rule("share of CONNECT frames answered with ERROR", 1.0)
    )
    refuse_socket: float = field(
        default=0.0, metadata=_rule("share of sockets closed during the handshake", 1.0)
    )
    cuts_per_min: float = field(
        default=0.0, metadata=_rule("connections cut, evenly spaced", 60_000.0)
    )
    stall_s: float = field(default=0.0, metadata=_rule("length of a stall of the server", _MAX_S))
    stall_every_s: float = field(
        default=0.0, metadata=_rule("period of the stalls, from start to start", 10 * _MAX_S)
    )
    deliveries_per_s: float = field(
        default=0.0, metadata=_rule("copies sent at most, the others queue", _MAX_PER_S)
    )
    actions_per_s: float = field(
        default=0.0, metadata=_rule("actions done at most, the others queue", _MAX_PER_S)
    )

    def __post_init__(self) -> None:
        problems = [*self._number_problems(), *self._joint_problems()]
        if problems:
            raise UsageError(*problems)

    @property
    def touches_copies(self) -> bool:
        """Whether copies of events are to be sent otherwise than at once and once."""
        by_type = (self.drop, self.duplicate, self.reorder, self.delay_ms, self.jitter_ms)
        return bool(any(by_type) or self.deliveries_per_s or self.spurious_notification)

    @staticmethod
    def meanings() -> dict[str, str]:
        """Return the meaning of every key."""
        return {each.name: _rule_of(each).meaning for each in fields(FaultPlan)}

    def changed(self, settings: Iterable[tuple[str, str]]) -> "FaultPlan":
        """Return this plan with some numbers changed, given as pairs of key and text.

        Raises:
            UsageError: A key does not exist, a text is no number, or the plan became impossible.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for key, text in settings:
            name, _, event_type = key.partition(".")
            try:
                number = _number(key, name, event_type, text)
            except UsageError as error:
                problems += error.problems
                continue
            if _rule_of(_FIELDS[name]).types:
                known = values.get(name, getattr(self, name))
                values[name] = _without_needless_zeros({**known, event_type: number})
            else:
                values[name] = number
        if problems:
            raise UsageError(*problems)
        return replace(self, **values)

    def as_json(self) -> dict[str, float]:
        """Return what was set to something else than its default, by key."""
        return {key: number for key, number in self._numbers() if number != _default_of(key)}

    def _numbers(self) -> Iterator[tuple[str, float]]:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Mapping):
                for event_type, number in value.items():
                    yield f"{each.name}.{event_type}" if event_type else each.name, number
            else:
                yield each.name, value

    def _number_problems(self) -> Iterator[str]:
        for key, number in self._numbers():
            problem = _rule_of(_FIELDS[key.partition(".")[0]]).problem(key, number)
            if problem is not None:
                yield problem

    def _joint_problems(self) -> Iterator[str]:
        named = {*self.drop, *self.duplicate, *self.reorder}
        for event_type in sorted(named):
            shares = [number_for(each, event_type) for each in (self.drop, self.duplicate)]
            if event_type in (_ALL, *ORDERED_TYPES):
                shares.append(number_for(self.reorder, event_type))
            # Binary fractions: 0.7 + 0.2 + 0.1 is not above 1. A share that is wrong by itself is
            # another problem.
            if sum(shares) > 1.0 + 1e-9 and max(shares) <= 1.0:
                name = event_type or "all events"
                yield (
                    f"faults drop, duplicate and reorder of {name} add up to {sum(shares):g}; they "
                    "must be at most 1 together, as a copy has one fate"
                )
        if bool(self.stall_s) != bool(self.stall_every_s):
            yield "faults stall_s and stall_every_s must be given together"
        elif self.stall_s and not self.stall_s < self.stall_every_s:
            yield (
                f"fault stall_s is {self.stall_s:g} s; it must be below stall_every_s "
                f"({self.stall_every_s:g} s)"
            )


def _without_needless_zeros(numbers: dict[str, float]) -> Numbers:
    # A 0 says something only if it exempts a type from what holds for all.
    kept = {key: number for key, number in numbers.items() if number or (key and numbers.get(_ALL))}
    return MappingProxyType(kept)


def number_for(numbers: Numbers, event_type: str) -> float:
    """Return the number that holds for one event type."""
    number = numbers.get(event_type)
    return numbers.get(_ALL, 0.0) if number is None else number


def _rule_of(each: "Field[Any]") -> _Rule:
    rule: _Rule = each.metadata["rule"]
    return rule


_FIELDS = {each.name: each for each in fields(FaultPlan)}


def _default_of(key: str) -> float:
    default = _FIELDS[key.partition(".")[0]].default
    # What is by type has no number unless it was given one, and a 0 may undo the one for all.
    return default if isinstance(default, float) else math.nan


def _number(key: str, name: str, event_type: str, text: str) -> float:
    found = _FIELDS.get(name)
    if found is None:
        raise UsageError(f"fault {key!r} does not exist; there are {', '.join(_FIELDS)}")
    rule = _rule_of(found)
    types = rule.types
    if event_type and not types:
        raise UsageError(f"fault {key!r} does not exist; {name} takes no event type")
    if event_type and event_type not in types:
        raise UsageError(
            f"fault {key!r} does not exist; {name} can be of {', '.join(types)}, or of all"
        )
    try:
        number = float(text)
    except ValueError as error:
        raise UsageError(f"fault {key} is {text!r}; it must be a number") from error
    problem = rule.problem(key, number)
    if problem is not None:
        raise UsageError(problem)
    return number
