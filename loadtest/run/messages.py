"""Messages of ours between master and workers, over Locust's bus."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["MessageKind", "PushBatch", "WorkerBatch", "WorkerError", "WorkerReport"]


class MessageKind(StrEnum):
    """Types of messages; Locust's bus has one listener for each."""

    HELLO = "loadtest_hello"
    """To the master: what a worker has drawn, for the master's proof that it knows the token."""
    CHALLENGE = "loadtest_challenge"
    """The answer: that proof, and what the master has drawn."""
    PROOF = "loadtest_proof"
    """To the master: the worker's proof."""
    WELCOME = "loadtest_welcome"
    """To a worker: it takes part from now on."""
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
    IDLE = "loadtest_idle"
    """To the master: the run ended before this worker had begun; it has nothing to report."""
    ERROR = "loadtest_error"
    """To the master: a ``WorkerError``."""
    BATCH = "loadtest_batch"
    """From one worker to another, by way of the master: a ``WorkerBatch``."""
    GONE = "loadtest_gone"
    """To all workers: the number of one that is lost."""
    PING = "loadtest_ping"
    """To the master: the instant of sending, by the worker's clock."""
    PONG = "loadtest_pong"
    """The answer: that instant, and the master's."""


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
    is_early: bool = False
    """Whether this worker ended before anybody told it to, and before its planned end."""
    clock: dict[str, Any] | None = None
    """What is known of the worker's clock, as a ``ClockState``; None: nothing yet."""
    reader: str = ""
    """Which reader its devices have; empty: it is not known."""

    def to_message(self) -> dict[str, Any]:
        """Return the report as plain data."""
        # Not `asdict`, which would copy the snapshot to its last histogram.
        return {
            "run": self.run,
            "snapshot": self.snapshot,
            "is_final": self.is_final,
            "is_early": self.is_early,
            "clock": self.clock,
            "reader": self.reader,
        }


@dataclass(frozen=True, slots=True)
class WorkerBatch:
    """What a worker tells another about channels that span them."""

    run: str
    to: int
    """Number of the other worker."""
    content: bytes

    def to_message(self) -> dict[str, Any]:
        """Return the batch as plain data."""
        return {"run": self.run, "to": self.to, "content": self.content}


@dataclass(frozen=True, slots=True)
class WorkerError:
    """What went wrong on a worker."""

    text: str
    is_fatal: bool = False
    """Whether the worker takes no part in the run."""

    def to_message(self) -> dict[str, Any]:
        """Return the error as plain data."""
        return asdict(self)
