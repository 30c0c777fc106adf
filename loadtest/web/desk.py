"""What the screens ask of the process that leads runs.

The process implements ``Desk``; the screens know nothing of Locust's runners, of options or of how
a run is started. Texts that come from here are texts: a page never takes them for HTML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from loadtest.metrics.clocks.state import ClockState
from loadtest.web.live import LiveRun, WorkerView

__all__ = ["Desk", "FormProblem", "ProfileChoice", "StartForm", "WatchedRun", "WorkerState"]


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker of a run: what it reported, and what is known of its clock."""

    view: WorkerView
    clock: ClockState | None
    is_lost: bool = False


class WatchedRun(Protocol):
    """A run that goes on, or has ended."""

    is_draining: bool

    @property
    def run_id(self) -> str:
        """Name of the results folder."""

    @property
    def folder(self) -> Path:
        """Folder of the results."""

    @property
    def is_finished(self) -> bool:
        """Whether the results are written."""

    @property
    def profile(self) -> Mapping[str, Any]:
        """The profile as it was resolved, without its secrets."""

    @property
    def live(self) -> LiveRun | None:
        """Its course; None: nobody asked to keep it."""

    @property
    def elapsed_s(self) -> float:
        """How long it has lasted."""

    @property
    def planned_s(self) -> float | None:
        """How long it is to last; None: until somebody stops it."""

    def summary(self) -> Mapping[str, Any]:
        """Return the summary: of this instant while the run goes on, else the final one."""

    def report(self) -> str:
        """Return the HTML report of this instant."""

    def worker_states(self) -> Sequence[WorkerState]:
        """Return what is known of each worker."""


@dataclass(frozen=True, slots=True)
class ProfileChoice:
    """A profile that can be chosen."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class FormProblem:
    """What is wrong with one field of the start form; ``field`` is empty for the whole of it."""

    field: str
    text: str

    def to_dict(self) -> dict[str, str]:
        """Return the problem as the JSON routes give it."""
        return {"field": self.field, "text": self.text}


@dataclass(frozen=True, slots=True)
class StartForm:
    """What the start form shows: the values it begins with, and the choices."""

    profiles: Sequence[ProfileChoice]
    values: Mapping[str, str]
    placeholders: Mapping[str, str] = field(default_factory=dict)
    """What an empty field means."""
    can_choose_profile: bool = True
    """Whether a profile drives the users; else a locustfile does."""


class Desk(Protocol):
    """The process that leads runs."""

    @property
    def run(self) -> WatchedRun | None:
        """The run that goes on, or the last one; None: there was none."""

    @property
    def state(self) -> str:
        """Locust's word for what its runner does."""

    @property
    def refusal(self) -> str:
        """Why the last attempt to begin a run failed; empty: it did not."""

    @property
    def results_folder(self) -> Path:
        """Where runs leave their folders."""

    @property
    def planned(self) -> Mapping[str, Any]:
        """The planned load of the run that goes on, or of the last one."""

    def form(self) -> StartForm:
        """Return what the start form shows."""

    def plan(self, values: Mapping[str, str]) -> tuple[Mapping[str, Any], Sequence[FormProblem]]:
        """Return the planned load of what was typed, and what is wrong with it."""

    def accept(self, values: Mapping[str, str]) -> tuple[Mapping[str, str], Sequence[FormProblem]]:
        """Take what was typed for the next run, or the users of this one.

        Returns what Locust has to be told, or what is wrong: then nothing was taken.
        """
