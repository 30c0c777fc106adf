"""How figures add up, and how they travel as plain data.

Figures of two stretches add to those of both, in any order: a count adds, a histogram merges, a
field whose name ends in ``_peak`` takes the higher, and one whose name ends in ``_low`` the lower.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec import Struct

from loadtest.metrics.figures.histogram import Histogram

__all__ = ["add", "decoded", "encoded", "sum_of"]

_S = TypeVar("_S", bound=Struct)


def add(total: _S, part: _S) -> None:
    """Add the figures of ``part`` to those of ``total``; ``part`` stays as it is."""
    for name in part.__struct_fields__:
        theirs = getattr(part, name)
        if isinstance(theirs, Histogram):
            getattr(total, name).merge(theirs)
        elif isinstance(theirs, dict):
            _add_dict(getattr(total, name), theirs)
        elif isinstance(theirs, Struct):
            add(getattr(total, name), theirs)
        elif name.endswith("_peak"):
            setattr(total, name, max(getattr(total, name), theirs))
        elif name.endswith("_low"):
            mine = getattr(total, name)
            if theirs is not None and (mine is None or theirs < mine):
                setattr(total, name, theirs)
        elif theirs:
            setattr(total, name, getattr(total, name) + theirs)


def _add_dict(total: dict[str, Any], part: dict[str, Any]) -> None:
    for key, theirs in part.items():
        if isinstance(theirs, Struct):
            mine = total.get(key)
            if mine is None:
                mine = total[key] = type(theirs)()
            add(mine, theirs)
        else:
            total[key] = total.get(key, 0) + theirs


def sum_of(total: _S, parts: Mapping[str, _S]) -> _S:
    """Return ``total``, with each of ``parts`` added to it."""
    for part in parts.values():
        add(total, part)
    return total


def encoded(value: object) -> object:
    """Return a histogram as plain data, for msgspec."""
    if isinstance(value, Histogram):
        return value.to_plain()
    raise NotImplementedError(f"figures cannot hold a {type(value).__name__}")


def decoded(kind: type, plain: dict[str, Any]) -> object:
    """Return a histogram from plain data, for msgspec."""
    if kind is Histogram:
        return Histogram.from_plain(plain)
    raise NotImplementedError(f"figures cannot hold a {kind.__name__}")
