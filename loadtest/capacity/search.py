"""Which load to try next, or why to stop.

The loads go up by a fixed factor until one fails (or down until one passes). From then on each load
is the median of what the outcomes so far say of the limit: there a trial tells most. The search
never looks at a clock and starts nothing: it is told outcomes and answers with a decision, so that
the same outcomes give the same search, also after a pause.

An invalid trial says nothing about the server. If it was invalid because of its load, no load from
there on can be measured, once it was invalid there twice; if a higher load was measured before, it
was an accident. If its load was not the reason (it was too short, say), the same load is tried
again.
"""

import math
from dataclasses import dataclass
from enum import Enum

from loadtest.capacity.posterior import Posterior

__all__ = [
    "Decision",
    "Next",
    "Outcome",
    "Phase",
    "Search",
    "SearchSettings",
    "Stop",
    "StoppedBy",
    "rounded",
]

_DIGITS = 3
# So many trials in a row, or in all, that said nothing: the generator is not fit for the search.
_INVALID_IN_A_ROW = 3
_INVALID_IN_ALL = 6
# A load is lowered by this factor for each trial in a row that was spoiled there by accident.
_BACK_OFF = 0.97
# The limit may be as far outside of the loads that are visited.
_MARGIN = 2.0


class Outcome(Enum):
    """What a trial says about the server."""

    PASS = "pass"
    FAIL = "fail"
    INVALID = "invalid"
    """Nothing: the generator or its clocks were the limit, or there were too few samples."""


class Phase(Enum):
    """Why a load is tried."""

    BRACKET = "looking for a load that fails and one that passes"
    NARROW = "narrowing the interval"
    BELOW_GENERATOR = "below the load that the generator could not carry"
    REPEAT = "once more: the last trial there decided nothing"


class StoppedBy(Enum):
    """What ended a search."""

    PRECISION = "precision"
    BUDGET = "budget"
    GENERATOR = "generator"
    RANGE = "range"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Next:
    """Try this load."""

    load: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class Stop:
    """The search is over."""

    by: StoppedBy


Decision = Next | Stop


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Between which loads to search, and how exactly."""

    first: float
    """The load of the first trial."""
    lowest: float
    """If this one fails, the search is over."""
    highest: float
    """If this one passes, the search is over."""
    precision: float = 0.1
    """Both ends of the interval are so close to the estimate, as a ratio."""
    level: float = 0.95
    """With which probability the limit is in the interval."""
    step: float = 2.0
    """The factor between loads until the limit is bracketed."""

    def loads(self) -> tuple[float, ...]:
        """Return the loads that are visited as long as nothing fails, the first one included."""
        loads = [self.first]
        while loads[-1] < self.highest:
            loads.append(min(self.highest, rounded(loads[-1] * self.step)))
        return tuple(loads)


class Search:
    """One search, from the outcomes of its trials."""

    def __init__(self, settings: SearchSettings) -> None:
        self.settings = settings
        self._posterior = Posterior(settings.lowest / _MARGIN, settings.highest * _MARGIN)
        self._trials: list[tuple[float, Outcome]] = []
        self._blamed: list[float] = []
        self._is_repeat_due = False

    def note(self, load: float, outcome: Outcome, *, is_load_to_blame: bool = True) -> None:
        """Take the outcome of a trial, and of an invalid one whether its load was the reason."""
        self._trials.append((load, outcome))
        self._is_repeat_due = outcome is Outcome.INVALID and not is_load_to_blame
        if outcome is Outcome.INVALID and is_load_to_blame:
            self._blamed.append(load)
        if outcome is not Outcome.INVALID:
            self._posterior.update(load, is_passed=outcome is Outcome.PASS)

    @property
    def estimate(self) -> float:
        """The limit that is as likely too high as too low."""
        return self._posterior.median

    @property
    def interval(self) -> tuple[float, float]:
        """Where the limit is, with the probability that the settings name."""
        return self._posterior.interval(self.settings.level)

    @property
    def is_bracketed(self) -> bool:
        """Whether a load has passed and another has failed."""
        return bool(self._loads(Outcome.PASS) and self._loads(Outcome.FAIL))

    @property
    def highest_passed(self) -> float | None:
        """The highest load that passed in every trial there."""
        failed = set(self._loads(Outcome.FAIL))
        return max((load for load in self._loads(Outcome.PASS) if load not in failed), default=None)

    @property
    def lowest_failed(self) -> float | None:
        """The lowest load that failed."""
        return min(self._loads(Outcome.FAIL), default=None)

    @property
    def is_precise(self) -> bool:
        """Whether the interval is as narrow as the settings ask."""
        low, high = self.interval
        most = 1 + self.settings.precision
        return self.is_bracketed and self.estimate / low <= most and high / self.estimate <= most

    def decide(self) -> Decision:
        """Return the next load, or why the search is over."""
        if self.is_precise:
            return Stop(StoppedBy.PRECISION)
        if self._is_hopeless:
            return Stop(StoppedBy.GENERATOR)
        if self._is_repeat_due:
            return Next(self._trials[-1][0], Phase.REPEAT)
        if self.is_bracketed:
            return Next(self._narrowing_load(), Phase.NARROW)
        ceiling = self._generator_ceiling
        if ceiling is not None and not self._loads(Outcome.FAIL):
            return self._below_generator(ceiling)
        return self._bracketing()

    def _bracketing(self) -> Decision:
        settings, passed = self.settings, self._loads(Outcome.PASS)
        failed = self._loads(Outcome.FAIL)
        if failed:
            if min(failed) <= settings.lowest:
                return Stop(StoppedBy.RANGE)
            below = max(settings.lowest, rounded(min(failed) / settings.step))
            return Next(self._backed_off(below), Phase.BRACKET)
        if not passed:
            return Next(settings.first, Phase.BRACKET)
        if max(passed) >= settings.highest:
            return Stop(StoppedBy.RANGE)
        load = min(settings.highest, rounded(max(passed) * settings.step))
        return Next(load, Phase.BRACKET)

    def _below_generator(self, ceiling: float) -> Decision:
        passed = max(self._loads(Outcome.PASS), default=None)
        if passed is None:
            load = rounded(ceiling / self.settings.step)
            if load < self.settings.lowest:
                return Stop(StoppedBy.GENERATOR)
            return Next(load, Phase.BELOW_GENERATOR)
        if len(self._blamed) == 1:
            # Somebody else may have used the generator's machine: believed the second time.
            return Next(ceiling, Phase.REPEAT)
        if ceiling / passed <= 1 + self.settings.precision:
            return Stop(StoppedBy.GENERATOR)
        return Next(rounded(math.sqrt(passed * ceiling)), Phase.BELOW_GENERATOR)

    def _narrowing_load(self) -> float:
        load = self._posterior.median
        ceiling = self._generator_ceiling
        if ceiling is not None:
            load = min(load, _BACK_OFF * ceiling)
        return self._backed_off(rounded(load))

    def _backed_off(self, load: float) -> float:
        return rounded(load * _BACK_OFF**self._invalid_in_a_row)

    @property
    def _generator_ceiling(self) -> float | None:
        """The lowest load that could not be measured, unless one from there on could."""
        valid = [load for load, outcome in self._trials if outcome is not Outcome.INVALID]
        measured = max(valid, default=0.0)
        return min((load for load in self._blamed if load > measured), default=None)

    @property
    def _is_hopeless(self) -> bool:
        spoiled = len(self._loads(Outcome.INVALID))
        return self._invalid_in_a_row >= _INVALID_IN_A_ROW or spoiled >= _INVALID_IN_ALL

    @property
    def _invalid_in_a_row(self) -> int:
        count = 0
        for _, outcome in reversed(self._trials):
            if outcome is not Outcome.INVALID:
                break
            count += 1
        return count

    def _loads(self, outcome: Outcome) -> list[float]:
        return [load for load, each in self._trials if each is outcome]


def rounded(load: float) -> float:
    """Return a load with as many digits as a person wants to read."""
    digits = _DIGITS - 1 - math.floor(math.log10(load))
    return round(load, digits)
