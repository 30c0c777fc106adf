"""What single parts of the engine cost: ``python -m tests.benchmarks.parts``.

Each figure is CPU time of this process over a count of work, without sockets and without a server.
The work is checked to have been done, so that nothing that was skipped looks fast. The
embedded server, which is a process of its own, is measured by a run against it.
"""

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from loadtest.clock import NS_PER_MS, NS_PER_S, process_cpu_ns, utc_now
from loadtest.metrics import Ledger, LedgerSettings, merge
from loadtest.observations import ChatEvent
from tests.benchmarks.bridge import round_trips, submissions
from tests.benchmarks.devices import EVENTS, bring_up_cost, event_cost
from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.served import Served

__all__ = ["Part", "main", "measure_parts"]

_US_PER_NS = 1_000
_COMMANDS = 100_000
_GREENLETS = 100
_MESSAGES = 2_000
_ROOM = 50
_EVENTS = 5_000
_DEVICES = 500
_SERVED_DEVICES = 400
_SERVED_S = 8.0


@dataclass(frozen=True, slots=True)
class Part:
    """The cost of one part."""

    name: str
    count: int
    """How often the work was done."""
    cpu_ns: int
    unit: str
    """What was counted."""

    @property
    def us_each(self) -> float:
        """Microseconds of CPU for one."""
        return self.cpu_ns / self.count / _US_PER_NS

    @property
    def per_cpu_s(self) -> float:
        """How many a second of CPU pays for."""
        return self.count * NS_PER_S / self.cpu_ns


def _timed(name: str, unit: str, count: int, work: Callable[[], None]) -> Part:
    before_ns = process_cpu_ns()
    work()
    return Part(name, count, process_cpu_ns() - before_ns, unit)


# --- the ledger -------------------------------------------------------------------------------


def ledger_cost(devices: int, messages: int) -> Part:
    """Measure messages to ``devices`` chat sessions, from cause to figures.

    Raises:
        BenchmarkError: The ledger did not count every delivery.
    """
    ledger = Ledger(LedgerSettings(), started_ns=0)
    for number in range(1, devices + 1):
        ledger.user_session_starting(number, 0)
        ledger.user_session_started(number, number, 0)
        ledger.member_joined(1, number, 0)
        ledger.chat_session_starting(number, number, 1, 0)
        ledger.chat_session_started(number, 0)

    def work() -> None:
        for key in range(1, messages + 1):
            at_ns = NS_PER_S + key * NS_PER_MS
            ledger.message_sent(key, 1, 1, key, at_ns, at_ns)
            for number in range(1, devices + 1):
                ledger.message_delivered(number, key, key, at_ns + 5 * NS_PER_MS)
            if not key % 100:  # as often as in a run of 1 000 messages a second
                ledger.settle(at_ns)
            if not key % 1000:
                ledger.roll(at_ns)
        ledger.finish(at_ns + 60 * NS_PER_S, drained=True)
        ledger.roll(at_ns + 60 * NS_PER_S)

    count = devices * messages
    part = _timed(f"ledger, channel of {devices}", "deliveries", count, work)
    counted = merge([ledger.snapshot()]).figures.event(ChatEvent.MESSAGE_CREATED).delivered
    if counted != count:
        raise BenchmarkError(f"the ledger counted {counted} of {count} deliveries")
    return part


# --- devices ----------------------------------------------------------------------------------


def device_costs(events: int, devices: int) -> list[Part]:
    """Measure each kind of event, and devices up to an active chat session."""
    parts = [
        Part(f"device, {kind.type}", events, event_cost(kind, events), "events") for kind in EVENTS
    ]
    return [*parts, Part("device, brought up", devices, bring_up_cost(devices), "devices")]


# --- the embedded server ----------------------------------------------------------------------


def server_cost(devices: int, seconds: float) -> Part:
    """Measure the embedded server's deliveries to one channel of ``devices``, ACKs included.

    Raises:
        BenchmarkError: The run against it failed, or nothing was delivered.
    """
    with tempfile.TemporaryDirectory() as folder, Served(devices, Path(folder)) as served:
        served.wait_until_entered()
        before = served.stats()
        time.sleep(seconds)
        after = served.stats()
    count = after["deliveries_total"] - before["deliveries_total"]
    if not count:
        raise BenchmarkError(f"the embedded server delivered nothing in {seconds:g} s")
    cpu_ns = round((after["cpu_s"] - before["cpu_s"]) * NS_PER_S)
    return Part("embedded server", count, cpu_ns, "deliveries")


# --- all of them ------------------------------------------------------------------------------


def measure_parts() -> list[Part]:
    """Measure all parts that need no server."""
    return [
        _timed(
            "bridge, one way in batches",
            "commands",
            _COMMANDS,
            lambda: submissions(_COMMANDS),
        ),
        _timed(
            f"bridge, there and back, {_GREENLETS} greenlets",
            "commands",
            _COMMANDS,
            lambda: round_trips(_COMMANDS, _GREENLETS),
        ),
        ledger_cost(_ROOM, _MESSAGES),
        ledger_cost(2, _MESSAGES * 10),
        *device_costs(_EVENTS, _DEVICES),
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print a table, write the JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.parts", description=__doc__)
    parser.add_argument("--no-server", action="store_true", help="leave out the embedded server")
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of the JSON")
    arguments = parser.parse_args(words)
    parts = measure_parts()
    if not arguments.no_server:
        parts.append(server_cost(_SERVED_DEVICES, _SERVED_S))
    _print(Console(), parts)
    now = utc_now()
    path = arguments.results / f"parts-{now:%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"at": now.isoformat(timespec="seconds")}
    figures = [
        dataclasses.asdict(each) | {"us_each": each.us_each, "per_cpu_s": each.per_cpu_s}
        for each in parts
    ]
    path.write_text(json.dumps(document | {"parts": figures}, indent=2) + "\n")
    Console().print(f"written to {path}", markup=False, soft_wrap=True)
    return 0


def _print(console: Console, parts: Sequence[Part]) -> None:
    table = Table(title="parts of the engine, CPU time without sockets")
    table.add_column("part")
    for heading in ("us each", "per CPU second", "counted"):
        table.add_column(heading, justify="right")
    for each in parts:
        table.add_row(
            each.name,
            f"{each.us_each:.2f}",
            f"{each.per_cpu_s:,.0f}",
            f"{each.count:,} {each.unit}",
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
