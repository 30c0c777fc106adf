"""Named baselines: runs copied into ``baselines/NAME/``, to be compared with later ones.

A baseline is a plain folder of run folders, so that it can be looked at, kept in a repository or in
the cache of a pipeline. It holds what a comparison reads of a run, and no more.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from loadtest.comparison.replicates import Replicate
from loadtest.errors import UsageError

__all__ = [
    "DEFAULT_BASELINES",
    "baseline_names",
    "baseline_path",
    "remove_baseline",
    "save_baseline",
]

DEFAULT_BASELINES = Path("baselines")
"""Where baselines are kept unless somebody names another folder."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEPT = ("summary.json", "latency.hlog", "profile.toml", "timeline.csv")


def baseline_path(baselines: Path, name: str) -> Path:
    """Return the folder of a baseline, whether it exists or not.

    Raises:
        UsageError: The name cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"baseline {name!r}: a name has 1 to 64 letters, digits, dots, dashes and underscores,"
            " and begins with a letter or a digit"
        )
    return baselines / name


def baseline_names(baselines: Path) -> tuple[str, ...]:
    """Return the names of all baselines, sorted."""
    found = baselines.glob("*/*/summary.json")
    return tuple(sorted({path.parent.parent.name for path in found}))


def save_baseline(baselines: Path, name: str, runs: Sequence[Replicate]) -> Path:
    """Copy runs into a new baseline and return its folder; an existing one is never touched.

    Raises:
        UsageError: The name is taken, or the files cannot be copied.
    """
    path = baseline_path(baselines, name)
    if path.exists():
        raise UsageError(
            f"baseline {name}: {path} exists already; remove it first, or choose another name"
        )
    beside = path.with_name(f".{name}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        for run in runs:
            folder = beside / run.name
            folder.mkdir(parents=True)
            for kept in _KEPT:
                if (run.folder / kept).is_file():
                    shutil.copy2(run.folder / kept, folder / kept)
        beside.rename(path)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise UsageError(
            f"baseline {name}: {path} cannot be written: {error.strerror or error}; use"
            " --baselines DIR"
        ) from error
    return path


def remove_baseline(baselines: Path, name: str) -> int:
    """Remove a baseline and return how many runs it had.

    Raises:
        UsageError: There is none of that name, or it holds what is no run.
    """
    path = baseline_path(baselines, name)
    runs = sorted(summary.parent for summary in path.glob("*/summary.json"))
    if not runs:
        known = ", ".join(baseline_names(baselines)) or "none"
        raise UsageError(f"baseline {name}: there is none in {baselines}; there are: {known}")
    foreign = [each.name for each in path.iterdir() if each not in runs]
    if foreign:
        raise UsageError(
            f"baseline {name}: {path} holds {foreign[0]}, which is no run; remove it by hand"
        )
    shutil.rmtree(path)
    return len(runs)
