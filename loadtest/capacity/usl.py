"""The Universal Scalability Law: why throughput stops following the load.

``X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1))``: ``sigma`` is the share of the work that
waits for something shared (contention), ``kappa`` the work of keeping copies alike, which grows
with every pair of them (coherency). The law is linear in ``N / X``, so that it is fitted there, by
non-negative least squares of relative errors: 10 % too much counts alike at every load.

The intervals are a bootstrap over the trials: what each trial was off the curve is dealt out anew,
and the curve is fitted again. In these fits the terms may be negative, and an interval is cut at 0
afterwards: a bound inside the bootstrap would make the intervals too narrow.

The law explains what was measured. Beyond twice the highest load it says nothing, and refuses to.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from loadtest.capacity.least_squares import free_fit, non_negative_fit
from loadtest.errors import UsageError

__all__ = ["FARTHEST", "FEWEST_LOADS", "FEWEST_POINTS", "Spread", "Usl", "fit_usl", "usl_refusal"]

FEWEST_POINTS = 6
FEWEST_LOADS = 4
FARTHEST = 2.0
"""How many times the highest load the law may be asked about."""

_TERMS = 3
_RESAMPLES = 1000
# The least share of the throughput, at the highest load, that a term must cost to be named.
_NOTABLE_SHARE = 0.02
_POOR_R2 = 0.95

Point = tuple[float, float]
"""A load, and the throughput at it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A value with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Usl:
    """A fitted law."""

    scale: Spread
    """Throughput per unit of load, where nothing waits: ``lambda``."""
    sigma: Spread
    kappa: Spread
    r2: float
    """Share of the throughput's variance that the curve explains."""
    level: float
    """With which probability each value is in its interval."""
    highest_load: float
    """The highest load that was measured."""
    points: int

    @property
    def peak_load(self) -> float | None:
        """The load at which throughput is highest; None: it rises with every load."""
        if not self.kappa.value:
            return None
        return math.sqrt(max(0.0, 1 - self.sigma.value) / self.kappa.value)

    def throughput(self, load: float) -> float:
        """Return the throughput at a load.

        Raises:
            UsageError: The load is more than twice the highest that was measured.
        """
        if load > FARTHEST * self.highest_load:
            raise UsageError(
                f"a load of {load:g} is more than {FARTHEST:g} times the highest that was measured"
                f" ({self.highest_load:g}); measure up to {load / FARTHEST:g} first"
            )
        coefficients = (self.scale.value, self.sigma.value, self.kappa.value)
        return _throughput(load, *coefficients)

    @property
    def diagnosis(self) -> str:
        """What the curve says of the deployment, in a sentence or two."""
        load = self.highest_load
        if self.r2 < _POOR_R2:
            return (
                f"the law fits poorly (R² {self.r2:.2f}): throughput bends more sharply than the"
                " law can, as that of one full queue does; sigma and kappa explain little here"
            )
        waits, agrees = self.sigma.value * (load - 1), self.kappa.value * load * (load - 1)
        lost = (waits + agrees) / (1 + waits + agrees)
        if lost < _NOTABLE_SHARE or not (self.sigma.low > 0 or self.kappa.low > 0):
            return (
                f"throughput follows the load up to {load:g}: the curve shows no"
                " contention and no coherency cost that could be told from the noise"
            )
        if waits >= agrees:
            most = self.scale.value / self.sigma.value
            return (
                "contention: work waits for something shared, such as a lock, a single thread or"
                f" one database; by it alone throughput cannot go above {most:,.0f} per second"
            )
        peak = self.peak_load
        assert peak is not None  # kappa is above 0 here
        return (
            "coherency: the work of keeping parts of the system in step grows with every pair of"
            f" them; throughput is highest at a load of about {peak:,.0f} and falls beyond"
        )


def usl_refusal(points: Sequence[Point]) -> str:
    """Return why no law can be fitted to ``points``; empty if one can."""
    loads = len({load for load, _ in points})
    if len(points) < FEWEST_POINTS or loads < FEWEST_LOADS:
        return (
            f"{len(points)} valid trials at {loads} loads; a fit of three terms needs at least"
            f" {FEWEST_POINTS} at {FEWEST_LOADS}"
        )
    if min(throughput for _, throughput in points) <= 0:
        return "a valid trial had a throughput of 0; there is no curve through that"
    return ""


def fit_usl(points: Sequence[Point], rng: Random, *, level: float = 0.95) -> Usl:
    """Return the law that fits ``points`` best.

    Raises:
        UsageError: There are too few points; see ``usl_refusal``.
    """
    refusal = usl_refusal(points)
    if refusal:
        raise UsageError(f"scalability law: {refusal}")
    best = _fitted(points)
    # Too few points make the residuals look too small; leverage is left aside, as it is alike.
    free = _fitted(points, free_fit)
    missing = math.sqrt(len(points) / (len(points) - _TERMS))
    errors = [missing * (throughput / _throughput(load, *free) - 1) for load, throughput in points]
    found = [_resampled(points, free, errors, rng) for _ in range(_RESAMPLES)]
    spreads = [
        _spread(best[term], sorted(each[term] for each in found), level) for term in range(3)
    ]
    return Usl(
        scale=spreads[0],
        sigma=spreads[1],
        kappa=spreads[2],
        r2=_r2(points, lambda load: _throughput(load, *best)),
        level=level,
        highest_load=max(load for load, _ in points),
        points=len(points),
    )


def _throughput(load: float, scale: float, sigma: float, kappa: float) -> float:
    return scale * load / (1 + sigma * (load - 1) + kappa * load * (load - 1))


def _fitted(
    points: Sequence[Point],
    fit: Callable[[list[list[float]], list[float]], tuple[float, ...]] = non_negative_fit,
) -> tuple[float, float, float]:
    """Return lambda, sigma and kappa."""
    # Divided by N / X, so that errors are relative.
    rows = [
        [throughput / load * term for term in (1.0, load - 1, load * (load - 1))]
        for load, throughput in points
    ]
    base, waits, agrees = fit(rows, [1.0] * len(rows))
    # A throughput that grows faster than its load leaves no constant term.
    base = max(base, 1e-12)
    return 1 / base, waits / base, agrees / base


def _resampled(
    points: Sequence[Point], best: tuple[float, float, float], errors: Sequence[float], rng: Random
) -> tuple[float, float, float]:
    """Return the fit to the curve with the trials' errors dealt out anew."""
    freedom = len(points) - _TERMS
    # How large the errors really are is not known exactly either: from few trials, far from it.
    size = math.sqrt(freedom / rng.gammavariate(freedom / 2, 2))
    dealt = rng.choices(errors, k=len(points))
    return _fitted(
        [
            (load, _throughput(load, *best) * max(0.01, 1 + size * error))
            for (load, _), error in zip(points, dealt, strict=True)
        ],
        free_fit,
    )


def _spread(value: float, found: Sequence[float], level: float) -> Spread:
    last = len(found) - 1
    low = found[round(last * (1 - level) / 2)]
    high = found[round(last * (1 + level) / 2)]
    return Spread(value, max(0.0, min(low, value)), max(high, value))


def _r2(points: Sequence[Point], curve: Callable[[float], float]) -> float:
    mean = sum(throughput for _, throughput in points) / len(points)
    total = sum((throughput - mean) ** 2 for _, throughput in points)
    left = sum((throughput - curve(load)) ** 2 for load, throughput in points)
    return 1 - left / total if total else 1.0
