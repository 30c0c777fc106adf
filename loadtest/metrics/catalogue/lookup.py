"""Every figure that a summary can hold, by its path and by its short names.

A declaration stands for many figures: one for each value of the name in brackets of its block, and
for a distribution one for each of its keys. They are made here, once.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

from loadtest.metrics.catalogue.declaration import (
    DIMENSIONS,
    LATENCY_KEYS,
    LATENCY_MEANINGS,
    PERCENTILES,
    Better,
    Block,
    Declaration,
    Kind,
)
from loadtest.metrics.catalogue.deliveries import DELIVERY_BLOCKS
from loadtest.metrics.catalogue.machine import MACHINE_BLOCKS
from loadtest.metrics.catalogue.notified import NOTIFICATION_BLOCKS
from loadtest.metrics.catalogue.phases import PHASE_BLOCKS
from loadtest.metrics.catalogue.work import WORK_BLOCKS

__all__ = ["BLOCKS", "Figure", "all_figures", "alternatives", "figure_named"]

BLOCKS: tuple[Block, ...] = (
    *DELIVERY_BLOCKS,
    *NOTIFICATION_BLOCKS,
    *WORK_BLOCKS,
    *MACHINE_BLOCKS,
    *PHASE_BLOCKS,
)
"""All declarations."""

_NAMES_SHOWN = 5
_SUFFIX = "_ms"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a summary."""

    path: str
    names: tuple[str, ...]
    """Short names, the usual one first; a figure may have none."""
    unit: str
    meaning: str
    kind: Kind
    """``LATENCY`` for a time of a distribution; its ``count`` is a ``COUNT``."""
    better: Better
    samples: tuple[str, ...]
    """Paths whose sum says how many values the figure rests on; empty: that means nothing."""
    percentile: float | None
    """Of 100; None for what is no percentile."""
    block: Block
    declaration: Declaration
    values: tuple[str, ...]
    """What stands for the names in brackets of the block's path, such as an event type."""
    judged_by: str
    """Path of the share of what happened that was judged; empty: all of it was."""

    @property
    def short(self) -> str:
        """The shortest name that means this figure."""
        return self.names[0] if self.names else self.path


@cache
def all_figures() -> dict[str, Figure]:
    """Return every figure by its path."""
    return {figure.path: figure for block in BLOCKS for figure in _of_block(block)}


def figure_named(name: str) -> Figure | None:
    """Return the figure with this path or short name, or None."""
    path = _paths_by_name().get(name)
    return all_figures()[path] if path is not None else None


def alternatives(name: str) -> str:
    """Return what exists near ``name``: similar names, or what its longest known part holds."""
    known = _paths_by_name()
    similar = difflib.get_close_matches(name, known, n=_NAMES_SHOWN, cutoff=0.8)
    if similar:
        return f"did you mean {' or '.join(similar)}?"
    prefix = name
    while prefix := prefix.rpartition(".")[0]:
        below = {each.removeprefix(f"{prefix}.") for each in known if each.startswith(f"{prefix}.")}
        if below:
            return f"{prefix} has: {', '.join(sorted(below))}"
    sections = sorted({each.partition(".")[0] for each in known})
    return f"figures begin with one of: {', '.join(sections)}"


@cache
def _paths_by_name() -> dict[str, str]:
    """Return the path of each figure by every name that it has; a path wins over a short name."""
    paths = {path: path for path in all_figures()}
    for figure in all_figures().values():
        for name in figure.names:
            paths.setdefault(name, figure.path)
    return paths


def _of_block(block: Block) -> Iterator[Figure]:
    choices = [DIMENSIONS[bracket] for bracket in block.brackets]
    for values in product(*choices):
        words = tuple(choice[value] for choice, value in zip(choices, values, strict=True))
        place = _Place(
            path=_filled(block.path, block.brackets, values),
            shorts=(
                *(_filled(short, block.brackets, words) for short in block.short),
                *(block.short_of[value] for value in values if value in block.short_of),
            ),
            values=values,
            judged_by=_filled(block.judged_by, block.brackets, values),
        )
        for declaration in block.figures:
            if not declaration.only or declaration.only.intersection(values):
                yield from _of_declaration(block, declaration, place)


@dataclass(frozen=True, slots=True)
class _Place:
    """One of the objects of a summary that a block stands for."""

    path: str
    shorts: tuple[str, ...]
    values: tuple[str, ...]
    judged_by: str


def _filled(path: str, brackets: Iterable[str], values: Iterable[str]) -> str:
    for bracket, value in zip(brackets, values, strict=True):
        path = path.replace(bracket, value)
    return path


def _of_declaration(block: Block, declaration: Declaration, place: _Place) -> Iterator[Figure]:
    here = _joined(place.path, declaration.name)
    places = (here, *(_joined(short, declaration.word) for short in place.shorts))
    if declaration.kind is not Kind.LATENCY:
        yield Figure(
            path=here,
            names=_names(here, places),
            unit=declaration.unit,
            meaning=declaration.meaning,
            kind=declaration.kind,
            better=declaration.better,
            samples=tuple(_joined(place.path, key) for key in declaration.samples),
            percentile=None,
            block=block,
            declaration=declaration,
            values=place.values,
            judged_by=place.judged_by,
        )
        return
    for key in LATENCY_KEYS:
        is_count = key == "count"
        keys = (key, key.removesuffix(_SUFFIX))
        # Where the block's name alone means the distribution, its count would be any count.
        named = places[:1] if is_count and not declaration.word and declaration.name else places
        yield Figure(
            path=_joined(here, key),
            names=_names(_joined(here, key), (_joined(p, k) for p in named for k in keys)),
            unit="samples" if is_count else "ms",
            meaning=f"{declaration.meaning}: {LATENCY_MEANINGS[key]}",
            kind=Kind.COUNT if is_count else Kind.LATENCY,
            better=Better.NEITHER if is_count else declaration.better,
            samples=() if is_count else (_joined(here, "count"),),
            percentile=PERCENTILES.get(key),
            block=block,
            declaration=declaration,
            values=place.values,
            judged_by=place.judged_by,
        )


def _names(path: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names without the path itself and without repetitions, the shortest first."""
    kept = dict.fromkeys(name for name in names if name != path)
    return tuple(sorted(kept, key=len))


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)
