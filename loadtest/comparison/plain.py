"""``comparison.json``: a comparison as plain data, for programs and for rendering pairs again."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loadtest.comparison.catalogue import LevelFigure
from loadtest.comparison.comparison import Comparison
from loadtest.comparison.judgement import Finding
from loadtest.comparison.replicates import Side

__all__ = ["SCHEMA", "plain_comparison"]

SCHEMA = "chatkitty-loadtest-comparison/1"
_DIGITS = 6


def plain_comparison(compared: Comparison, beside: Path | None = None) -> dict[str, Any]:
    """Return the comparison in dicts, lists, texts and numbers.

    Args:
        compared: What was found.
        beside: Folder that the paths of runs are relative to, so that it can be moved.
    """
    settings = compared.settings
    return {
        "schema": SCHEMA,
        "outcome": compared.change.value,
        "method": "paired t" if compared.is_paired else "Welch's t",
        "confidence": settings.confidence,
        "tolerance": settings.tolerance,
        "share_tolerance": settings.share_tolerance,
        "gates": list(settings.gates),
        "base": _side(compared.base, beside),
        "candidate": _side(compared.candidate, beside),
        "figures": [_finding(finding) for finding in compared.findings],
        "power": {
            path: {
                "spread": _rounded(power.spread),
                "smallest_change": {
                    str(count): _rounded(change) for count, change in power.smallest.items()
                },
                "replicates_needed": power.needed,
            }
            for path, power in compared.powers.items()
        },
        "wanted_change": compared.wanted,
        "differences": [
            {"name": each.name, "base": each.base, "candidate": each.candidate}
            for each in compared.apart
        ],
        "warnings": list(compared.warnings),
        "left_out": list(compared.left_out),
    }


def _side(side: Side, beside: Path | None) -> dict[str, Any]:
    runs = [_path(run.folder, beside) for run in side.replicates]
    return {"label": side.label, "runs": runs}


def _path(folder: Path, beside: Path | None) -> str:
    if beside is not None and folder.is_relative_to(beside):
        return folder.relative_to(beside).as_posix()
    return folder.as_posix()


def _finding(finding: Finding) -> dict[str, Any]:
    is_level = isinstance(finding.figure, LevelFigure)
    return {
        "figure": finding.figure.path,
        "label": finding.figure.label,
        "unit": finding.figure.unit if isinstance(finding.figure, LevelFigure) else "share",
        "is_gate": finding.is_gate,
        "verdict": finding.change.value,
        "base": _rounded(finding.base_value),
        "candidate": _rounded(finding.candidate_value),
        "change" if is_level else "change_points": _rounded(finding.difference),
        "interval": _all_rounded(finding.interval) if finding.interval is not None else None,
        "p": _rounded(finding.p) if finding.p is not None else None,
        "base_replicates": _all_rounded(finding.base),
        "candidate_replicates": _all_rounded(finding.candidate),
        "note": finding.note,
    }


def _all_rounded(values: Sequence[float]) -> list[float | None]:
    return [_rounded(value) for value in values]


def _rounded(value: float) -> float | None:
    """Return the value with enough digits; what is not finite is null in JSON."""
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
