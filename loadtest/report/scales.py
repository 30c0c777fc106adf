"""Where a value stands on an axis, and which values an axis names.

A scale maps its own range onto 0..1 and nothing else; pixels, colours and text are the
chart's affair.
"""

import math
from dataclasses import dataclass
from typing import Protocol

__all__ = ["LinearScale", "LogScale", "Scale", "counting_scale", "decades_scale", "seconds_scale"]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
_DAY_S = 86_400


class Scale(Protocol):
    """An axis: its ticks, and the place of a value on it."""

    @property
    def ticks(self) -> tuple[float, ...]:
        """The values that the axis names."""

    def place(self, value: float) -> float:
        """Return where ``value`` stands, 0 at the low end and 1 at the high end."""


@dataclass(frozen=True, slots=True)
class LinearScale:
    """Equal steps take equal room."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Return where ``value`` stands, 0 at the low end and 1 at the high end."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class LogScale:
    """Equal factors take equal room; what is below the low end stands at the low end."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Return where ``value`` stands, 0 at the low end and 1 at the high end."""
        return math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)


def counting_scale(highest: float, most_ticks: int = 5) -> LinearScale:
    """Return a scale from 0 to a round number at or above ``highest``."""
    if highest <= 0:
        return LinearScale(0, 1, (0, 1))
    raw = highest / most_ticks
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(magnitude * factor for factor in _STEPS if magnitude * factor >= raw * (1 - 1e-9))
    steps = math.ceil(highest / step - 1e-9)
    return LinearScale(0, steps * step, tuple(number * step for number in range(steps + 1)))


def seconds_scale(last_s: float, most_ticks: int = 8) -> LinearScale:
    """Return a scale over a run of ``last_s`` seconds, with ticks at round times."""
    last_s = max(last_s, 1)
    days = range(_DAY_S, math.ceil(last_s) + 2 * _DAY_S, _DAY_S)
    step = next(step for step in (*_SECONDS, *days) if last_s / step <= most_ticks)
    ticks = tuple(float(second) for second in range(0, math.floor(last_s) + 1, step))
    return LinearScale(0, last_s, ticks)


def decades_scale(lowest: float, highest: float) -> LogScale:
    """Return a logarithmic scale around two positive values, with ticks at 1, 2 and 5."""
    exponents = range(math.floor(math.log10(lowest)) - 1, math.ceil(math.log10(highest)) + 2)
    marks = [factor * 10.0**exponent for exponent in exponents for factor in (1, 2, 5)]
    low = max(mark for mark in marks if mark <= lowest * (1 + 1e-9))
    high = min(mark for mark in marks if mark >= highest * (1 - 1e-9) and mark > low)
    within = tuple(mark for mark in marks if low <= mark <= high)
    # Over more than three decades 2 and 5 would crowd the axis.
    decades = tuple(mark for mark in within if math.log10(mark) % 1 < 1e-9)
    return LogScale(low, high, decades if high / low > 1000 else within)
