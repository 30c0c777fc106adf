"""The result for people (a table for each size) and for programs (one JSON file)."""

import dataclasses
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.health_cost import HealthCost
from tests.benchmarks.measure import Measurement
from tests.benchmarks.rows import Row
from tests.benchmarks.summary import Spread, Summary

__all__ = ["Omission", "Result", "machine", "print_tables", "write_json"]

_SCHEMA = "chatkitty-loadtest/benchmark/1"
_KIB = 1024
# No latencies: as long as the window sets the pace, they say how long the window's queue is.
_HEADINGS = (
    "k events / CPU-s",
    "of the limit",
    "x classic",
    "KiB / idle device",
    "devices / CPU-s",
    "CPU",
    "rounds",
)


@dataclass(frozen=True, slots=True)
class Omission:
    """A run that is missing, and why."""

    row: str
    devices: int
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """All that one call of the benchmark gave."""

    at: datetime
    command: Sequence[str]
    settings: Mapping[str, Any]
    measurements: Sequence[Measurement]
    summaries: Sequence[Summary]
    omissions: Sequence[Omission]
    health: HealthCost | None = None
    """What the watch on the generator's own health costs; None: not measured."""


def machine() -> dict[str, str | int]:
    """Return what a reader must know of this machine to judge the figures."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def print_tables(console: Console, result: Result, rows: Sequence[Row]) -> None:
    """Print a table for each size, then what was left out and why."""
    by_key = {row.key: row for row in rows}
    for devices in sorted({each.devices for each in result.summaries}):
        summaries = [each for each in result.summaries if each.devices == devices]
        console.print(_table(devices, summaries, by_key))
    if result.health is not None:
        console.print(str(result.health), markup=False, highlight=False, soft_wrap=True)
    for each in result.omissions:
        text = f"left out: {by_key[each.row].title} with {each.devices} devices: {each.reason}"
        console.print(text, markup=False, soft_wrap=True)


def _table(devices: int, summaries: Sequence[Summary], rows: Mapping[str, Row]) -> Table:
    table = Table(title=f"{devices} devices: median of the rounds, lowest to highest in brackets")
    table.add_column("client")
    for heading in _HEADINGS:
        table.add_column(heading, justify="right")
    table.add_column("remark")
    for each in summaries:
        table.add_row(
            rows[each.row].title,
            _range(each.events_per_cpu_s, "{:.1f}", 1_000),
            _range(each.ratio_to_limit, "{:.2f}"),
            _range(each.ratio_to_classic, "{:.2f}"),
            _range(each.idle_bytes_per_device, "{:.1f}", _KIB),
            _range(each.devices_per_cpu_s, "{:.0f}"),
            f"{each.cpu_ratio.median:.0%}",
            str(each.rounds),
            rows[each.row].remark,
        )
    return table


def _range(spread: Spread | None, layout: str, unit: float = 1) -> str:
    if spread is None:
        return "-"
    middle = layout.format(spread.median / unit)
    if spread.lowest == spread.highest:
        return middle
    lowest, highest = (layout.format(each / unit) for each in (spread.lowest, spread.highest))
    return f"{middle} ({lowest}-{highest})"


def write_json(path: Path, result: Result) -> None:
    """Write everything that was measured, and the figures made of it."""
    document = {
        "schema": _SCHEMA,
        "at": result.at.isoformat(timespec="seconds"),
        "command": list(result.command),
        "machine": machine(),
        "settings": dict(result.settings),
        "summary": [dataclasses.asdict(each) for each in result.summaries],
        "measurements": [_with_figures(each) for each in result.measurements],
        "health_sampling": None if result.health is None else _health(result.health),
        "left_out": [dataclasses.asdict(each) for each in result.omissions],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def _health(health: HealthCost) -> dict[str, Any]:
    return dataclasses.asdict(health) | {"cpu_s_per_s": health.cpu_s_per_s}


def _with_figures(measurement: Measurement) -> dict[str, Any]:
    return dataclasses.asdict(measurement) | {
        "events_per_cpu_s": measurement.events_per_cpu_s,
        "devices_per_cpu_s": measurement.devices_per_cpu_s,
        "idle_bytes_per_device": measurement.idle_bytes_per_device,
        "cpu_ratio": measurement.cpu_ratio,
    }
