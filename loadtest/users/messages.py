"""What master and workers tell each other over Locust's bus, besides Locust's own messages."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Kind", "PushBatch", "WorkerError", "WorkerReport"]


class Kind(StrEnum):
    """Types of messages; Locust's bus has one listener for each."""

    PLAN = "loadtest_plan"
    """To each worker before a run: its ``RunPlan``."""
    DRAIN = "loadtest_drain"
    """To all workers: end the run and hand in the final report."""
    HURRY = "loadtest_hurry"
    """To all workers: wait for nothing any more."""
    PUSHES = "loadtest_pushes"
    """To all workers: a ``PushBatch``."""
    REPORT = "loadtest_report"
    """To the master once a second, and once at the end: a ``WorkerReport``."""
    ERROR = "loadtest_error"
    """To the master: a ``WorkerError``."""


@dataclass(frozen=True, slots=True)
class PushBatch:
    """What the push sink got: user, channel, message and instant of each."""

    run: str
    pushes: list[tuple[int, int, int, int]]

    def to_message(self) -> dict[str, Any]:
        """Return the batch as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class WorkerReport:
    """What a worker has counted since the start of the run."""

    run: str
    snapshot: dict[str, Any]
    is_final: bool

    def to_message(self) -> dict[str, Any]:
        """Return the report as plain data."""
        # Not `asdict`, which would copy the snapshot to its last histogram.
        return {"run": self.run, "snapshot": self.snapshot, "is_final": self.is_final}


@dataclass(frozen=True, slots=True)
class WorkerError:
    """What went wrong on a worker."""

    text: str
    is_fatal: bool = False
    """Whether the worker takes no part in the run."""

    def to_message(self) -> dict[str, Any]:
        """Return the error as plain data."""
        return asdict(self)
