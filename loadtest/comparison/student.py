"""Student's t distribution, from the incomplete beta function.

Written here because the product needs no other function of a statistics library. A test compares
these values with scipy's and with published tables.
"""

import math
from functools import lru_cache

__all__ = ["t_cdf", "t_quantile", "t_two_sided_p"]

_MOST_TERMS = 500
_PRECISION = 1e-15
_TINY = 1e-300
_BISECTIONS = 200


def t_cdf(t: float, freedom: float) -> float:
    """Return the probability that a t value with ``freedom`` degrees is at most ``t``."""
    tail = t_two_sided_p(t, freedom) / 2
    return 1 - tail if t >= 0 else tail


def t_two_sided_p(t: float, freedom: float) -> float:
    """Return the probability that a t value is at least as far from 0 as ``t``."""
    if math.isinf(t):
        return 0.0
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


# The same few are asked for again and again, by every figure of a comparison.
@lru_cache(maxsize=1024)
def t_quantile(probability: float, freedom: float) -> float:
    """Return the t value that is not exceeded with ``probability`` (between 0 and 1)."""
    if probability < 0.5:
        return -t_quantile(1 - probability, freedom)
    tail = 2 * (1 - probability)
    low, high = 0.0, 1.0
    while t_two_sided_p(high, freedom) > tail:
        high *= 2
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if t_two_sided_p(middle, freedom) > tail:
            low = middle
        else:
            high = middle
    return high


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    front = math.exp(log_front)
    # The fraction converges fast on this side of the mean; the other side is its mirror.
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(a, b, x) / a
    return 1 - front * _continued_fraction(b, a, 1 - x) / b


def _continued_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
