"""Durations as people write them on a command line: ``30s``, ``5m``, ``1h30m``."""

import re

from loadtest.errors import UsageError

__all__ = ["duration_s"]

_DURATION = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)|(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m(?!s))?"
    r"(?:(?P<s>\d+(?:\.\d+)?)s)?(?:(?P<ms>\d+)ms)?"
)
_SECONDS = {"number": 1.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def duration_s(text: str, named: str = "--duration") -> float:
    """Return the seconds that ``text`` names, as ``30s``, ``5m`` or ``1h30m``.

    Raises:
        UsageError: It is no duration; ``named`` is what gave it.
    """
    match = _DURATION.fullmatch(text)
    parts = (
        {unit: float(value) for unit, value in match.groupdict().items() if value} if match else {}
    )
    seconds = sum(value * _SECONDS[unit] for unit, value in parts.items())
    if seconds <= 0:
        raise UsageError(f"{named} is {text!r}; it must be a time above 0 such as 30s, 5m or 1h30m")
    return round(seconds, 3)
