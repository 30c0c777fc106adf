"""What one run of one row has to do."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """The part of a run that a client has to know."""

    port: int
    devices: int
    channel_size: int
    rate_per_s: float
    """Deliveries per second; 0: as fast as ``window`` lets."""
    open_rate_per_s: float
    """The same for a client that knows no window."""
    window: int
    """Deliveries without an ACK, or under way."""
    folder: Path
    """For files of this run."""
    scratch: Path
    """For what is installed once, outside the repository."""
    limit_program: Path
