"""What to say about a setting that cannot be used.

A problem begins with the setting's name, so that whoever knows where the setting stands (the
profile) can write the place before it.
"""

import difflib
import math
from collections.abc import Iterable

from loadtest.errors import UsageError

__all__ = ["is_number", "nearest", "not_above_zero", "not_known", "refuse"]


def refuse(problems: Iterable[str | None]) -> None:
    """Raise all the problems that there are.

    Raises:
        UsageError: There is one at least.
    """
    found = [problem for problem in problems if problem is not None]
    if found:
        raise UsageError(*found)


def not_above_zero(name: str, value: float) -> str | None:
    """Return the problem of a value that must be finite and above 0, None if it is."""
    if math.isfinite(value) and value > 0:
        return None
    return f"{name} is {value:g}; it must be above 0"


def is_number(value: object) -> bool:
    """Tell whether a value is a number; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return advice on an unknown name: the nearest known one, or all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"known here: {', '.join(names) or 'none'}"


def not_known(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the problem of a parameter that ``kind`` does not have."""
    return f"{name} is not a parameter of {kind}; {nearest(name, known)}"
