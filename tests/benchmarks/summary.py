"""From measurements to figures: medians, and ratios from rounds that ran side by side.

A machine drifts by tens of percent within minutes, so a ratio is taken within each round, between
runs that follow one another, and only then the median over the rounds. Nothing here measures.
"""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.benchmarks.measure import Measurement

__all__ = ["Spread", "Summary", "ratio_by_round", "spread_of", "summarize"]

_Figure = Callable[[Measurement], float]


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the range it came from."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one row at one size."""

    row: str
    devices: int
    rounds: int
    events_per_cpu_s: Spread
    ratio_to_limit: Spread | None
    ratio_to_classic: Spread | None
    devices_per_cpu_s: Spread
    idle_bytes_per_device: Spread
    cpu_ratio: Spread
    p99_ms: Spread | None


def spread_of(values: Iterable[float]) -> Spread | None:
    """Return median and range of ``values``, None if there are none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(statistics.median(ordered), ordered[0], ordered[-1])


def ratio_by_round(
    own: Sequence[Measurement], other: Sequence[Measurement], figure: _Figure
) -> Spread | None:
    """Return the ratio of a figure to another row's, round by round; None without a common one."""
    others = {each.round: figure(each) for each in other}
    return spread_of(figure(each) / others[each.round] for each in own if each.round in others)


def summarize(measurements: Sequence[Measurement], *, limit: str, classic: str) -> list[Summary]:
    """Return a summary for each row and size, in the order of first appearance."""
    groups: dict[tuple[int, str], list[Measurement]] = {}
    for each in measurements:
        groups.setdefault((each.devices, each.row), []).append(each)
    return [
        _summary(
            group,
            groups.get((devices, limit), []),
            groups.get((devices, classic), []),
        )
        for (devices, _), group in groups.items()
    ]


def _summary(
    group: Sequence[Measurement], limit: Sequence[Measurement], classic: Sequence[Measurement]
) -> Summary:
    return Summary(
        row=group[0].row,
        devices=group[0].devices,
        rounds=len(group),
        events_per_cpu_s=_required(group, lambda each: each.events_per_cpu_s),
        ratio_to_limit=ratio_by_round(group, limit, lambda each: each.events_per_cpu_s),
        ratio_to_classic=ratio_by_round(group, classic, lambda each: each.events_per_cpu_s),
        devices_per_cpu_s=_required(group, lambda each: each.devices_per_cpu_s),
        idle_bytes_per_device=_required(group, lambda each: each.idle_bytes_per_device),
        cpu_ratio=_required(group, lambda each: each.cpu_ratio),
        p99_ms=spread_of(each.report["p99_ms"] for each in group if "p99_ms" in each.report),
    )


def _required(group: Sequence[Measurement], figure: _Figure) -> Spread:
    spread = spread_of(map(figure, group))
    assert spread is not None  # a group has at least one measurement
    return spread
