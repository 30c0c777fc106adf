"""What a self-test found, and the file in which later runs look for it.

``results/selftest.json`` holds the latest complete self-test, quick or not. It speaks for the
version that was tested and for no other.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from loadtest.errors import UsageError
from loadtest.selftest.checks import Check

__all__ = ["FILE_NAME", "CaseResult", "Outcome", "latest_outcome", "write_outcome"]

FILE_NAME = "selftest.json"

_SCHEMA = "chatkitty-loadtest-selftest/1"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What one case found."""

    name: str
    checks: tuple[Check, ...] = ()
    failure: str = ""
    """Why there is nothing to check; empty: there is."""

    @property
    def passed(self) -> bool:
        """Whether every check held, and there was one."""
        return not self.failure and bool(self.checks) and all(each.held for each in self.checks)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a self-test found."""

    version: str
    at: datetime.datetime
    is_quick: bool
    results: tuple[CaseResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every case passed."""
        return all(result.passed for result in self.results)


def write_outcome(folder: Path, outcome: Outcome) -> Path:
    """Write ``selftest.json`` into the results folder, over that of an earlier self-test.

    Raises:
        UsageError: It cannot be written.
    """
    path = folder / FILE_NAME
    content = {
        "schema": _SCHEMA,
        "version": outcome.version,
        "passed": outcome.passed,
        "quick": outcome.is_quick,
        "at": outcome.at.isoformat(timespec="seconds"),
        "cases": [_case(result) for result in outcome.results],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}; use --results") from error
    return path


def _case(result: CaseResult) -> dict[str, Any]:
    checks: Iterable[Check] = result.checks
    return {
        "name": result.name,
        "passed": result.passed,
        "failure": result.failure or None,
        "checks": [check.to_dict() for check in checks],
    }


def latest_outcome(folder: Path, version: str) -> dict[str, Any] | None:
    """Return what later summaries say of the self-test; None: there is none of this version."""
    try:
        content = orjson.loads((folder / FILE_NAME).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        # A run must not fail for want of a self-test; that there is none is what it then says.
        return None
    if not isinstance(content, dict) or content.get("schema") != _SCHEMA:
        return None
    if content.get("version") != version:
        return None
    return {name: content.get(name) for name in ("version", "passed", "quick", "at")}
