"""What every worker of a run must know, as one message from the master.

A worker may run on another host with no copy of the profile, so the resolved profile travels in it.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import loadtest
from loadtest.engine.network import NetworkSettings
from loadtest.errors import UsageError

__all__ = ["RunPlan"]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """One run, as one worker sees it."""

    run: str
    """Eight hexadecimal digits: in marks, ids and names, so that runs never mix on a server."""
    run_id: str
    """Name of the results folder."""
    profile: dict[str, Any]
    host: str
    seed: int
    network: dict[str, Any] = field(default_factory=NetworkSettings().to_plain, repr=False)
    """The way to the chat server as ``NetworkSettings`` in plain, secrets among them; files are on
    the worker's own host."""
    names: str = ""
    """Stands in the names of users and channels; empty: the run."""
    existing: dict[str, Any] | None = field(default=None, repr=False)
    """Users and channels that are there already, secrets among them; None: none."""
    record: str = ""
    """File to record the observations to, on the worker's own host; empty: none."""
    duration_s: float | None = None
    """How long the run is to last; None: until it is stopped."""
    worker: int = 0
    workers: int = 1

    def for_worker(self, worker: int, workers: int) -> "RunPlan":
        """Return the plan as worker number ``worker`` of ``workers`` gets it."""
        record = f"{self.record}.{worker + 1}" if self.record else ""
        return RunPlan(**{**asdict(self), "worker": worker, "workers": workers, "record": record})

    def to_message(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        return {"version": loadtest.__version__, **asdict(self)}

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "RunPlan":
        """Return the plan that ``to_message`` made a message of.

        Raises:
            UsageError: Another version of this package made it.
        """
        fields = dict(message)
        version = fields.pop("version", "without a number")
        if version != loadtest.__version__:
            raise UsageError(
                f"this worker has version {loadtest.__version__} of chatkitty-loadtest and its "
                f"master version {version}; install the same on both"
            )
        return cls(**fields)
