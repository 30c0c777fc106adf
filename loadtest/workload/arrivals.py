"""When the arrivals of an open workload are due.

A schedule never looks at a server: a slow server cannot slow down the users whom it keeps waiting.
Each kind yields offsets in nanoseconds after its start, in order, lazily and without an end.
Offsets on a grid come from their number, never from adding up gaps, so that a soak does not drift.

Not here: who arrives, and what is done then (see ``schedule``). Nothing here reads a clock.
"""

import dataclasses
import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import ClassVar, Self

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.workload.randomness import RandomStream
from loadtest.workload.settings import is_number, not_above_zero, not_known, refuse

__all__ = [
    "Arrivals",
    "Bursts",
    "Curve",
    "Even",
    "Poisson",
    "arrivals_from_setting",
    "setting_from_arrivals",
]


_NEVER_S = 1e9  # decades: a rate that small is none


def _bad_phase(phase_ratio: float | None) -> str | None:
    if phase_ratio is None or 0 <= phase_ratio < 1:
        return None
    return f"phase_ratio is {phase_ratio:g}; it must be from 0 to below 1"


@dataclass(frozen=True, slots=True)
class Poisson:
    """Arrivals that know nothing of each other: what many independent people look like."""

    kind: ClassVar[str] = "poisson"
    rate_per_s: float = 1.0

    def __post_init__(self) -> None:
        refuse((not_above_zero("rate_per_s", self.rate_per_s),))

    def scaled(self, factor: float) -> Self:
        """Return the same arrivals, ``factor`` times as many."""
        return dataclasses.replace(self, rate_per_s=self.rate_per_s * factor)

    def rate_at(self, at_s: float) -> float:
        """Return the arrivals per second at an offset."""
        return self.rate_per_s

    def expected_count(self, from_s: float, to_s: float) -> float:
        """Return how many arrivals are to be expected between two offsets."""
        return self.rate_per_s * (to_s - from_s)

    def offsets_ns(self, rng: RandomStream) -> Iterator[int]:
        """Yield the offsets of the arrivals."""
        mean_ns = NS_PER_S / self.rate_per_s
        offset_ns = 0
        while True:
            # Gaps are rounded, not the sum: integers add up without an error.
            offset_ns += round(rng.exponential(mean_ns))
            yield offset_ns


@dataclass(frozen=True, slots=True)
class Even:
    """Arrivals on a grid: the steadiest load there is.

    The grid is shifted by ``phase_ratio`` of a gap; without one, each stream draws its own, so that
    users started together do not act in step.
    """

    kind: ClassVar[str] = "even"
    rate_per_s: float = 1.0
    phase_ratio: float | None = None

    def __post_init__(self) -> None:
        refuse((not_above_zero("rate_per_s", self.rate_per_s), _bad_phase(self.phase_ratio)))

    def scaled(self, factor: float) -> Self:
        """Return the same arrivals, ``factor`` times as many."""
        return dataclasses.replace(self, rate_per_s=self.rate_per_s * factor)

    def rate_at(self, at_s: float) -> float:
        """Return the arrivals per second at an offset."""
        return self.rate_per_s

    def expected_count(self, from_s: float, to_s: float) -> float:
        """Return how many arrivals are to be expected between two offsets."""
        return self.rate_per_s * (to_s - from_s)

    def offsets_ns(self, rng: RandomStream) -> Iterator[int]:
        """Yield the offsets of the arrivals."""
        phase = rng.uniform() if self.phase_ratio is None else self.phase_ratio
        gap_ns = NS_PER_S / self.rate_per_s
        for number in count():
            yield round((number + phase) * gap_ns)


@dataclass(frozen=True, slots=True)
class Bursts:
    """``size`` arrivals at once, every ``every_s`` seconds."""

    kind: ClassVar[str] = "bursts"
    size: int
    every_s: float
    phase_ratio: float | None = None

    def __post_init__(self) -> None:
        refuse(
            (
                not_above_zero("size", self.size),
                not_above_zero("every_s", self.every_s),
                _bad_phase(self.phase_ratio),
            )
        )

    def scaled(self, factor: float) -> Self:
        """Return bursts of the same size, ``factor`` times as often."""
        return dataclasses.replace(self, every_s=self.every_s / factor)

    def rate_at(self, at_s: float) -> float:
        """Return the arrivals per second at an offset, bursts spread out."""
        return self.size / self.every_s

    def expected_count(self, from_s: float, to_s: float) -> float:
        """Return how many arrivals are to be expected between two offsets."""
        return self.size / self.every_s * (to_s - from_s)

    def offsets_ns(self, rng: RandomStream) -> Iterator[int]:
        """Yield the offsets of the arrivals."""
        phase = rng.uniform() if self.phase_ratio is None else self.phase_ratio
        for number in count():
            at_ns = round((number + phase) * self.every_s * NS_PER_S)
            for _ in range(self.size):
                yield at_ns


@dataclass(frozen=True, slots=True)
class Curve:
    """Independent arrivals whose rate follows a table of (offset in seconds, rate per second).

    The rate is a straight line between two points. After the last point it stays as it is, or, with
    ``period_s``, the curve begins again at that offset (a day, say). Arrivals are those of a
    Poisson process of rate 1, carried back through the integral of the rate.
    """

    kind: ClassVar[str] = "curve"
    points: tuple[tuple[float, float], ...]
    period_s: float | None = None
    _times: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _areas: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        refuse(self._problems())
        points = self.points
        if self.period_s is not None and self.period_s > points[-1][0]:
            points = (*points, (self.period_s, points[-1][1]))
        areas = [0.0]
        for (start, before), (end, after) in pairwise(points):
            areas.append(areas[-1] + (end - start) * (before + after) / 2)
        object.__setattr__(self, "points", points)
        object.__setattr__(self, "_times", tuple(at_s for at_s, _ in points))
        object.__setattr__(self, "_areas", tuple(areas))

    def _problems(self) -> list[str]:
        if not self.points or self.points[0][0] != 0:
            return ["points must begin with the one at 0 seconds"]
        found = []
        if any(later[0] <= earlier[0] for earlier, later in pairwise(self.points)):
            found.append("points must be in order of time, no two at the same")
        if any(not (math.isfinite(at_s) and 0 <= rate < math.inf) for at_s, rate in self.points):
            found.append("points has a rate that is below 0 or not finite")
        if not any(rate > 0 for _, rate in self.points):
            found.append("points has no rate above 0; nothing would ever arrive")
        elif self.period_s is not None and len(self.points) == 1 and self.period_s <= 0:
            found.append(f"period_s is {self.period_s:g}; it must be above 0")
        if self.period_s is not None and self.period_s < self.points[-1][0]:
            found.append(f"period_s is {self.period_s:g}; the last point is later than that")
        return found

    def scaled(self, factor: float) -> Self:
        """Return the same curve, ``factor`` times as high."""
        points = tuple((at_s, rate * factor) for at_s, rate in self.points)
        return dataclasses.replace(self, points=points)

    def rate_at(self, at_s: float) -> float:
        """Return the arrivals per second at an offset."""
        if self.period_s is not None:
            at_s %= self.period_s
        place = bisect_right(self._times, at_s) - 1
        if place == len(self._times) - 1:
            return self.points[place][1]
        (start, before), (end, after) = self.points[place], self.points[place + 1]
        return before + (after - before) * (at_s - start) / (end - start)

    def expected_count(self, from_s: float, to_s: float) -> float:
        """Return how many arrivals are to be expected between two offsets."""
        return self._area(to_s) - self._area(from_s)

    def _area(self, at_s: float) -> float:
        """Return the integral of the rate from 0."""
        whole = 0.0
        if self.period_s is not None:
            periods, at_s = divmod(at_s, self.period_s)
            whole = periods * self._areas[-1]
        place = bisect_right(self._times, at_s) - 1
        start, before = self.points[place]
        return whole + self._areas[place] + (at_s - start) * (before + self.rate_at(at_s)) / 2

    def offsets_ns(self, rng: RandomStream) -> Iterator[int]:
        """Yield the offsets of the arrivals; ends if the rate stays 0 for ever."""
        area = 0.0
        while True:
            area += rng.exponential(1.0)
            at_s = self._time_of_area(area)
            if at_s is None or at_s > _NEVER_S:
                return
            yield round(at_s * NS_PER_S)

    def _time_of_area(self, area: float) -> float | None:
        """Return when the integral of the rate reaches ``area``; None if it never does."""
        origin_s = 0.0
        if self.period_s is not None:
            periods, area = divmod(area, self._areas[-1])
            origin_s = periods * self.period_s
        place = bisect_right(self._areas, area) - 1
        start, before = self.points[place]
        rest = area - self._areas[place]
        if place == len(self._times) - 1:
            return start + rest / before if before > 0 else None
        end, after = self.points[place + 1]
        slope = (after - before) / (end - start)
        # The stable root of slope/2 x^2 + before x = rest: no difference of near numbers.
        root = math.sqrt(max(0.0, before * before + 2 * slope * rest))
        return origin_s + start + (2 * rest / (before + root) if rest > 0 else 0.0)


Arrivals = Poisson | Even | Bursts | Curve

_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    Poisson.kind: (),
    Even.kind: ("phase_ratio",),
    Bursts.kind: ("size", "phase_ratio"),
    Curve.kind: ("points", "period_s"),
}


def arrivals_from_setting(setting: object) -> Arrivals:
    """Return arrivals of rate 1 per second from a profile: a kind, or a table with ``kind``.

    ``poisson``; ``even`` (``phase_ratio``); ``bursts`` (``size``, ``phase_ratio``); ``curve``
    (``points`` of seconds and factor, ``period_s``). The caller scales them to a rate.

    Raises:
        UsageError: It is none; each problem begins with the parameter's name.
    """
    table = {"kind": setting} if isinstance(setting, str) else setting
    if not isinstance(table, Mapping):
        raise UsageError(f"value is {setting!r}; it must be a kind or a table with kind")
    parameters = dict(table)
    kind = parameters.pop("kind", None)
    if kind not in _PARAMETERS:
        raise UsageError(f"kind is {kind!r}; it must be one of {', '.join(_PARAMETERS)}")
    known = _PARAMETERS[kind]
    refuse(not_known(kind, name, known) for name in parameters if name not in known)
    needed = {"size", "points"} & set(known)
    refuse(f"{name} is missing; {kind} needs it" for name in needed if name not in parameters)
    for name in ("phase_ratio", "period_s"):
        value = parameters.get(name, 0)
        if not is_number(value):
            raise UsageError(f"{name} is {value!r}; it must be a number")
    if kind == Curve.kind:
        return Curve(_points(parameters["points"]), parameters.get("period_s"))
    if kind == Bursts.kind:
        size = parameters["size"]
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise UsageError(f"size is {size!r}; it must be a whole number of at least 1")
        return Bursts(size, float(size), parameters.get("phase_ratio"))
    return Even(1.0, parameters.get("phase_ratio")) if kind == Even.kind else Poisson(1.0)


def _points(setting: object) -> tuple[tuple[float, float], ...]:
    points = []
    for point in setting if isinstance(setting, Sequence) else ():
        match point:
            case [int() | float() as at_s, int() | float() as rate]:
                points.append((float(at_s), float(rate)))
            case _:
                raise UsageError(f"points has {point!r}; each must be [seconds, factor]")
    if not points:
        raise UsageError(f"points is {setting!r}; it must be a list of [seconds, factor]")
    return tuple(points)


def setting_from_arrivals(arrivals: Arrivals) -> str | dict[str, object]:
    """Return what a profile writes for arrivals of rate 1; the inverse of reading it."""
    values = {name: getattr(arrivals, name) for name in _PARAMETERS[arrivals.kind]}
    if "points" in values:
        values["points"] = [list(point) for point in values["points"]]
    given = {name: value for name, value in values.items() if value is not None}
    return {"kind": arrivals.kind} | given if given else arrivals.kind
