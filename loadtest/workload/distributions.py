"""Distributions of durations, sizes and counts.

Each is frozen, checks its parameters when it is made, and draws from a stream that it is given. The
unit is the caller's. A distribution is written in a profile as a number (always that value) or as a
table with ``kind`` and the parameters; ``distribution_from_setting`` reads it.

Not here: fitting to data, and rates in time (see ``arrivals``).
"""

import dataclasses
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from loadtest.errors import UsageError
from loadtest.workload.randomness import RandomStream, cumulative_weights
from loadtest.workload.settings import is_number, not_above_zero, not_known, refuse

__all__ = [
    "Distribution",
    "Exponential",
    "Fixed",
    "LogNormal",
    "Uniform",
    "WeightedTable",
    "Zipf",
    "distribution_from_setting",
    "setting_from_distribution",
]


def _not_finite(name: str, value: float) -> str | None:
    return None if math.isfinite(value) else f"{name} is {value}; it must be a finite number"


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same value."""

    kind: ClassVar[str] = "fixed"
    value: float

    def __post_init__(self) -> None:
        refuse((_not_finite("value", self.value),))

    @property
    def lowest(self) -> float:
        """The smallest value that can be drawn."""
        return self.value

    @property
    def highest(self) -> float:
        """The largest value that can be drawn."""
        return self.value

    def expectation(self) -> float:
        """Return the mean of all draws."""
        return self.value

    def sample(self, rng: RandomStream) -> float:
        """Draw a value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any value between ``low`` and ``high``, all alike."""

    kind: ClassVar[str] = "uniform"
    low: float
    high: float

    def __post_init__(self) -> None:
        refuse(
            (
                _not_finite("low", self.low),
                _not_finite("high", self.high),
                f"high is {self.high:g}; it must be at least low ({self.low:g})"
                if self.high < self.low
                else None,
            )
        )

    @property
    def lowest(self) -> float:
        """The smallest value that can be drawn."""
        return self.low

    @property
    def highest(self) -> float:
        """The largest value that can be drawn."""
        return self.high

    def expectation(self) -> float:
        """Return the mean of all draws."""
        return (self.low + self.high) / 2

    def sample(self, rng: RandomStream) -> float:
        """Draw a value."""
        return self.low + (self.high - self.low) * rng.uniform()


@dataclass(frozen=True, slots=True)
class Exponential:
    """Waiting times without memory: many short ones, few long ones."""

    kind: ClassVar[str] = "exponential"
    lowest: ClassVar[float] = 0.0
    highest: ClassVar[float] = math.inf
    mean: float

    def __post_init__(self) -> None:
        refuse((not_above_zero("mean", self.mean),))

    def expectation(self) -> float:
        """Return the mean of all draws."""
        return self.mean

    def sample(self, rng: RandomStream) -> float:
        """Draw a value."""
        return rng.exponential(self.mean)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Values that vary by factors around ``median``: two thirds lie within ``exp(sigma)`` of it."""

    kind: ClassVar[str] = "lognormal"
    lowest: ClassVar[float] = 0.0
    highest: ClassVar[float] = math.inf
    median: float
    sigma: float

    def __post_init__(self) -> None:
        refuse(
            (
                not_above_zero("median", self.median),
                f"sigma is {self.sigma:g}; it must be above 0 and at most 5"
                if not 0 < self.sigma <= 5
                else None,
            )
        )

    def expectation(self) -> float:
        """Return the mean of all draws."""
        return self.median * math.exp(self.sigma**2 / 2)

    def sample(self, rng: RandomStream) -> float:
        """Draw a value."""
        return self.median * math.exp(self.sigma * rng.normal())


@dataclass(frozen=True, slots=True)
class WeightedTable:
    """The ``values``, each as often as its weight says."""

    kind: ClassVar[str] = "table"
    values: tuple[float, ...]
    weights: tuple[float, ...]
    _cumulative: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        refuse(
            (
                "values is empty; it must hold at least one number" if not self.values else None,
                *(_not_finite("values", value) for value in self.values),
                f"weights has {len(self.weights)} numbers; it must have one for each of the"
                f" {len(self.values)} values"
                if len(self.weights) != len(self.values)
                else None,
                f"weights is {list(self.weights)}; no weight may be below 0, and their sum must be"
                " above 0"
                if any(not 0 <= weight < math.inf for weight in self.weights)
                or sum(self.weights, 0.0) <= 0
                else None,
            )
        )
        object.__setattr__(self, "_cumulative", cumulative_weights(self.weights))

    @property
    def lowest(self) -> float:
        """The smallest value that can be drawn."""
        return min(v for v, weight in zip(self.values, self.weights, strict=True) if weight > 0)

    @property
    def highest(self) -> float:
        """The largest value that can be drawn."""
        return max(v for v, weight in zip(self.values, self.weights, strict=True) if weight > 0)

    def expectation(self) -> float:
        """Return the mean of all draws."""
        pairs = zip(self.values, self.weights, strict=True)
        return sum(value * weight for value, weight in pairs) / sum(self.weights)

    def sample(self, rng: RandomStream) -> float:
        """Draw a value."""
        return self.values[rng.weighted_index(self._cumulative)]


@dataclass(frozen=True, slots=True)
class Zipf:
    """Whole numbers from ``low`` to ``high``; ``n`` comes as often as ``n ** -exponent`` says."""

    kind: ClassVar[str] = "zipf"
    exponent: float
    low: int
    high: int
    _cumulative: tuple[float, ...] = field(init=False, repr=False, compare=False)

    # Weights are kept in a table; this bounds it to a few megabytes.
    _HIGHEST: ClassVar[int] = 100_000

    def __post_init__(self) -> None:
        refuse(
            (
                f"exponent is {self.exponent:g}; it must be above 0 and at most 10"
                if not 0 < self.exponent <= 10
                else None,
                f"low is {self.low}; it must be at least 1" if self.low < 1 else None,
                f"high is {self.high}; it must be from low ({self.low}) to {self._HIGHEST}"
                if not self.low <= self.high <= self._HIGHEST
                else None,
            )
        )
        weights = [math.pow(number, -self.exponent) for number in range(self.low, self.high + 1)]
        object.__setattr__(self, "_cumulative", cumulative_weights(weights))

    @property
    def lowest(self) -> float:
        """The smallest value that can be drawn."""
        return self.low

    @property
    def highest(self) -> float:
        """The largest value that can be drawn."""
        return self.high

    def expectation(self) -> float:
        """Return the mean of all draws."""
        weighted = math.fsum(
            n * math.pow(n, -self.exponent) for n in range(self.low, self.high + 1)
        )
        return weighted / self._cumulative[-1]

    def sample(self, rng: RandomStream) -> float:
        """Draw a value."""
        return self.low + bisect_right(self._cumulative, rng.uniform() * self._cumulative[-1])


Distribution = Fixed | Uniform | Exponential | LogNormal | WeightedTable | Zipf

_KINDS: Mapping[str, Callable[..., Distribution]] = {
    kind.kind: kind for kind in (Exponential, Fixed, LogNormal, WeightedTable, Uniform, Zipf)
}
_LISTS = frozenset({"values", "weights"})
_WHOLE = frozenset({"low", "high"})


def _parameter(kind: str, name: str, value: object) -> object:
    """Return a parameter as its distribution wants it.

    Raises:
        UsageError: The value is of another type.
    """
    if name in _LISTS:
        items = value if isinstance(value, Sequence) and not isinstance(value, str) else (None,)
        if all(is_number(item) for item in items):
            return tuple(items)
        raise UsageError(f"{name} is {value!r}; it must be a list of numbers")
    if kind == Zipf.kind and name in _WHOLE:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise UsageError(f"{name} is {value!r}; it must be a whole number")
    if is_number(value):
        return value
    raise UsageError(f"{name} is {value!r}; it must be a number")


def distribution_from_setting(setting: object) -> Distribution:
    """Return the distribution that a profile asks for: a number, or a table with ``kind``.

    Raises:
        UsageError: It is none; each problem begins with the parameter's name.
    """
    if isinstance(setting, int | float) and not isinstance(setting, bool):
        return Fixed(setting)
    if not isinstance(setting, Mapping):
        raise UsageError(f"value is {setting!r}; it must be a number or a table with kind")
    parameters = dict(setting)
    kind = parameters.pop("kind", None)
    if kind not in _KINDS:
        raise UsageError(f"kind is {kind!r}; it must be one of {', '.join(_KINDS)}")
    made_by = _KINDS[kind]
    known = [item.name for item in dataclasses.fields(made_by) if item.init]  # type: ignore[arg-type]
    problems = [not_known(kind, name, known) for name in parameters if name not in known]
    problems += [f"{name} is missing; {kind} needs it" for name in known if name not in parameters]
    values: dict[str, object] = {}
    for name in known:
        if name in parameters:
            try:
                values[name] = _parameter(kind, name, parameters[name])
            except UsageError as error:
                problems += error.problems
    refuse(problems)
    return made_by(**values)


def setting_from_distribution(distribution: Distribution) -> float | dict[str, object]:
    """Return what a profile writes for ``distribution``; the inverse of reading it."""
    if isinstance(distribution, Fixed):
        return distribution.value
    names = [item.name for item in dataclasses.fields(distribution) if item.init]
    values = {name: getattr(distribution, name) for name in names}
    return {"kind": distribution.kind} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }
