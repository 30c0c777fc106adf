"""Decisions about faults: a plan and a seed in, what happens to each thing out.

Pure: nothing here waits, sends or counts. Every question draws from a stream of random
numbers of its own, per fault and event type, so that what happens to messages does not depend on
how many keystrokes there were. A plan that is applied again begins its streams again.
"""

from enum import Enum, auto
from random import Random

from loadtest.clock import NS_PER_MS
from loadtest.server.faults.plan import ORDERED_TYPES, FaultPlan, number_for

__all__ = ["Chance", "Fate", "FaultInjector"]


class Fate(Enum):
    """What happens to one copy of an event."""

    SEND = auto()
    DROP = auto()
    DUPLICATE = auto()
    HOLD = auto()
    """Send it behind the next one."""


class Chance(Enum):
    """Faults that happen or not, by the name of their share in the plan."""

    SPURIOUS_NOTIFICATION = "spurious_notification"
    RATE_LIMIT = "rate_limit"
    REFUSE_CONNECT = "refuse_connect"
    REFUSE_SOCKET = "refuse_socket"


class _TypeRule:
    """What the plan says about one event type, with its two streams."""

    __slots__ = ("delay_ns", "drop", "duplicate", "fates", "hold", "jitter_ns", "jitters")

    def __init__(self, plan: FaultPlan, event_type: str, seed: int) -> None:
        # Upper ends of neighbouring parts of [0, 1), so that one number decides.
        self.drop = number_for(plan.drop, event_type)
        self.duplicate = self.drop + number_for(plan.duplicate, event_type)
        is_ordered = event_type in ORDERED_TYPES
        reorder = number_for(plan.reorder, event_type) if is_ordered else 0.0
        self.hold = self.duplicate + reorder
        self.delay_ns = round(number_for(plan.delay_ms, event_type) * NS_PER_MS)
        self.jitter_ns = round(number_for(plan.jitter_ms, event_type) * NS_PER_MS)
        self.fates = Random(f"{seed}/fate/{event_type}")
        self.jitters = Random(f"{seed}/jitter/{event_type}")


class FaultInjector:
    """Decides, reproducibly.

    Args:
        plan: Which faults are on.
        seed: The same seed, asked the same questions, gives the same answers.
    """

    __slots__ = ("_chances", "_cuts", "_rules", "_seed", "_shares", "plan")

    def __init__(self, plan: FaultPlan, seed: int) -> None:
        self.plan = plan
        self._seed = seed
        self._rules: dict[str, _TypeRule] = {}
        self._shares: dict[Chance, float] = {each: getattr(plan, each.value) for each in Chance}
        self._chances = {each: Random(f"{seed}/{each.value}") for each in Chance}
        self._cuts = Random(f"{seed}/cut")

    def fate(self, event_type: str) -> Fate:
        """Return what happens to the next copy of an event of this type."""
        rule = self._rule(event_type)
        if not rule.hold:
            return Fate.SEND
        number = rule.fates.random()
        if number < rule.drop:
            return Fate.DROP
        if number < rule.duplicate:
            return Fate.DUPLICATE
        return Fate.HOLD if number < rule.hold else Fate.SEND

    def delay_ns(self, event_type: str) -> int:
        """Return how long the next copy of an event of this type is delayed, 0 for not at all."""
        rule = self._rule(event_type)
        if not rule.jitter_ns:
            return rule.delay_ns
        return rule.delay_ns + rule.jitters.randrange(rule.jitter_ns + 1)

    def can_happen(self, chance: Chance) -> bool:
        """Tell whether a fault is on at all."""
        return self._shares[chance] > 0

    def happens(self, chance: Chance) -> bool:
        """Tell whether a fault happens this time."""
        share = self._shares[chance]
        return share > 0 and self._chances[chance].random() < share

    def pick(self, count: int) -> int:
        """Return the index of the next of ``count`` connections to cut."""
        return self._cuts.randrange(count)

    def _rule(self, event_type: str) -> _TypeRule:
        rule = self._rules.get(event_type)
        if rule is None:
            rule = self._rules[event_type] = _TypeRule(self.plan, event_type, self._seed)
        return rule
