"""The runs of one side: found by path, by pattern or by the name of a baseline, and read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.errors import UsageError
from loadtest.report.figures import Summary
from loadtest.report.files import RunFolder

__all__ = ["Replicate", "Side", "read_side"]

_SUMMARY = "summary.json"
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Replicate:
    """One run that is compared."""

    folder: Path
    summary: Summary

    @property
    def name(self) -> str:
        """The run id, by which a person finds it."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class Side:
    """The runs of one side of a comparison."""

    label: str
    """What the user named: a path, a pattern, a baseline, a host or a setting."""
    replicates: tuple[Replicate, ...]

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """The summaries of the runs, in order."""
        return tuple(each.summary for each in self.replicates)


def read_side(named: str, baselines: Path) -> Side:
    """Return the runs that ``named`` names: folders of runs, folders that hold some, or a baseline.

    Raises:
        UsageError: There is no such run, or a summary cannot be read.
    """
    folders = _folders(named) or _runs_in(baselines / named)
    if not folders:
        raise UsageError(
            f"{named}: there is no run there, and no baseline of that name in {baselines}; name the"
            " folder of a run, a folder that holds runs, a pattern in quotes such as"
            " 'results/*-ci-*', or a baseline"
        )
    replicates: list[Replicate] = []
    problems: list[str] = []
    for folder in folders:
        try:
            replicates.append(Replicate(folder, RunFolder.open(folder).read_summary()))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(*problems)
    return Side(named, tuple(replicates))


def _folders(named: str) -> list[Path]:
    path = Path(named)
    places = [path]
    if _PATTERN.search(named):
        places = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    found = [folder for place in places for folder in _runs_in(place)]
    return list(dict.fromkeys(found))


def _runs_in(place: Path) -> Sequence[Path]:
    """Return the folder itself if it is a run's, else the runs that it holds."""
    if (place / _SUMMARY).is_file():
        return (place,)
    return sorted(path.parent for path in place.glob(f"*/{_SUMMARY}"))
