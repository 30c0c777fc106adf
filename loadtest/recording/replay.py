"""A run judged again from its recordings.

Every worker's calls go to a fresh ledger, in their order; what the ledgers hand in adds up as it
did in the run. A recording that is cut gives the figures up to the cut, as of a run that ended
there without waiting, and the replay says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.metrics import Collection, Ledger, Totals
from loadtest.recording.calls import METHODS, Player
from loadtest.recording.journal import (
    CallsFrame,
    Cut,
    EndFrame,
    Frame,
    RunFrame,
    WorkerFrame,
    read_frames,
)

__all__ = ["Replay", "replay"]

_ALL_ROWS = 2**31


@dataclass(frozen=True, slots=True)
class Replay:
    """What recordings of one run give."""

    totals: Totals
    record: Mapping[str, Any] | None
    """What the leading process has recorded of the run; None: its file is missing or empty."""
    cuts: Mapping[int, str]
    """By worker: what is missing of its recording."""
    length_s: float
    """From a ledger's start to its last instant; the longest of all workers."""


class _Worker:
    """One worker's ledger, played again."""

    def __init__(self, path: Path, frame: WorkerFrame) -> None:
        unknown = sorted(set(frame.methods) - set(METHODS))
        if unknown:
            raise UsageError(
                f"{path}: holds calls that this version does not know: {', '.join(unknown)}; "
                "use the version that made it"
            )
        # The one snapshot at the end must hold every row of the timeline.
        settings = replace(frame.settings, resent_rows=_ALL_ROWS)
        self.path = path
        self.number = frame.worker
        self.ledger = Ledger(settings, worker=frame.worker, started_ns=frame.started_ns)
        self.player = Player(self.ledger, frame.methods, frame.members)
        self.is_complete = False
        self._started_ns = frame.started_ns

    @property
    def length_s(self) -> float:
        """From the start to the last instant."""
        return max(self.player.last_ns - self._started_ns, 0) / NS_PER_S

    def cut(self, reason: str) -> str:
        """End the run where the recording ends; return what to say of it."""
        now_ns = max(self.player.last_ns, self._started_ns)
        self.ledger.finish(now_ns, drained=False)
        self.ledger.roll(now_ns)
        return (
            f"{self.path}: cut {self.length_s:.1f} s after the start, after "
            f"{self.player.call_count} calls: {reason}; what came later is not in the figures"
        )


def replay(paths: Iterable[Path]) -> Replay:
    """Judge a run again from the recordings of its processes.

    Raises:
        UsageError: A file cannot be read or is no recording, they are not of one run, or two hold
            the same worker.
    """
    collection = Collection()
    readings = [_Reading(path) for path in paths]
    _check_one_run(readings)
    workers = [reading.worker for reading in readings if reading.worker is not None]
    records = [reading.record for reading in readings if reading.record is not None]
    cuts = {}
    for reading in readings:
        worker = reading.worker
        if worker is not None:
            if not worker.is_complete:
                cuts[worker.number] = worker.cut(reading.reason)
            collection.take(worker.ledger.snapshot())
    return Replay(
        collection.totals(),
        records[-1] if records else None,
        cuts,
        max((worker.length_s for worker in workers), default=0.0),
    )


class _Reading:
    """One file, read to its end or its cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run_ids: set[str] = set()
        self.worker: _Worker | None = None
        self.record: Mapping[str, Any] | None = None
        self.reason = "the run did not come to its end"
        for frame in read_frames(path):
            self._take(frame)

    def _take(self, frame: Frame | Cut) -> None:
        if isinstance(frame, CallsFrame):
            self._known_worker().player.play(frame.calls)
        elif isinstance(frame, WorkerFrame):
            self.run_ids.add(frame.run_id)
            self.worker = _Worker(self.path, frame)
        elif isinstance(frame, EndFrame):
            worker = self._known_worker()
            worker.is_complete = worker.player.call_count == frame.call_count
        elif isinstance(frame, RunFrame):
            self.run_ids.add(frame.run_id)
            self.record = frame.record
        else:
            self.reason = f"{frame.reason} (at byte {frame.offset})"

    def _known_worker(self) -> _Worker:
        if self.worker is None:
            raise UsageError(f"{self.path}: calls come before the worker that made them")
        return self.worker


def _check_one_run(readings: Iterable[_Reading]) -> None:
    runs: dict[str, Path] = {}
    workers: dict[int, Path] = {}
    for reading in readings:
        runs.update(dict.fromkeys(reading.run_ids, reading.path))
        if len(runs) > 1:
            raise UsageError(f"{reading.path}: of another run; the runs are {', '.join(runs)}")
        if reading.worker is not None:
            number = reading.worker.number
            if number in workers:
                raise UsageError(
                    f"{reading.path}: worker {number} is in {workers[number]}, too; name it once"
                )
            workers[number] = reading.path
