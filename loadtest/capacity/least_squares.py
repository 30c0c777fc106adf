"""Least squares with a few coefficients, all of them free or none of them below 0.

For the handful of terms that a curve has here, the best set of terms is found by trying them all:
that is exact, and needs no library for matrices.
"""

from collections.abc import Sequence
from itertools import combinations

__all__ = ["free_fit", "non_negative_fit"]

_SINGULAR = 1e-12


def free_fit(rows: Sequence[Sequence[float]], wanted: Sequence[float]) -> tuple[float, ...]:
    """Return the coefficients, of any sign, for which ``rows`` come nearest to ``wanted``."""
    scaled, sizes = _scaled(rows)
    found = _solved(*_normal_equations(scaled, wanted, range(len(sizes))))
    if found is None:
        return non_negative_fit(rows, wanted)
    return tuple(value / size for value, size in zip(found, sizes, strict=True))


def non_negative_fit(rows: Sequence[Sequence[float]], wanted: Sequence[float]) -> tuple[float, ...]:
    """Return the coefficients, none below 0, for which ``rows`` come nearest to ``wanted``.

    A term whose coefficient would be negative has 0. Columns may differ in size by orders of
    magnitude.
    """
    scaled, sizes = _scaled(rows)
    width = len(sizes)
    best, least = (0.0,) * width, sum(value * value for value in wanted)
    for count in range(1, width + 1):
        for terms in combinations(range(width), count):
            found = _solved(*_normal_equations(scaled, wanted, terms))
            if found is None or min(found) < 0:
                continue
            values = dict(zip(terms, found, strict=True))
            guess = tuple(values.get(column, 0.0) for column in range(width))
            error = _squares(scaled, wanted, guess)
            if error < least:
                best, least = guess, error
    return tuple(value / size for value, size in zip(best, sizes, strict=True))


def _scaled(rows: Sequence[Sequence[float]]) -> tuple[list[list[float]], list[float]]:
    """Return ``rows`` with columns of like size, and by how much each was divided."""
    sizes = [max(map(abs, column)) or 1.0 for column in zip(*rows, strict=True)]
    return [[value / size for value, size in zip(row, sizes, strict=True)] for row in rows], sizes


def _normal_equations(
    rows: Sequence[Sequence[float]], wanted: Sequence[float], terms: Sequence[int]
) -> tuple[list[list[float]], list[float]]:
    matrix = [[sum(row[a] * row[b] for row in rows) for b in terms] for a in terms]
    side = [sum(row[a] * y for row, y in zip(rows, wanted, strict=True)) for a in terms]
    return matrix, side


def _solved(matrix: list[list[float]], side: list[float]) -> list[float] | None:
    """Return the solution by elimination; None if there is not exactly one."""
    size = len(side)
    table = [[*row, value] for row, value in zip(matrix, side, strict=True)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(table[row][column]))
        table[column], table[pivot] = table[pivot], table[column]
        if abs(table[column][column]) < _SINGULAR:
            return None
        for row in range(size):
            if row != column:
                factor = table[row][column] / table[column][column]
                pairs = zip(table[row], table[column], strict=True)
                table[row] = [value - factor * other for value, other in pairs]
    return [table[row][size] / table[row][row] for row in range(size)]


def _squares(
    rows: Sequence[Sequence[float]], wanted: Sequence[float], guess: Sequence[float]
) -> float:
    errors = (
        sum(value * each for value, each in zip(row, guess, strict=True)) - y
        for row, y in zip(rows, wanted, strict=True)
    )
    return sum(error * error for error in errors)
