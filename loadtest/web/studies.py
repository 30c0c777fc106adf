"""Capacity studies in the results folder, for the page of earlier runs.

A study is written anew after each trial, its report too: whoever looks while one goes on sees the
trials and the curve so far.
"""

from pathlib import Path
from typing import Any

from loadtest.capacity.folder import STUDY_FILE, read_study
from loadtest.capacity.study import Study
from loadtest.errors import UsageError
from loadtest.report import RunFolder

__all__ = ["study_rows"]

_MOST = 100


def study_rows(results: Path) -> list[dict[str, Any]]:
    """Return a row for each study in a results folder, the latest first."""
    if not results.is_dir():
        return []
    folders = sorted((each.parent for each in results.glob(f"*/{STUDY_FILE}")), reverse=True)
    return [_row(folder) for folder in folders[:_MOST]]


def _row(folder: Path) -> dict[str, Any]:
    files = list(RunFolder(folder).names())
    try:
        study = read_study(folder)
    except UsageError as error:
        return {"study_id": folder.name, "problem": str(error), "files": files}
    return {
        "study_id": folder.name,
        "axis": study.axis,
        "unit": study.unit,
        "answer": study.answer,
        "stopped_by": study.stopped_by,
        "trials": [_trial(study, number) for number in range(len(study.trials))],
        "files": files,
    }


def _trial(study: Study, number: int) -> dict[str, Any]:
    trial = study.trials[number]
    return {
        "load": trial.load,
        "outcome": trial.outcome,
        "deliveries_per_s": trial.deliveries_per_s,
        "p99_ms": trial.p99_ms,
        "lost": trial.lost,
    }
