"""Whether comparisons keep what they promise: ``python -m tests.benchmarks.comparison``.

Simulated replicates with known changes, through the product's own arithmetic. It prints how often
an interval held the true change, how often a figure was called worse that was not, and how often
a true change was found, for pairs on a drifting machine and for stored runs, with and without Holm.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from loadtest.comparison.estimates import Estimate, paired, welch
from loadtest.comparison.holm import holm
from loadtest.comparison.power import chance_found
from loadtest.comparison.shares import Share, share_estimate

__all__ = ["main"]

_CONFIDENCE = 0.9
_SPREAD = 0.03
_DRIFT = 0.1
_GATES = 5
_ALARMS = (1 - _CONFIDENCE) / 2


@dataclass(frozen=True)
class Counted:
    """How often something happened in so many comparisons."""

    label: str
    hits: int
    rounds: int
    least: float = 0.0
    """The share that was promised at least."""
    most: float = 1.0
    """The share that was promised at most."""

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept, but for the noise of so many rounds."""
        share = self.hits / self.rounds
        noise = 4 * math.sqrt(share * (1 - share) / self.rounds)
        return self.least - noise <= share <= self.most + noise

    def line(self) -> str:
        """Return the row of the printed table."""
        promises = [f"at least {self.least:.1%}"] if self.least else []
        promises += [f"at most {self.most:.1%}"] if self.most < 1 else []
        share = f"{self.hits / self.rounds:.2%}"
        said = f"{', '.join(promises) or '-'}{'' if self.is_kept else '  BROKEN'}"
        return f"{self.label:<62} {self.hits:>6,} of {self.rounds:,} {share:>8}  {said}"


def _pair(rng: Random, count: int, change: float, drift: float) -> tuple[list[float], list[float]]:
    """Return the logarithms of both sides; ``drift`` is common to the two runs of a pair."""
    common = [rng.gauss(0, drift) for _ in range(count)]
    base = [each + rng.gauss(0, _SPREAD) for each in common]
    candidate = [each + change + rng.gauss(0, _SPREAD) for each in common]
    return base, candidate


def _is_alarm(estimate: Estimate) -> bool:
    return estimate.p < 1 - _CONFIDENCE and estimate.value > 0


def _coverage(rng: Random, rounds: int, count: int, *, is_paired: bool) -> Counted:
    hits, change = 0, math.log1p(0.1)
    for _ in range(rounds):
        sides = _pair(rng, count, change, _DRIFT if is_paired else 0)
        low, high = (paired if is_paired else welch)(*sides).interval(_CONFIDENCE)
        hits += low <= change <= high
    kind = "pairs on a drifting machine" if is_paired else "stored runs, Welch"
    return Counted(f"{kind}, k={count}: interval holds the truth", hits, rounds, _CONFIDENCE)


def _alarms(rng: Random, rounds: int, count: int, *, is_paired: bool) -> Counted:
    hits = 0
    for _ in range(rounds):
        sides = _pair(rng, count, 0, _DRIFT if is_paired else 0)
        hits += _is_alarm((paired if is_paired else welch)(*sides))
    kind = "pairs on a drifting machine" if is_paired else "stored runs, Welch"
    label = f"{kind}, k={count}: called worse, nothing changed"
    return Counted(label, hits, rounds, most=_ALARMS)


def _gate_alarms(rng: Random, rounds: int, count: int, *, is_corrected: bool) -> Counted:
    hits = 0
    for _ in range(rounds):
        gates = [paired(*_pair(rng, count, 0, _DRIFT)) for _ in range(_GATES)]
        values = [gate.p for gate in gates]
        adjusted = holm(values) if is_corrected else values
        hits += any(
            p < 1 - _CONFIDENCE and gate.value > 0 for p, gate in zip(adjusted, gates, strict=True)
        )
    label = "with Holm" if is_corrected else "without Holm"
    label = f"any of {_GATES} gates called worse, k={count}, {label}"
    return Counted(label, hits, rounds, most=_ALARMS if is_corrected else 1.0)


def _share_alarms(rng: Random, rounds: int, count: int, rate: float, whole: int) -> Counted:
    hits = 0
    for _ in range(rounds):
        sides = [[_drawn(rng, rate, whole) for _ in range(count)] for _ in range(2)]
        hits += _is_alarm(share_estimate(*sides, is_paired=True))
    label = f"losses of {rate:.2%} in {whole:,}, k={count}: called worse, same share"
    return Counted(label, hits, rounds, most=_ALARMS)


def _share_found(rng: Random, rounds: int, count: int, rate: float, whole: int) -> Counted:
    hits = 0
    for _ in range(rounds):
        base = [Share(0, whole)] * count
        hits += _is_alarm(
            share_estimate(base, [_drawn(rng, rate, whole) for _ in range(count)], is_paired=True)
        )
    label = f"losses of {rate:.2%} in {whole:,} against none, k={count}: found"
    return Counted(label, hits, rounds)


def _drawn(rng: Random, rate: float, whole: int) -> Share:
    """Return a binomial draw, by the gaps between losses."""
    part, place = 0, 0.0
    while True:
        place += 1 + math.floor(math.log(1 - rng.random()) / math.log(1 - rate))
        if place > whole:
            return Share(part, whole)
        part += 1


def _found(rng: Random, rounds: int, count: int, *, is_paired: bool) -> Counted:
    change, hits = math.log1p(0.1), 0
    for _ in range(rounds):
        hits += _is_alarm((paired if is_paired else welch)(*_pair(rng, count, change, _DRIFT)))
    expected = chance_found(
        change, spread=_SPREAD * math.sqrt(2), replicates=count, confidence=_CONFIDENCE
    )
    kind = "pairs" if is_paired else "Welch"
    label = f"10 % slower on a drifting machine, k={count}, {kind}: found"
    return Counted(label, hits, rounds, expected if is_paired else 0.0)


def counts(rng: Random, rounds: int) -> list[Counted]:
    """Return everything that is counted."""
    found: list[Counted] = []
    for count in (3, 5, 10):
        for is_paired in (True, False):
            found.append(_coverage(rng, rounds, count, is_paired=is_paired))
            found.append(_alarms(rng, rounds, count, is_paired=is_paired))
    found += [_gate_alarms(rng, rounds, 5, is_corrected=each) for each in (False, True)]
    found += [_found(rng, rounds, 5, is_paired=is_paired) for is_paired in (True, False)]
    for rate, whole in ((0.0001, 5_000), (0.001, 5_000), (0.01, 1_000)):
        found.append(_share_alarms(rng, rounds, 5, rate, whole))
    found += [_share_found(rng, rounds, 5, 0.001, whole) for whole in (1_000, 3_000, 10_000)]
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Simulate, print the counts, and return 0 if every promise was kept."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.comparison", description=__doc__
    )
    parser.add_argument("--rounds", type=int, default=5_000, help="comparisons of each kind")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(words)
    print(f"{arguments.rounds:,} comparisons each; spread {_SPREAD:.0%} a run, 90 % intervals")
    counted = counts(Random(arguments.seed), arguments.rounds)
    print("\n".join(each.line() for each in counted))
    return 0 if all(each.is_kept for each in counted) else 1


if __name__ == "__main__":
    sys.exit(main())
