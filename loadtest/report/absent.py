"""What a profile is about, and whether the run had it.

A profile says in its description what the run puts a server through. Overrides can remove just
that: a spike that would begin after the end, cuts that never came. Such a run must not pass with
the description of the profile.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from loadtest.report.figures import Summary, at, number

__all__ = ["absent_from_plan", "absent_from_run"]

_ENOUGH = 0.9
"""A run that reaches this share of the highest rate of its curve has had the peak."""


def absent_from_plan(profile: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the profile is about and what its planned length leaves out.

    Args:
        profile: As resolved, with its overrides.
    """
    duration_s = number(at(profile, "run", "duration_s"))
    if duration_s is None or at(profile, "workload", "arrivals", "kind") != "curve":
        return ()
    points = _points(at(profile, "workload", "arrivals", "points"))
    if not points:
        return ()
    at_s, highest = max(points, key=lambda point: (point[1], -point[0]))
    reached = max(_rates_until(points, duration_s))
    if reached >= _ENOUGH * highest:
        return ()
    return (
        f"the peak of workload.arrivals ({highest:g} times the rate, {at_s:g} s after the start) "
        f"is not in a run of {duration_s:g} s",
    )


def absent_from_run(profile: Mapping[str, Any], summary: Summary) -> tuple[str, ...]:
    """Return what the profile is about and what did not happen in the run."""
    return (*absent_from_plan(profile), *_not_seen(profile, summary))


def _not_seen(profile: Mapping[str, Any], summary: Summary) -> Iterator[str]:
    is_cut = number(at(profile, "connection_cuts", "at_s")) is not None
    if is_cut and not number(at(summary, "load", "connections_lost")):
        yield "connection_cuts is set, and no connection was cut"
    is_slow = number(at(profile, "device", "slow_share"))
    if is_slow and not number(at(summary, "by_device_class", "slow", "devices")):
        yield "device.slow_share is set, and no device read slowly"


def _points(points: object) -> Sequence[tuple[float, float]]:
    if not isinstance(points, Sequence):
        return ()
    return [(float(at_s), float(factor)) for at_s, factor in points]


def _rates_until(points: Sequence[tuple[float, float]], end_s: float) -> Iterable[float]:
    """Return the rates that the curve has before ``end_s``, those of its corners and of its end."""
    yield points[0][1]
    for (from_s, low), (to_s, high) in pairwise(points):
        if to_s <= end_s:
            yield high
        elif from_s < end_s:
            yield low + (high - low) * (end_s - from_s) / (to_s - from_s)
