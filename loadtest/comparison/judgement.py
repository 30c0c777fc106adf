"""The verdict on each figure, and on the comparison as a whole.

A figure is *worse* or *better* if its whole interval is beyond 0 and the estimate beyond the
tolerance; *no change* if its whole interval is inside the tolerance; else *undecided*. A gate must
be beyond 0 after Holm's correction for all gates. With fewer than three replicates a side every
figure is undecided, with the plain difference.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from loadtest.comparison.catalogue import Figure, LevelFigure, ShareFigure
from loadtest.comparison.estimates import Estimate, from_log, paired, welch
from loadtest.comparison.holm import holm
from loadtest.comparison.power import replicates_needed, smallest_found
from loadtest.comparison.shares import Share, most_possible, share_estimate
from loadtest.report.figures import Summary

__all__ = [
    "FEWEST_REPLICATES",
    "MOST_GATES",
    "Change",
    "Finding",
    "Power",
    "Settings",
    "compare_figures",
    "outcome",
    "power_of",
]

FEWEST_REPLICATES = 3
MOST_GATES = 5
_USUAL_COUNTS = (3, 5, 10, 20)


class Change(Enum):
    """What a comparison says of one figure."""

    WORSE = "worse"
    BETTER = "better"
    NONE = "no change"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a comparison decides."""

    gates: tuple[str, ...]
    """Paths of the figures that decide, at most five."""
    confidence: float = 0.9
    tolerance: float = 0.05
    """A smaller change of a latency or a rate does not matter."""
    share_tolerance: float = 0.0001
    """A smaller change of a share, such as losses, does not matter: 0.0001 is 0.01 points."""


@dataclass(frozen=True, slots=True)
class Power:
    """What change replicates find, as their own spread says."""

    spread: float
    """Standard deviation of the change within one pair: a share, 0.03 is 3 %."""
    smallest: Mapping[int, float]
    """By the number of replicates, the change found with a power of 0.8: 0.1 is 10 %."""
    needed: int | None
    """Replicates for the wanted change; None: no number up to 1,000 is enough."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of both sides."""

    figure: Figure
    is_gate: bool
    base: tuple[float, ...]
    """The figure of each replicate, in the figure's unit; a share from 0 to 1."""
    candidate: tuple[float, ...]
    base_value: float
    """Of all replicates: the geometric mean, or the share over all."""
    candidate_value: float
    difference: float
    """Candidate against base: 0.1 is 10 % more, or for a share 10 percentage points more."""
    interval: tuple[float, float] | None
    """None: fewer than three replicates a side."""
    p: float | None
    """For a gate corrected by Holm."""
    change: Change
    note: str = ""
    estimate: Estimate | None = None


def compare_figures(
    figures: Sequence[Figure],
    base: Sequence[Summary],
    candidate: Sequence[Summary],
    settings: Settings,
    *,
    is_paired: bool,
) -> tuple[Finding, ...]:
    """Return a finding for each figure that both sides have in every replicate."""
    judged = []
    for figure in figures:
        finding = _measured(figure, base, candidate, settings, is_paired=is_paired)
        if finding is not None:
            judged.append(finding)
    gates = [finding for finding in judged if finding.is_gate and finding.p is not None]
    corrected = dict(
        zip(
            (gate.figure.path for gate in gates),
            holm([gate.p for gate in gates if gate.p is not None]),
            strict=True,
        )
    )
    return tuple(
        _decided(replace(each, p=corrected.get(each.figure.path, each.p)), settings)
        for each in judged
    )


def outcome(findings: Sequence[Finding], settings: Settings) -> Change:
    """Return what the gates say together: one that is worse decides, then one that is undecided.

    A gate without a finding is undecided.
    """
    gates = [finding.change for finding in findings if finding.is_gate]
    if Change.WORSE in gates:
        return Change.WORSE
    if Change.UNDECIDED in gates or len(gates) < len(settings.gates) or not gates:
        return Change.UNDECIDED
    return Change.BETTER if Change.BETTER in gates else Change.NONE


def power_of(finding: Finding, settings: Settings, wanted: float) -> Power | None:
    """Return what replicates would find; None where the runs show no spread."""
    estimate = finding.estimate
    if estimate is None or isinstance(finding.figure, ShareFigure) or not estimate.spread:
        return None
    spread, confidence = estimate.spread, settings.confidence
    tolerance = math.log1p(settings.tolerance)
    made = min(len(finding.base), len(finding.candidate))
    smallest = {
        count: from_log(
            smallest_found(
                spread=spread, replicates=count, confidence=confidence, tolerance=tolerance
            )
        )
        for count in sorted({made, *_USUAL_COUNTS})
    }
    needed = replicates_needed(
        math.log1p(wanted), spread=spread, confidence=confidence, tolerance=tolerance
    )
    return Power(from_log(spread), smallest, needed)


def _measured(
    figure: Figure,
    base: Sequence[Summary],
    candidate: Sequence[Summary],
    settings: Settings,
    *,
    is_paired: bool,
) -> Finding | None:
    if isinstance(figure, LevelFigure):
        return _level(figure, base, candidate, settings, is_paired=is_paired)
    return _share(figure, base, candidate, settings, is_paired=is_paired)


def _level(
    figure: LevelFigure,
    base: Sequence[Summary],
    candidate: Sequence[Summary],
    settings: Settings,
    *,
    is_paired: bool,
) -> Finding | None:
    sides = [
        [value for run in side if (value := figure.value(run)) is not None and value > 0]
        for side in (base, candidate)
    ]
    if not sides[0] or not sides[1] or len(sides[0]) < len(base) or len(sides[1]) < len(candidate):
        return None
    if any(map(math.isinf, (*sides[0], *sides[1]))):
        return _never(figure, sides, settings)
    logs = [[math.log(value) for value in side] for side in sides]
    means = [sum(side) / len(side) for side in logs]
    difference = means[1] - means[0]
    estimate, interval = None, None
    if _is_enough(base, candidate):
        estimate = paired(*logs) if is_paired else welch(*logs)
        low, high = estimate.interval(settings.confidence)
        interval = from_log(low), from_log(high)
    return Finding(
        figure=figure,
        is_gate=figure.path in settings.gates,
        base=tuple(sides[0]),
        candidate=tuple(sides[1]),
        base_value=math.exp(means[0]),
        candidate_value=math.exp(means[1]),
        difference=from_log(difference),
        interval=interval,
        p=estimate.p if estimate is not None else None,
        change=Change.UNDECIDED,
        note=_too_few_samples(figure, (*base, *candidate)),
        estimate=estimate,
    )


def _never(figure: LevelFigure, sides: Sequence[Sequence[float]], settings: Settings) -> Finding:
    """Return what is known of a time that some runs never saw: how many, and no ratio."""
    counts = [sum(map(math.isinf, side)) for side in sides]
    return Finding(
        figure=figure,
        is_gate=figure.path in settings.gates,
        base=tuple(sides[0]),
        candidate=tuple(sides[1]),
        base_value=max(sides[0]),
        candidate_value=max(sides[1]),
        difference=math.inf,
        interval=None,
        p=None,
        change=Change.UNDECIDED,
        note=f"never in {counts[0]} of {len(sides[0])} base and {counts[1]} of {len(sides[1])}"
        " candidate runs: see what was lost",
    )


def _share(
    figure: ShareFigure,
    base: Sequence[Summary],
    candidate: Sequence[Summary],
    settings: Settings,
    *,
    is_paired: bool,
) -> Finding | None:
    sides = [
        [share for run in side if (share := figure.share(run)) is not None]
        for side in (base, candidate)
    ]
    if not sides[0] or not sides[1] or len(sides[0]) < len(base) or len(sides[1]) < len(candidate):
        return None
    pooled = [_pooled(side) for side in sides]
    estimate, interval = None, None
    if _is_enough(base, candidate):
        estimate = share_estimate(*sides, is_paired=is_paired)
        interval = _share_interval(sides, estimate, settings.confidence)
    return Finding(
        figure=figure,
        is_gate=figure.path in settings.gates,
        base=tuple(share.value for share in sides[0]),
        candidate=tuple(share.value for share in sides[1]),
        base_value=pooled[0].value,
        candidate_value=pooled[1].value,
        difference=pooled[1].value - pooled[0].value if estimate is None else estimate.value,
        interval=interval,
        p=estimate.p if estimate is not None else None,
        change=Change.UNDECIDED,
        note=_bounds(sides),
        estimate=estimate,
    )


def _share_interval(
    sides: Sequence[Sequence[Share]], estimate: Estimate, confidence: float
) -> tuple[float, float]:
    """Return the interval; where neither side saw anything, what both may have without it."""
    bounds = [most_possible(side) for side in sides]
    if bounds[0] is not None and bounds[1] is not None:
        return -bounds[0], bounds[1]
    return estimate.interval(confidence)


def _pooled(shares: Sequence[Share]) -> Share:
    return Share(sum(share.part for share in shares), sum(share.whole for share in shares))


def _bounds(sides: Sequence[Sequence[Share]]) -> str:
    """Return what is known of a side that saw nothing."""
    notes = []
    for name, side in zip(("base", "candidate"), sides, strict=True):
        bound = most_possible(side)
        if bound is not None:
            seen = sum(share.whole for share in side)
            notes.append(f"{name}: none in {seen:,}, so at most {100 * bound:.2g} %")
    return "; ".join(notes)


def _too_few_samples(figure: LevelFigure, runs: Sequence[Summary]) -> str:
    needed = figure.samples_needed
    fewest = min(figure.samples(run) for run in runs)
    if fewest < needed:
        return f"too few samples: {fewest:,} in one run, {needed:,} are needed"
    return ""


def _is_enough(base: Sequence[Summary], candidate: Sequence[Summary]) -> bool:
    return min(len(base), len(candidate)) >= FEWEST_REPLICATES


def _decided(finding: Finding, settings: Settings) -> Finding:
    """Return the finding with its verdict."""
    if finding.interval is None or finding.p is None:
        return finding
    if isinstance(finding.figure, LevelFigure):
        if finding.note:
            return finding
        tolerance = settings.tolerance
        # The same tolerance both ways: 5 % more, or as much less as takes 5 % more to undo.
        is_inside = -tolerance / (1 + tolerance) < finding.interval[0] and (
            finding.interval[1] < tolerance
        )
        is_beyond = abs(math.log1p(finding.difference)) > math.log1p(tolerance)
    else:
        tolerance = settings.share_tolerance
        is_inside = -tolerance < finding.interval[0] and finding.interval[1] < tolerance
        is_beyond = abs(finding.difference) > tolerance
    if finding.p < 1 - settings.confidence and is_beyond:
        # Of every figure that is compared, less is better.
        change = Change.WORSE if finding.difference > 0 else Change.BETTER
        return replace(finding, change=change)
    if is_inside:
        return replace(finding, change=Change.NONE)
    return finding
