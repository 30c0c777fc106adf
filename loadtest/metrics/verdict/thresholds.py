"""What must hold, as expressions over the figures of a summary.

    threshold  = value comparison number
    value      = figure | "ratio(" subject ")"
    figure     = the path of a number in summary.json, such as
                 latency.channel.message.created.p99_ms or notifications.missed
    subject    = "ledger." event type | "notifications" | "push"      (delivered of expected)
    comparison = "<" | "<=" | ">" | ">=" | "==" | "!="

A number has the unit that ends the figure's name. One rule: an expression is read, and its figure
looked for among those that exist, before a run begins. A percentile needs samples beyond it: at
least ten, that is ``10 * 100 / (100 - p)`` in all, 20 for p50, 1,000 for p99 and 10,000 for p999.
With fewer, the threshold is neither held nor broken. Nor does a threshold hold because nothing
happened: no loss among no deliveries says nothing.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, inf, isinf
from typing import Any

from loadtest.errors import UsageError
from loadtest.metrics.catalogue.declaration import PERCENTILES
from loadtest.metrics.catalogue.lookup import all_figures, alternatives, figure_named
from loadtest.metrics.catalogue.values import NEVER

__all__ = [
    "SAMPLES_BEYOND",
    "Threshold",
    "ThresholdResult",
    "number_at",
    "parse",
    "samples_needed",
]

SAMPLES_BEYOND = 10
"""How many samples must lie beyond a percentile that decides a verdict."""

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_EXPRESSION = re.compile(
    r"\s*(?:ratio\(\s*(?P<subject>[^\s()]+)\s*\)|(?P<figure>[^\s()<>=!]+))\s*"
    r"(?P<comparison><=|>=|==|!=|<|>)\s*(?P<limit>\S+)\s*"
)


@dataclass(frozen=True, slots=True)
class ThresholdResult:
    """How a run stood against one threshold."""

    threshold: "Threshold"
    value: float | None
    held: bool | None
    """None: it cannot be said, for want of samples."""
    samples: int | None
    """How many values the figure comes from; None where that means nothing."""
    needed: int

    @property
    def shown_value(self) -> float | str | None:
        """The value as a summary holds it."""
        return NEVER if self.value is not None and isinf(self.value) else self.value

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of ``summary.json``."""
        return {
            "expression": self.threshold.expression,
            "value": self.shown_value,
            "held": self.held,
            "samples": self.samples,
        }


@dataclass(frozen=True, slots=True)
class Threshold:
    """One expression that must hold."""

    expression: str
    figure: str
    """Path of the figure."""
    comparison: str
    limit: float

    def evaluate(self, summary: Mapping[str, Any]) -> ThresholdResult:
        """Return how a run with this ``summary`` stood."""
        value, samples = number_at(summary, self.figure), _samples(summary, self.figure)
        needed = samples_needed(self.figure)
        held = None
        if value is not None and (samples is None or samples >= needed):
            held = _COMPARISONS[self.comparison](value, self.limit)
            if held and samples == 0:
                held = None
        return ThresholdResult(self, value, held, samples, needed)


def parse(expression: str) -> Threshold:
    """Return the threshold that ``expression`` states.

    Raises:
        UsageError: it is no threshold, or its figure does not exist.
    """
    match = _EXPRESSION.fullmatch(expression)
    if match is None:
        raise UsageError(
            f"threshold {expression!r} cannot be read; write FIGURE COMPARISON NUMBER, "
            "such as 'latency.channel.message.created.p99_ms < 250'"
        )
    try:
        limit = float(match["limit"])
    except ValueError:
        limit = float("nan")
    if limit != limit or limit in (float("inf"), float("-inf")):
        raise UsageError(f"threshold {expression!r} compares with {match['limit']!r}, not a number")
    name = match["figure"] or f"{match['subject']}.delivery_ratio"
    figure = figure_named(name)
    if figure is None:
        raise UsageError(
            f"threshold {expression!r} names {name!r}, which is no figure; {alternatives(name)}"
        )
    return Threshold(expression.strip(), figure.path, match["comparison"], limit)


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


def _samples(summary: Mapping[str, Any], path: str) -> int | None:
    """Return how many values a figure rests on; None where that means nothing."""
    parts = all_figures()[path].samples
    if not parts:
        return None
    return sum(int(number_at(summary, part) or 0) for part in parts)
