"""Earlier runs: what lies in the results folder, for a table, and which files can be had."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtest.errors import UsageError
from loadtest.observations import ChatEvent
from loadtest.report import RunFolder
from loadtest.report.figures import at
from loadtest.web.desk import Desk

__all__ = ["EarlierRuns"]

_MOST = 1000
_SUMMARY = "summary.json"


class EarlierRuns:
    """The runs in the results folder of a process.

    Args:
        desk: The process that leads runs.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[Path, tuple[int, dict[str, Any]]] = {}

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each run, the latest first."""
        rows = []
        for folder in self._folders():
            path = folder / _SUMMARY
            try:
                changed_ns = path.stat().st_mtime_ns
            except OSError:
                continue  # it goes on, or it could not begin
            known = self._known.get(folder)
            if known is None or known[0] != changed_ns:
                known = self._known[folder] = (changed_ns, _row(folder))
            rows.append(known[1])
        return rows

    def _folders(self) -> list[Path]:
        results = self._desk.results_folder
        if not results.is_dir():
            return []
        folders = sorted((each for each in results.iterdir() if each.is_dir()), reverse=True)
        return folders[:_MOST]

    def folder(self, run_id: str) -> Path | None:
        """Return the folder of a run that has a summary; None if there is no such run."""
        folder = next((each for each in self._folders() if each.name == run_id), None)
        return folder if folder is not None and (folder / _SUMMARY).is_file() else None

    def file(self, run_id: str, name: str) -> Path | None:
        """Return the path of a file of a run; None if there is no such file, or it is hidden.

        Only names that the folder itself lists are taken: no path leads out of it.
        """
        folder = next((each for each in self._folders() if each.name == run_id), None)
        if folder is None or name.startswith("."):
            return None
        return folder.resolve() / name if name in RunFolder(folder).names() else None


def _row(folder: Path) -> dict[str, Any]:
    run = RunFolder(folder)
    files = list(run.names())
    try:
        summary: Mapping[str, Any] = run.read_summary()
    except UsageError as error:
        return {"run_id": folder.name, "problem": str(error), "files": files}
    message = str(ChatEvent.MESSAGE_CREATED)
    return {
        "run_id": folder.name,
        "verdict": at(summary, "verdict"),
        "profile": at(summary, "profile", "name"),
        "target": at(summary, "target", "host"),
        "is_embedded": at(summary, "target", "embedded"),
        "p99_ms": at(summary, "latency", message, "p99_ms"),
        "last_p99_ms": at(summary, "completion", "all", "last", "p99_ms"),
        "lost": at(summary, "ledger", message, "lost"),
        "missed": at(summary, "notifications", "missed"),
        "devices": at(summary, "load", "devices_peak"),
        "duration_s": at(summary, "duration_s"),
        "files": files,
    }
