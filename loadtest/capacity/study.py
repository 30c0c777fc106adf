"""A capacity study as it stands in ``capacity.json``: what was asked, tried and found.

The types are the file's schema: ``schema_text`` gives it as JSON Schema, and the file
``capacity.schema.json`` beside this module is that text, held so by a test.
"""

import sys
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from loadtest.errors import UsageError

__all__ = [
    "SCHEMA",
    "UNITS",
    "Axis",
    "Bracket",
    "FirstBroken",
    "Headroom",
    "Limit",
    "Range",
    "ServerUse",
    "Settings",
    "Study",
    "TrialRecord",
    "UslRecord",
    "decode_study",
    "encode_study",
    "schema_text",
]

SCHEMA = "chatkitty-loadtest/capacity/1"

Axis = Literal["message_rate", "devices", "deliveries"]

UNITS: dict[Axis, str] = {
    "message_rate": "messages/s",
    "devices": "devices",
    "deliveries": "deliveries/s",
}
"""What a load on each axis counts."""


class Settings(Struct, frozen=True, kw_only=True):
    """What was asked."""

    lowest: float
    """If this load fails, the search is over."""
    first: float
    """The load of the first trial."""
    highest: float
    """If this load passes, the search is over."""
    precision: float
    """How near the ends of the interval shall be to the estimate, as a ratio."""
    level: float
    """With which probability the limit is in the interval."""
    budget_s: float
    """How long the study may take."""
    hold_s: float
    """How long the load of a trial is held, at least."""
    settle_s: float
    """How long a trial waits, after its last user was started, before it holds."""
    thresholds: list[str]
    """What must hold for a trial to pass."""


class Range(Struct, frozen=True, kw_only=True):
    """An interval."""

    low: float
    high: float


class Limit(Struct, frozen=True, kw_only=True):
    """The highest load that keeps every threshold."""

    estimate: float
    low: float
    high: float | None
    """None: only that it is at least ``low`` is known."""
    level: float
    """With which probability the limit is between ``low`` and ``high``."""


class Bracket(Struct, frozen=True, kw_only=True):
    """What was seen literally."""

    highest_passed: float | None = None
    """The highest load that passed in every trial there."""
    lowest_failed: float | None = None


class Headroom(Struct, frozen=True, kw_only=True):
    """How much of the generator was left at the highest load that passed."""

    load: float
    lag_p99_ms: float | None
    lag_limit_ms: float
    cpu: float | None
    """Processor time per time of the busiest process, at its peak."""


class FirstBroken(Struct, frozen=True, kw_only=True):
    """A threshold that broke."""

    expression: str
    value: float | str | None
    """What was measured; ``never`` if what it times did not come."""
    limit: str
    """What was promised, such as ``< 500``."""


class ServerUse(Struct, frozen=True, kw_only=True):
    """What the server used while the load was held."""

    cpu_cores: float | None = None
    """Processor time per time: 1 is one core, all the time."""
    memory_mb: float | None = None
    """Resident memory at its highest."""
    sockets: int | None = None
    """Open connections at the highest."""
    queries: dict[str, float | None] = field(default_factory=dict)
    """Of each Prometheus query, the mean over the hold."""


class TrialRecord(Struct, frozen=True, kw_only=True):
    """One trial: a run at one load."""

    run_id: str
    """Name of the run's folder, inside the folder of the study."""
    load: float
    outcome: Literal["pass", "fail", "invalid"]
    phase: str
    """Why this load was tried."""
    devices: int
    messages_per_s: float | None
    """Written per second while the load was held."""
    deliveries_per_s: float | None
    """Arrived per second while the load was held."""
    p50_ms: float | None
    p99_ms: float | None
    """Delivery latency."""
    lost: int
    generator_lag_p99_ms: float | None
    cpu: float | None
    """Processor time per time of the busiest generator process, at its peak."""
    hold_s: float
    length_s: float
    """From the start of the trial to its result."""
    broken: list[FirstBroken] = []
    invalid_because: str = ""
    """Why an invalid trial says nothing about the server."""
    remedy: str = ""
    is_load_to_blame: bool = False
    """Whether an invalid trial was one because of its load: a higher one is no use either."""
    server: ServerUse | None = None


class UslRecord(Struct, frozen=True, kw_only=True):
    """The scalability law that fits the trials."""

    sigma: float
    kappa: float
    scale: float = field(name="lambda")
    r2: float
    sigma_interval: Range
    kappa_interval: Range
    lambda_interval: Range
    level: float
    highest_load: float
    """The law says nothing above twice this load."""
    diagnosis: str


class Study(Struct, frozen=True, kw_only=True):
    """One study, finished or not."""

    schema: str = SCHEMA
    study_id: str
    axis: Axis
    unit: str
    question: str
    answer: str
    """One sentence."""
    advice: str = ""
    """What to change to see more; empty: nothing."""
    limit: Limit | None
    """None: nothing passed, or nothing could be measured."""
    bracket: Bracket
    is_at_least: bool
    """Whether only a lower bound is known: nothing failed, or the generator ended the search."""
    first_broken: FirstBroken | None
    headroom: Headroom | None = None
    """Of the generator."""
    stopped_by: Literal["precision", "budget", "generator", "range", "person"] | None
    """None: it goes on, or it was killed."""
    settings: Settings
    trials: list[TrialRecord]
    usl: UslRecord | None
    usl_refused: str = ""
    """Why there is no law."""
    sizing: dict[str, Any] | None = None
    devices: int
    """Devices of a trial at the first load."""
    devices_per_unit: float
    """Devices that one more unit of load brings; 0 where their number is fixed."""
    messages_per_unit: float
    deliveries_per_unit: float
    """Planned messages, and their deliveries, per second and unit of load."""
    connected_users: int
    """Users with a device, of a trial at the first load."""
    largest_channel: int
    started: str
    """UTC, ISO 8601."""
    elapsed_s: float
    host: str
    is_embedded: bool
    environment: dict[str, Any]
    profile: dict[str, Any]
    """As it was resolved, before the axis was applied."""
    command: list[str]
    """The arguments of ``loadtest capacity``."""


def encode_study(study: Study) -> bytes:
    """Return the content of ``capacity.json``."""
    return msgspec.json.format(msgspec.json.encode(study), indent=2) + b"\n"


def decode_study(content: bytes, name: str) -> Study:
    """Return the study that a file holds.

    Raises:
        UsageError: It is no study, or one of another version; ``name`` says which file.
    """
    try:
        head = msgspec.json.decode(content)
        found = head.get("schema") if isinstance(head, dict) else None
        if found != SCHEMA:
            raise UsageError(f"{name}: schema is {found}; this version reads {SCHEMA}")
        return msgspec.json.decode(content, type=Study)
    except msgspec.DecodeError as error:
        raise UsageError(f"{name}: cannot be read: {error}") from error


def schema_text() -> str:
    """Return the JSON Schema of ``capacity.json``."""
    schema = msgspec.json.schema(Study)
    return msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
