"""The command of the benchmarks: ``python -m tests.benchmarks.run``.

Rows are interleaved (A B C, A B C, …), so that a machine that slows down slows all of them. No run
begins that the time limit does not allow, and what was left out is said.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from loadtest.clock import utc_now
from tests.benchmarks.errors import BenchmarkError, UnavailableError
from tests.benchmarks.health_cost import health_cost
from tests.benchmarks.measure import Measurement, Settings, measure
from tests.benchmarks.native import build_programs
from tests.benchmarks.rows import CLASSIC, LIMIT, Row, rows_of
from tests.benchmarks.summary import summarize
from tests.benchmarks.table import Omission, Result, print_tables, write_json

__all__ = ["main"]

# A process needs some descriptors besides those of its devices.
_SPARE_FILES = 64
# In a file, a table need not fit a window.
_PLAIN_WIDTH = 180
_TOLD_SETTINGS = (
    *("devices", "channel_size", "rounds", "seconds"),
    *("rate", "open_rate", "window", "heart_beat", "sleeping_server"),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run", description=__doc__)
    add = parser.add_argument
    add("--devices", default="1000,10000", help="sizes, joined by commas (%(default)s)")
    add("--channel-size", type=int, default=100, help="devices per channel (%(default)s)")
    add("--rounds", type=int, default=3, help="runs of each row and size (%(default)s)")
    add("--seconds", type=float, default=3, help="length of the measured feed (%(default)s)")
    add("--rate", type=float, default=0, help="deliveries per second; 0: as fast as acknowledged")
    add(
        "--open-rate",
        type=float,
        default=20_000,
        help="the same for rows that know no window (%(default)s)",
    )
    add("--window", type=int, default=1024, help="deliveries without an ACK (%(default)s)")
    add("--heart-beat", default="0,0", help="what the server offers, in ms (%(default)s)")
    add("--sleeping-server", action="store_true", help="let the clients pay for waking the server")
    add("--only", default="", help="keys of rows, joined by commas; empty: all")
    add(
        "--health-seconds",
        type=float,
        default=5,
        help="of the row on health; 0: none (%(default)s)",
    )
    add("--all-sizes", action="store_true", help="run slow rows at large sizes, too")
    add("--short", action="store_true", help="100 devices, 1 round, 2 s: does everything run?")
    add("--ours", help="command line for our engine, with {port} {devices} {channel_size} {rate}")
    add("--time-limit", type=float, default=840, help="no run begins after it, in s (%(default)s)")
    add("--results", type=Path, default=Path("results"), help="folder of the JSON (%(default)s)")
    add(
        "--scratch",
        type=Path,
        default=Path(tempfile.gettempdir()) / "chatkitty-loadtest-benchmarks",
        help="folder for programs and packages, outside the repository (%(default)s)",
    )
    return parser


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    arguments = parser.parse_args(words)
    if arguments.short:
        arguments.devices, arguments.rounds, arguments.seconds = "100", 1, 2
        arguments.health_seconds = min(arguments.health_seconds, 2)
    try:
        arguments.devices = [int(each) for each in arguments.devices.split(",")]
    except ValueError:
        parser.error(f"--devices is {arguments.devices!r}; it must be numbers such as 1000,10000")
    arguments.only = [each for each in arguments.only.split(",") if each]
    unknown = set(arguments.only) - {row.key for row in rows_of(None)}
    if unknown:
        known = ", ".join(row.key for row in rows_of(None))
        parser.error(f"--only names {', '.join(sorted(unknown))}; rows are {known}")
    return arguments


def _open_files_max() -> int:
    """Raise the limit of open files as far as allowed, for us and for what we start."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class _Rounds:
    """Runs rows round by round and keeps what came of it."""

    def __init__(self, arguments: argparse.Namespace, settings: Settings, console: Console) -> None:
        self.measurements: list[Measurement] = []
        self.omissions: list[Omission] = []
        self._arguments = arguments
        self._settings = settings
        self._console = console
        self._deadline_s = time.monotonic() + arguments.time_limit
        self._files_max = _open_files_max()

    def run(self, rows: Sequence[Row]) -> None:
        """Run all rounds of all sizes."""
        for devices in self._arguments.devices:
            runnable = list(rows)
            for number in range(1, self._arguments.rounds + 1):
                runnable = [row for row in runnable if self._run_row(row, devices, number)]

    def _run_row(self, row: Row, devices: int, number: int) -> bool:
        """Run a row once; return whether it is worth another round."""
        label = f"{devices} devices, round {number}, {row.title}"
        try:
            self._require_possible(row, devices)
            with tempfile.TemporaryDirectory() as folder:
                measured = measure(row, devices, number, self._settings, Path(folder))
        except BenchmarkError as error:
            self.omissions.append(Omission(row.key, devices, f"round {number}: {error}"))
            self._say(f"{label}: left out: {error}")
            return not isinstance(error, UnavailableError)
        self.measurements.append(measured)
        self._say(f"{label}: {measured.events_per_cpu_s:,.0f} events per CPU second")
        return True

    def _require_possible(self, row: Row, devices: int) -> None:
        if devices > row.devices_max and not self._arguments.all_sizes:
            raise UnavailableError("it would take minutes; --all-sizes runs it")
        if devices + _SPARE_FILES > self._files_max:
            raise UnavailableError(
                f"{devices} devices need {devices + _SPARE_FILES} open files in one process, "
                f"the limit is {self._files_max}; raise it: ulimit -Hn"
            )
        if time.monotonic() > self._deadline_s:
            raise UnavailableError(f"the time limit of {self._arguments.time_limit:g} s has passed")

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _settings(arguments: argparse.Namespace) -> Settings:
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    return Settings(
        programs=build_programs(arguments.scratch),
        scratch=arguments.scratch,
        channel_size=arguments.channel_size,
        seconds=arguments.seconds,
        rate_per_s=arguments.rate,
        open_rate_per_s=arguments.open_rate,
        window=arguments.window,
        heart_beat=arguments.heart_beat,
        is_server_busy=not arguments.sleeping_server,
    )


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the tables, write the JSON; return the exit code."""
    arguments = _arguments(words)
    console = Console()
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    try:
        settings = _settings(arguments)
    except BenchmarkError as error:
        console.print(f"benchmarks: {error}", markup=False)
        return 2
    rows = rows_of(arguments.ours)
    rounds = _Rounds(arguments, settings, console)
    rounds.run([row for row in rows if not arguments.only or row.key in arguments.only])
    health = None
    if arguments.health_seconds and not arguments.only:
        health = health_cost(rounds=arguments.rounds, seconds=arguments.health_seconds)
    result = Result(
        at=utc_now(),
        command=["python", "-m", "tests.benchmarks.run", *(words or sys.argv[1:])],
        settings={name: getattr(arguments, name) for name in _TOLD_SETTINGS},
        measurements=rounds.measurements,
        summaries=summarize(rounds.measurements, limit=LIMIT, classic=CLASSIC),
        omissions=rounds.omissions,
        health=health,
    )
    print_tables(console, result, rows)
    path = arguments.results / f"bench-{result.at:%Y%m%dT%H%M%SZ}.json"
    write_json(path, result)
    console.print(f"written to {path}", markup=False, soft_wrap=True)
    return 0 if result.measurements else 1


if __name__ == "__main__":
    sys.exit(main())
