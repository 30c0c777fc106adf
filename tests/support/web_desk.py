"""A desk and a run in name only, for the screens in a browser."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from loadtest.web.desk import FormProblem, ProfileChoice, StartForm, WorkerState
from loadtest.web.live import LiveRun
from tests.support.summaries import built_summary

__all__ = ["FakeDesk", "FakeRun"]


class FakeRun:
    """A run of which everything is known beforehand."""

    def __init__(self, folder: Path, summary: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.run_id = folder.name
        self.is_draining = False
        self.is_finished = False
        self.live: LiveRun | None = LiveRun(0, lambda: 0)
        self.elapsed_s = 12.0
        self.planned_s: float | None = 20.0
        self.content = summary or built_summary()
        self.summaries = 0
        self.profile: dict[str, Any] = {"name": "smoke"}
        self.states: list[WorkerState] = []

    def summary(self) -> Mapping[str, Any]:
        """Return the summary, and count how often it is asked for."""
        self.summaries += 1
        return self.content

    def report(self) -> str:
        """Return a page."""
        return "<!DOCTYPE html><title>so far</title>"

    def worker_states(self) -> Sequence[WorkerState]:
        """Return what the test has set."""
        return self.states


class FakeDesk:
    """A desk that keeps what it was asked."""

    def __init__(self, results: Path) -> None:
        self.run: FakeRun | None = None
        self.state = "ready"
        self.refusal = ""
        self.results_folder = results
        self.planned: Mapping[str, Any] = {"deliveries_per_s": 12.0}
        self.problems: list[FormProblem] = []
        self.accepted: list[Mapping[str, str]] = []
        self.told: dict[str, str] = {"user_count": "5", "spawn_rate": "1.0", "host": "http://x"}

    def form(self) -> StartForm:
        """Return a form with one profile."""
        return StartForm([ProfileChoice("smoke", "<b>everything</b>")], {"profile": "smoke"})

    def plan(self, values: Mapping[str, str]) -> tuple[Mapping[str, Any], Sequence[FormProblem]]:
        """Return the plan, or the test's problems."""
        return ({} if self.problems else dict(self.planned)), self.problems

    def accept(self, values: Mapping[str, str]) -> tuple[Mapping[str, str], Sequence[FormProblem]]:
        """Keep what was typed."""
        self.accepted.append(values)
        return ({} if self.problems else self.told), self.problems
