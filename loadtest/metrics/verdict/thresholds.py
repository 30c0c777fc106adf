"""How a run stood against its thresholds.

A percentile needs samples beyond it: at least ten, that is ``10 * 100 / (100 - p)`` in all, 20 for
p50, 1,000 for p99 and 10,000 for p999. With fewer, the threshold is neither held nor broken; nor is
it where the limit lies within the percentile's own uncertainty. Nor does a threshold hold because
nothing happened: no loss among no deliveries says nothing. How a threshold is written is in
``grammar``.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, inf, isinf
from typing import Any

from loadtest.metrics.catalogue.declaration import PERCENTILES
from loadtest.metrics.catalogue.lookup import all_figures
from loadtest.metrics.catalogue.values import NEVER
from loadtest.metrics.verdict.grammar import Threshold
from loadtest.metrics.verdict.intervals import Distribution, percentile_interval_ms

__all__ = [
    "SAMPLES_BEYOND",
    "ThresholdResult",
    "evaluate",
    "number_at",
    "samples_needed",
    "shown_value",
]

SAMPLES_BEYOND = 10
"""How many samples must lie beyond a percentile that decides a verdict."""

Interval = tuple[float, float]

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """How a run stood against one threshold."""

    threshold: Threshold
    value: float | None
    """Infinite: it never happened."""
    held: bool | None
    """None: it cannot be said, for want of samples or because the limit is too near."""
    samples: int | None
    """How many values the figure comes from; None where that means nothing."""
    needed: int
    interval: Interval | None = None
    """Within which the percentile lies, as far as so many samples tell; None: no percentile."""

    @property
    def has_enough(self) -> bool:
        """Whether there are the samples that the figure needs."""
        return self.value is not None and (self.samples is None or self.samples >= self.needed)

    @property
    def is_near(self) -> bool:
        """Whether the limit lies within the uncertainty of the value."""
        if self.interval is None:
            return False
        holds = _COMPARISONS[self.threshold.comparison]
        low, high = self.interval
        return holds(low, self.threshold.limit) != holds(high, self.threshold.limit)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of ``summary.json``."""
        return {
            "expression": self.threshold.expression,
            "figure": self.threshold.figure,
            "limit": self.threshold.limit,
            "value": shown_value(self.value),
            "held": self.held,
            "samples": self.samples,
            "interval": None
            if self.interval is None
            else [shown_value(each) for each in self.interval],
            "consequence": self.threshold.consequence.value,
        }


def shown_value(value: float | None) -> float | str | None:
    """Return a value as a summary holds it."""
    return NEVER if value is not None and isinf(value) else value


def evaluate(
    threshold: Threshold,
    summary: Mapping[str, Any],
    distribution: Distribution | None = None,
) -> ThresholdResult:
    """Return how a run with this ``summary`` stood.

    Args:
        threshold: What must hold.
        summary: The figures.
        distribution: What the figure is a percentile of, for its uncertainty; None: not known.
    """
    figure = all_figures()[threshold.figure]
    value, samples = number_at(summary, figure.path), _samples(summary, figure.samples)
    needed = samples_needed(figure.path)
    interval = None
    if distribution is not None and figure.percentile is not None and samples:
        interval = percentile_interval_ms(distribution, figure.percentile)
    result = ThresholdResult(threshold, value, None, samples, needed, interval)
    if value is None or not result.has_enough or result.is_near:
        return result
    held = _COMPARISONS[threshold.comparison](value, threshold.limit)
    if held and samples == 0:
        return result
    return ThresholdResult(threshold, value, held, samples, needed, interval)


def samples_needed(figure: str) -> int:
    """Return how many samples ``figure`` needs to decide anything: more for a percentile."""
    percentile = PERCENTILES.get(figure.rpartition(".")[2])
    if percentile is None:
        return 0
    return ceil(round(SAMPLES_BEYOND * 100 / (100 - percentile), 6))


def number_at(summary: Mapping[str, Any], figure: str) -> float | None:
    """Return the number at a path whose names may hold dots themselves; infinite means never."""
    if figure in summary:
        value = summary[figure]
        if value == NEVER:
            return inf
        return value if isinstance(value, int | float) else None
    for name, part in summary.items():
        if isinstance(part, Mapping) and figure.startswith(f"{name}."):
            value = number_at(part, figure[len(name) + 1 :])
            if value is not None:
                return value
    return None


def _samples(summary: Mapping[str, Any], parts: tuple[str, ...]) -> int | None:
    """Return how many values a figure rests on; None where that means nothing."""
    if not parts:
        return None
    return sum(int(number_at(summary, part) or 0) for part in parts)
