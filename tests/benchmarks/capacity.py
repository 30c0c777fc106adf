"""How often the search for a limit, and the law fitted to its trials, are right.

``python -m tests.benchmarks.capacity`` searches deployments whose limit is known, with and without
jitter and with a generator that is too slow, and fits curves whose coefficients are known. Most are
simulated; some are the embedded server with a service rate, in scripted time. It counts;
docs/capacity.md has the counts. Every repetition has its own limit and its own seed.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from rich.console import Console
from rich.table import Table

from loadtest.capacity.search import Outcome, SearchSettings, StoppedBy
from loadtest.capacity.usl import Point, fit_usl
from tests.support.capacity import Deployment, Found, searched
from tests.support.virtual_trials import virtual_outcome

__all__ = ["Count", "main", "search_counts", "server_counts", "usl_counts"]

_SETTINGS = SearchSettings(first=20, lowest=2.5, highest=1280)
_LOWEST_LIMIT, _HIGHEST_LIMIT = 30.0, 1000.0
_SERVED_SETTINGS = SearchSettings(first=8, lowest=1, highest=512)
_SERVED_RATES = (15.0, 60.0)
_NOISE = 0.03
# Where a search puts its trials: doubled, then around the limit.
_LOADS = (20, 40, 80, 160, 320, 640, 450, 540, 500, 520, 560, 530)
_LAWS = ((6.7, 0.002, 0.0), (6.7, 0.0005, 2e-6), (6.7, 0.0, 4e-6), (6.7, 0.001, 1e-6))


@dataclass(frozen=True, slots=True)
class Count:
    """How often something was right."""

    what: str
    right: int
    of: int
    note: str = ""


def search_counts(repetitions: int) -> list[Count]:
    """Return how often searches were right, by what disturbed them."""
    counts: list[Count] = []
    for jitter in (0.0, 0.04, 0.08, 0.12):
        pairs = [_found(seed, jitter) for seed in range(repetitions)]
        trials = sum(found.trials for _, found in pairs) / repetitions
        name = f"limit jitters by {jitter:.0%}" if jitter else "sharp limit"
        note = f"{trials:.1f} trials on average"
        inside = sum(found.contains(limit) for limit, found in pairs)
        near = sum(found.is_near(limit) for limit, found in pairs)
        counts.append(Count(f"{name}: the interval contains it", inside, repetitions, note))
        counts.append(Count(f"{name}: the estimate is within 10 %", near, repetitions))
    claims = [_slow_generator(seed) for seed in range(repetitions)]
    honest = sum(
        found.by is StoppedBy.GENERATOR and not found.search.is_bracketed for found in claims
    )
    return [*counts, Count("generator at half the limit: no limit is claimed", honest, repetitions)]


@dataclass(frozen=True, slots=True)
class _Served:
    """The embedded server, at a service rate that may move from trial to trial."""

    rate_per_s: float
    jitter: float = 0.0

    def outcome(self, load: float, rng: Random) -> Outcome:
        """Return the outcome of a trial in scripted time."""
        rate = self.rate_per_s * math.exp(self.jitter * rng.gauss(0, 1))
        return virtual_outcome(load, round(rate, 3))


def server_counts(repetitions: int) -> list[Count]:
    """Return how often searches of the embedded server at a known service rate were right."""
    counts: list[Count] = []
    for jitter in (0.0, 0.08):
        pairs = []
        for seed in range(repetitions):
            rate = _between(*_SERVED_RATES, seed)
            pairs.append((rate, searched(_Served(rate, jitter), _SERVED_SETTINGS, seed)))
        trials = sum(found.trials for _, found in pairs) / repetitions
        name = f"rate moves by {jitter:.0%}" if jitter else "fixed rate"
        inside = sum(found.contains(rate) for rate, found in pairs)
        near = sum(found.is_near(rate) for rate, found in pairs)
        note = f"{trials:.1f} trials on average"
        counts.append(Count(f"{name}: the interval contains it", inside, repetitions, note))
        counts.append(Count(f"{name}: the estimate is within 10 %", near, repetitions))
    return counts


def usl_counts(repetitions: int) -> list[Count]:
    """Return how often the intervals of the law contained the known coefficients."""
    counts: list[Count] = []
    for scale, sigma, kappa in _LAWS:
        usls = [
            fit_usl(_curve(scale, sigma, kappa, Random(seed)), Random(seed))
            for seed in range(repetitions)
        ]
        name = f"sigma {sigma:g}, kappa {kappa:g}"
        note = f"12 trials, {_NOISE:.0%} noise, 95 % intervals"
        in_sigma = sum(usl.sigma.low <= sigma <= usl.sigma.high for usl in usls)
        in_kappa = sum(usl.kappa.low <= kappa <= usl.kappa.high for usl in usls)
        counts.append(Count(f"{name}: the interval contains sigma", in_sigma, repetitions, note))
        counts.append(Count(f"{name}: the interval contains kappa", in_kappa, repetitions))
    return counts


def _between(low: float, high: float, seed: int) -> float:
    return low * math.exp(Random(f"limit {seed}").uniform(0, math.log(high / low)))


def _limit(seed: int) -> float:
    return _between(_LOWEST_LIMIT, _HIGHEST_LIMIT, seed)


def _found(seed: int, jitter: float) -> tuple[float, Found]:
    limit = _limit(seed)
    return limit, searched(Deployment(limit, jitter), _SETTINGS, seed)


def _slow_generator(seed: int) -> Found:
    limit = _limit(seed)
    return searched(Deployment(limit, 0.04, generator_limit=limit / 2), _SETTINGS, seed)


def _curve(scale: float, sigma: float, kappa: float, rng: Random) -> list[Point]:
    def throughput(load: float) -> float:
        clean = scale * load / (1 + sigma * (load - 1) + kappa * load * (load - 1))
        return clean * (1 + _NOISE * rng.gauss(0, 1))

    return [(load, throughput(load)) for load in _LOADS]


def _print(console: Console, title: str, counts: Sequence[Count]) -> None:
    table = Table(title=title, box=None, header_style="bold", title_justify="left")
    table.add_column("claim")
    table.add_column("right", justify="right")
    table.add_column("")
    for count in counts:
        table.add_row(count.what, f"{count.right} of {count.of}", count.note)
    console.print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, print, and return 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.capacity")
    parser.add_argument("--repetitions", type=int, default=200, help="of each row (%(default)s)")
    parser.add_argument(
        "--server-repetitions",
        type=int,
        default=20,
        help="of each search of the embedded server; 0: none (%(default)s)",
    )
    options = parser.parse_args(arguments)
    console = Console()
    console.width = max(console.width, 110)
    parts: tuple[tuple[str, Callable[[int], list[Count]], int], ...] = (
        ("searches of a simulated deployment", search_counts, options.repetitions),
        (
            "searches of the embedded server at a known service rate",
            server_counts,
            options.server_repetitions,
        ),
        ("fits of the scalability law", usl_counts, options.repetitions),
    )
    for title, counted, repetitions in parts:
        if repetitions:
            _print(console, title, counted(repetitions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
