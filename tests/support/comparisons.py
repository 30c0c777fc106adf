"""Comparisons of made-up runs, one for each way in which one can end."""

from dataclasses import replace
from pathlib import Path

from loadtest.comparison.comparison import Comparison, compare, settings_for
from tests.support.replicates import replicates
from tests.support.runs_on_disk import write_side

__all__ = ["STEADY", "compared", "undecided", "worse"]

STEADY = (4.0, 4.04, 3.97, 4.02, 3.99)
_LATENCIES = [0.5 * number for number in range(1, 60)]


def compared(
    folder: Path,
    factor: float = 1.0,
    *,
    lost: int = 0,
    count: int = 5,
    is_paired: bool = True,
    wanted: float | None = None,
) -> Comparison:
    """Return a comparison in which each candidate is slower by ``factor`` and lost messages."""
    noise = (1.01, 0.99, 1.005, 0.992, 1.003)
    slower = [factor * value * each for value, each in zip(STEADY, noise, strict=True)]
    base = write_side(folder / "base", replicates(STEADY[:count]), _LATENCIES)
    losses = [lost + place % 3 for place in range(count)] if lost else ()
    candidate = write_side(
        folder / "candidate",
        replicates(slower[:count], losses),
        [factor * each for each in _LATENCIES],
    )
    settings = settings_for((), confidence=0.9, tolerance=0.05, base=base)
    return compare(base, candidate, settings, is_paired=is_paired, wanted=wanted)


def worse(folder: Path) -> Comparison:
    """Return one in which the candidate is slower and loses messages."""
    return compared(folder, 1.1, lost=40, wanted=0.05)


def undecided(folder: Path) -> Comparison:
    """Return one of two runs a side, forced, of which something was left out."""
    return replace(
        compared(folder, count=2),
        warnings=("seeds of base and candidate differ: 1 against 2",),
        left_out=("pair 3, base run r-1 is INCONCLUSIVE: generator_lag; the pair was given up",),
    )
