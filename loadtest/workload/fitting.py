"""Fits distributions to data: maximum likelihood, the likeliest kind chosen, the fit shown.

Three kinds are tried: durations as exponential and lognormal, whole numbers as Zipf's and as
rounded lognormal. A parameter costs one unit of log-likelihood (Akaike). Nothing is
extrapolated silently. Too few values give no fit at all, and every fit says how far it is from the
data at most (Kolmogorov and Smirnov), and how often it draws beyond the largest value seen.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtest.workload.distributions import Distribution, Exponential, Fixed, LogNormal, Zipf
from loadtest.workload.randomness import RandomStream

__all__ = ["QUANTILES", "SAMPLES_MIN", "Fit", "fit_counts", "fit_durations"]

SAMPLES_MIN = 30
"""Fewer values say too little about a distribution."""

QUANTILES = (0.1, 0.5, 0.9, 0.99)

_SIGMA_MIN, _SIGMA_MAX = 1e-3, 5.0
_EXPONENT_MIN, _EXPONENT_MAX = 0.01, 10.0
_STEPS = 60
_DRAWS = 20_000
_UNLIKELY = 1e-300


@dataclass(frozen=True, slots=True)
class Fit:
    """A distribution and how it stands to the data it was fitted to."""

    distribution: Distribution
    samples: int
    ks_distance: float
    """Largest distance of the two cumulative distributions."""
    beyond_ratio: float
    """How often it draws above the largest value seen."""
    quantiles: tuple[tuple[float, float, float], ...]
    """Quantile, its value in the data, and in the fit."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    distribution: Distribution
    log_likelihood: float
    parameters: int
    cdf: Callable[[float], float]

    @property
    def merit(self) -> float:
        return self.log_likelihood - self.parameters


def fit_durations(values: Sequence[float]) -> Fit | None:
    """Return the likeliest distribution of durations, None if there are too few.

    Durations of 0 count as a thousandth: a clock has ticks, and a logarithm no 0.
    """
    data = sorted(max(value, 1e-3) for value in values)
    if len(data) < SAMPLES_MIN:
        return None
    if data[0] == data[-1]:
        return _fixed(data)
    return _best(data, (_exponential(data), _lognormal(data)))


def fit_counts(values: Sequence[int]) -> Fit | None:
    """Return the likeliest distribution of whole numbers from 1 on, None if there are too few."""
    data = sorted(values)
    if len(data) < SAMPLES_MIN:
        return None
    if data[0] == data[-1]:
        return _fixed(data)
    return _best(data, (_zipf(data), _rounded_lognormal(data)))


def _fixed(data: Sequence[float]) -> Fit:
    value = data[0]
    quantiles = tuple((q, value, value) for q in QUANTILES)
    return Fit(Fixed(value), len(data), 0.0, 0.0, quantiles)


# --- candidates -------------------------------------------------------------------------------


def _exponential(data: Sequence[float]) -> _Candidate:
    mean = math.fsum(data) / len(data)
    likelihood = -len(data) * (math.log(mean) + 1)
    return _Candidate(Exponential(mean), likelihood, 1, lambda x: 1 - math.exp(-max(x, 0) / mean))


def _log_moments(data: Sequence[float]) -> tuple[float, float]:
    logs = [math.log(value) for value in data]
    mu = math.fsum(logs) / len(logs)
    variance = math.fsum((value - mu) ** 2 for value in logs) / len(logs)
    return mu, min(_SIGMA_MAX, max(_SIGMA_MIN, math.sqrt(variance)))


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _lognormal(data: Sequence[float]) -> _Candidate:
    mu, sigma = _log_moments(data)
    constant = math.log(sigma * math.sqrt(2 * math.pi))
    likelihood = -math.fsum(
        math.log(value) + constant + ((math.log(value) - mu) / sigma) ** 2 / 2 for value in data
    )
    return _Candidate(LogNormal(math.exp(mu), sigma), likelihood, 2, _lognormal_cdf(mu, sigma))


def _lognormal_cdf(mu: float, sigma: float) -> Callable[[float], float]:
    return lambda x: _normal_cdf((math.log(x) - mu) / sigma) if x > 0 else 0.0


def _rounded_lognormal(data: Sequence[int]) -> _Candidate:
    """Return a lognormal whose draws are rounded, as those of sizes and counts are.

    Its moments are those of the numbers themselves, which rounding hardly moves.
    """
    mu, sigma = _log_moments(data)
    cdf = _lognormal_cdf(mu, sigma)
    likelihood = math.fsum(
        math.log(max(_UNLIKELY, cdf(value + 0.5) - cdf(value - 0.5))) for value in data
    )
    return _Candidate(
        LogNormal(math.exp(mu), sigma), likelihood, 2, lambda x: cdf(math.floor(x) + 0.5)
    )


def _zipf(data: Sequence[int]) -> _Candidate:
    low, high = data[0], data[-1]
    logs = math.fsum(math.log(value) for value in data)

    def log_likelihood(exponent: float) -> float:
        weights = math.fsum(number**-exponent for number in range(low, high + 1))
        return -exponent * logs - len(data) * math.log(weights)

    exponent = _highest(log_likelihood, _EXPONENT_MIN, _EXPONENT_MAX)
    sums = [0.0]
    for number in range(low, high + 1):
        sums.append(sums[-1] + number**-exponent)

    def cdf(x: float) -> float:
        return sums[min(max(math.floor(x) - low + 1, 0), len(sums) - 1)] / sums[-1]

    return _Candidate(Zipf(round(exponent, 6), low, high), log_likelihood(exponent), 1, cdf)


def _highest(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function with one peak is highest (golden section)."""
    ratio = (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_STEPS):
        if at_left > at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return (low + high) / 2


# --- how good it is ---------------------------------------------------------------------------


def _best(data: Sequence[float], candidates: Sequence[_Candidate]) -> Fit:
    best = max(candidates, key=lambda candidate: candidate.merit)
    rng = RandomStream("fit")
    drawn = sorted(best.distribution.sample(rng) for _ in range(_DRAWS))
    return Fit(
        distribution=best.distribution,
        samples=len(data),
        ks_distance=_ks_distance(data, best.cdf),
        beyond_ratio=1 - best.cdf(data[-1]),
        quantiles=tuple((q, _quantile(data, q), _quantile(drawn, q)) for q in QUANTILES),
    )


def _ks_distance(data: Sequence[float], cdf: Callable[[float], float]) -> float:
    count, largest = len(data), 0.0
    for value in sorted(set(data)):
        fitted = cdf(value)
        # Just below a value the data have a step; the fit has one there too if it is discrete.
        below = bisect_right(data, math.nextafter(value, -math.inf)) / count
        largest = max(
            largest,
            abs(bisect_right(data, value) / count - fitted),
            abs(below - cdf(math.nextafter(value, -math.inf))),
        )
    return largest


def _quantile(data: Sequence[float], share: float) -> float:
    return data[min(len(data) - 1, math.ceil(share * len(data)) - 1)]
