"""A deployment that carries a known load, for searches that take no time."""

import math
from dataclasses import dataclass
from random import Random
from typing import Protocol

from loadtest.capacity.search import Outcome, Search, SearchSettings, Stop, StoppedBy

__all__ = ["Deployment", "Found", "Judge", "searched"]

_MOST_TRIALS = 60
_GENERATOR_JITTER = 0.03


@dataclass(frozen=True, slots=True)
class Deployment:
    """What decides the outcome of a trial, by arithmetic alone."""

    limit: float
    jitter: float = 0.0
    """Standard deviation of ln(limit) from trial to trial."""
    generator_limit: float = math.inf
    """From about this load on the generator is late."""

    def outcome(self, load: float, rng: Random) -> Outcome:
        """Return what a trial at ``load`` shows."""
        if load > self.generator_limit * math.exp(_GENERATOR_JITTER * rng.gauss(0, 1)):
            return Outcome.INVALID
        limit = self.limit * math.exp(self.jitter * rng.gauss(0, 1))
        return Outcome.PASS if load <= limit else Outcome.FAIL


class Judge(Protocol):
    """Anything that decides outcomes."""

    def outcome(self, load: float, rng: Random) -> Outcome:
        """Return what a trial at ``load`` shows."""


@dataclass(frozen=True, slots=True)
class Found:
    """How a search ended."""

    search: Search
    by: StoppedBy
    trials: int

    def contains(self, limit: float) -> bool:
        """Return whether the interval does."""
        low, high = self.search.interval
        return low <= limit <= high

    def is_near(self, limit: float, ratio: float = 0.1) -> bool:
        """Return whether the estimate is that close to ``limit``."""
        return abs(self.search.estimate / limit - 1) <= ratio


def searched(deployment: Judge, settings: SearchSettings, seed: int) -> Found:
    """Return the whole search on a deployment."""
    rng, search = Random(seed), Search(settings)
    for count in range(_MOST_TRIALS):
        decision = search.decide()
        if isinstance(decision, Stop):
            return Found(search, decision.by, count)
        search.note(decision.load, deployment.outcome(decision.load, rng))
    raise AssertionError(f"no end after {_MOST_TRIALS} trials")
