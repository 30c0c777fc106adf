"""Runs made in pairs: which order, which seed, what is repeated, and what is left out.

The two runs of a pair follow each other and have the same seed, so that what drifts in the machine
and what the workload happens to be cancel. Which side goes first is drawn for every two pairs, and
turned round for the second of them: A B B A. A pair in which a run supports no comparison is made
again, as often as the limit says, and is named if it is given up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from random import Random

import msgspec

from loadtest.comparison.comparable import why_unusable
from loadtest.comparison.replicates import Replicate, Side
from loadtest.errors import UsageError
from loadtest.report.files import RunFolder

__all__ = [
    "PAIRS",
    "Pair",
    "SideName",
    "StoredPairs",
    "Study",
    "StudyStoppedError",
    "make_pairs",
    "planned_pairs",
    "read_pairs",
    "write_pairs",
]

PAIRS = "pairs.json"


class SideName(StrEnum):
    """Which of the two a run is of."""

    BASE = "base"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two runs that follow each other."""

    number: int
    """From 1 on."""
    seed: int
    order: tuple[SideName, SideName]


@dataclass(slots=True)
class Study:
    """What was made: the runs of each whole pair, and what was left out of it."""

    base: list[Replicate] = field(default_factory=list)
    candidate: list[Replicate] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    is_stopped: bool = False
    """Whether a person stopped it before all pairs were made."""


class StudyStoppedError(Exception):
    """A person stopped a run of the study."""


class _PairsFile(msgspec.Struct):
    """The content of ``pairs.json``; paths are relative to it."""

    base_label: str
    candidate_label: str
    base: list[str]
    candidate: list[str]
    expected: list[str]
    left_out: list[str]


def planned_pairs(replicates: int, seed: int) -> tuple[Pair, ...]:
    """Return the pairs in the order in which they are to be made."""
    rng = Random(seed)
    order = (SideName.BASE, SideName.CANDIDATE)
    pairs = []
    for number in range(replicates):
        turned = rng.random() < 0.5 if number % 2 == 0 else True
        order = (order[1], order[0]) if turned else order
        pairs.append(Pair(number + 1, seed + number, order))
    return tuple(pairs)


def make_pairs(
    pairs: Iterable[Pair],
    run: Callable[[SideName, Pair], Replicate],
    *,
    repeats: int,
    note: Callable[[Study], None] = lambda study: None,
) -> Study:
    """Make every pair and return what came of them.

    Args:
        pairs: In the order in which they are to be made.
        run: Makes one run, or raises ``StudyStoppedError``.
        repeats: How many pairs may be made again, in all.
        note: Is called whenever something has come of a pair.
    """
    study = Study()
    for pair in pairs:
        try:
            why = _make(pair, run, study)
            while why and repeats > 0:
                study.left_out.append(f"{why}; the pair was made again")
                repeats -= 1
                why = _make(pair, run, study)
        except StudyStoppedError:
            study.is_stopped = True
            note(study)
            break
        if why:
            study.left_out.append(f"{why}; the pair was given up")
        note(study)
    return study


def _make(pair: Pair, run: Callable[[SideName, Pair], Replicate], study: Study) -> str:
    """Make one pair; return why it cannot be used, or nothing."""
    made: dict[SideName, Replicate] = {}
    for side in pair.order:
        made[side] = run(side, pair)
        why = why_unusable(made[side].summary)
        if why:
            return f"pair {pair.number}, {side} run {made[side].name} is {why}"
    study.base.append(made[SideName.BASE])
    study.candidate.append(made[SideName.CANDIDATE])
    return ""


def write_pairs(
    folder: Path, study: Study, labels: tuple[str, str], expected: Iterable[str] = ()
) -> None:
    """Write which runs are pairs into the study's folder.

    Raises:
        UsageError: The file cannot be written.
    """
    path = folder / PAIRS
    kept = _PairsFile(
        base_label=labels[0],
        candidate_label=labels[1],
        base=[run.folder.relative_to(folder).as_posix() for run in study.base],
        candidate=[run.folder.relative_to(folder).as_posix() for run in study.candidate],
        expected=list(expected),
        left_out=study.left_out,
    )
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


@dataclass(frozen=True, slots=True)
class StoredPairs:
    """The pairs of an earlier study."""

    base: Side
    candidate: Side
    expected: tuple[str, ...]
    """Keys of the profile that differ on purpose."""
    left_out: tuple[str, ...]


def read_pairs(folder: Path) -> StoredPairs:
    """Return the pairs of the study in ``folder``.

    Raises:
        UsageError: There is none, or a run of it cannot be read.
    """
    path = folder / PAIRS
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_PairsFile)
    except OSError as error:
        raise UsageError(
            f"{folder}: no {PAIRS} in it; name two sides, or the folder that"
            " `loadtest run --against` made"
        ) from error
    except msgspec.DecodeError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    return StoredPairs(
        base=_side(folder, kept.base_label, kept.base),
        candidate=_side(folder, kept.candidate_label, kept.candidate),
        expected=tuple(kept.expected),
        left_out=tuple(kept.left_out),
    )


def _side(folder: Path, label: str, runs: Iterable[str]) -> Side:
    paths = [folder / run for run in runs]
    return Side(
        label, tuple(Replicate(path, RunFolder.open(path).read_summary()) for path in paths)
    )
