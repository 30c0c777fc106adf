"""One comparison: both sides, what was found, and what a reader must know of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from loadtest.comparison.catalogue import DEFAULT_GATES, figures, path_named
from loadtest.comparison.comparable import Difference, differences
from loadtest.comparison.judgement import (
    MOST_GATES,
    Change,
    Finding,
    Power,
    Settings,
    compare_figures,
    outcome,
    power_of,
)
from loadtest.comparison.replicates import Side
from loadtest.errors import UsageError
from loadtest.metrics.catalogue.lookup import alternatives, figure_named

__all__ = ["Comparison", "ComparisonExit", "compare", "settings_for"]

_ABOUT = ("target", "versions", "environment", "engine")
_TELLS_NOTHING = ("target.host",)


class ComparisonExit(IntEnum):
    """What the exit code of a comparison says."""

    NOT_WORSE = 0
    WORSE = 1
    UNDECIDED = 3
    """A decision was required, or there was nothing to compare."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that a rendering of a comparison needs."""

    base: Side
    candidate: Side
    is_paired: bool
    """Whether the runs were made as pairs, beside each other."""
    settings: Settings
    findings: tuple[Finding, ...]
    change: Change
    """What the gates say together."""
    apart: tuple[Difference, ...]
    """Settings and machine, as far as they differ."""
    warnings: tuple[str, ...] = ()
    """What speaks against the comparison, and was overruled."""
    left_out: tuple[str, ...] = ()
    """Runs that were made and not compared, with the reason."""
    wanted: float | None = None
    """The change for which the needed number of replicates is said; None: not asked for."""
    powers: Mapping[str, Power] = field(default_factory=dict)
    """By the path of the gate."""

    @property
    def gates(self) -> tuple[Finding, ...]:
        """The findings that decide, in the order in which the gates were named."""
        by_path = {finding.figure.path: finding for finding in self.findings}
        return tuple(by_path[path] for path in self.settings.gates if path in by_path)

    @property
    def absent_gates(self) -> tuple[str, ...]:
        """Gates that a run lacks, by path."""
        present = {finding.figure.path for finding in self.findings}
        return tuple(path for path in self.settings.gates if path not in present)

    @property
    def information(self) -> tuple[Finding, ...]:
        """The findings that decide nothing."""
        return tuple(finding for finding in self.findings if not finding.is_gate)

    @property
    def replicates(self) -> int:
        """How many runs the smaller side has."""
        return min(len(self.base.replicates), len(self.candidate.replicates))

    def exit_code(self, *, requires_decision: bool) -> ComparisonExit:
        """Return what a command that compared should end with."""
        if self.change is Change.WORSE:
            return ComparisonExit.WORSE
        if not self.replicates or (requires_decision and self.change is Change.UNDECIDED):
            return ComparisonExit.UNDECIDED
        return ComparisonExit.NOT_WORSE


def compare(
    base: Side,
    candidate: Side,
    settings: Settings,
    *,
    is_paired: bool,
    wanted: float | None = None,
) -> Comparison:
    """Return the comparison of two sides; replicates of the same place are pairs, if any are."""
    findings: tuple[Finding, ...] = ()
    apart: tuple[Difference, ...] = ()
    if base.replicates and candidate.replicates:
        findings = compare_figures(
            figures(), base.summaries, candidate.summaries, settings, is_paired=is_paired
        )
        firsts = base.summaries[0], candidate.summaries[0]
        apart = differences(*firsts, *_ABOUT, "profile", ignored=_TELLS_NOTHING)
    compared = Comparison(
        base=base,
        candidate=candidate,
        is_paired=is_paired,
        settings=settings,
        findings=findings,
        change=outcome(findings, settings),
        apart=apart,
        wanted=wanted,
    )
    return replace(compared, powers=_powers(compared, wanted)) if wanted is not None else compared


def settings_for(
    gates: Sequence[str],
    *,
    confidence: float,
    tolerance: float,
    share_tolerance: float = 0.0001,
    base: Side | None = None,
) -> Settings:
    """Return the settings of a comparison, checked.

    Args:
        gates: Paths or short names of figures; none: the usual ones, as far as ``base`` has them.
        confidence: Of the intervals, such as 0.9.
        tolerance: Change of a latency that does not matter, such as 0.05.
        share_tolerance: Change of a share that does not matter, such as 0.0001.
        base: The runs that the usual gates are chosen for; None: all of them are kept.

    Raises:
        UsageError: A gate is no figure that is compared, or there are too many.
    """
    paths = {gate: path_named(gate) for gate in gates}
    problems = [
        f"--gate {gate}: it is no figure that is compared; {alternatives(gate)}"
        if figure_named(gate) is None
        else f"--gate {gate}: it is not compared; `loadtest compare --figures` lists what is"
        for gate, path in paths.items()
        if path is None
    ]
    if len(paths) > MOST_GATES:
        problems.append(
            f"{len(paths)} gates are named; {MOST_GATES} at most can decide together without"
            " hiding real changes: everything else is shown for information"
        )
    if problems:
        raise UsageError(*problems)
    named = tuple(dict.fromkeys(path for path in paths.values() if path is not None))
    chosen = named or _usual_gates(base)
    return Settings(chosen, confidence, tolerance, share_tolerance)


def _usual_gates(base: Side | None) -> tuple[str, ...]:
    """Return the usual gates that mean something in every base run.

    The base alone decides: a candidate that lost a figure must not lose its gate with it.
    """
    if base is None or not base.replicates:
        return DEFAULT_GATES
    settings = Settings(gates=DEFAULT_GATES)
    found = compare_figures(figures(), base.summaries, base.summaries, settings, is_paired=True)
    usable = {finding.figure.path for finding in found if not finding.note.startswith("too few")}
    return tuple(gate for gate in DEFAULT_GATES if gate in usable) or DEFAULT_GATES


def _powers(compared: Comparison, wanted: float) -> dict[str, Power]:
    # The first step of Holm's method is the hardest: a gate that passes it alone passes for sure.
    level = (1 - compared.settings.confidence) / max(1, len(compared.settings.gates))
    strict = replace(compared.settings, confidence=1 - level)
    found = {gate.figure.path: power_of(gate, strict, wanted) for gate in compared.gates}
    return {path: power for path, power in found.items() if power is not None}
