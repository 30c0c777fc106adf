"""Whether real comparisons find known changes and nothing else (``python -m`` this module).

Embedded servers with faults of known size are compared by ``loadtest run --against`` in interleaved
pairs of short runs: one whose delay is 10 % longer, one that loses 0.1 % of the messages, and, many
times, one with itself. It prints how often a gate was called worse. The delay of the base is long
against what a shared machine adds, so that 10 % of it is 50 ms.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.clock import monotonic_ns
from tests.support.server_process import running_server

__all__ = ["main", "most_alarms"]

_PROFILE = Path(__file__).parent / "room.toml"
_BASE = ("--fault", "delay_ms=500")
_CHANGES = {
    "10 % more delay": (("--fault", "delay_ms=550"), "latency.channel.message.created.p50_ms"),
    "0.1 % loss": (
        (*_BASE, "--fault", "drop.channel.message.created=0.001"),
        "ledger.channel.message.created.lost",
    ),
}
# Wider than a run's usual limits, as the machine may be shared: what is later than that is no
# noise of both sides alike, and the pair is made again.
_LIMITS = (
    *("--set", "generator.lag_p99_limit_ms=60"),
    *("--set", "generator.loop_lag_p99_limit_ms=200"),
    *("--repeats", "20"),
)
_LEVEL = 0.05
"""How often one comparison may call a gate worse although nothing changed."""
_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class Compared:
    """What one comparison said."""

    exit_code: int
    plain: dict[str, Any]
    seconds: float

    def verdict_of(self, path: str) -> str:
        """Return the verdict on a figure."""
        found = (each["verdict"] for each in self.plain["figures"] if each["figure"] == path)
        return next(found, "absent")

    def line(self) -> str:
        """Return what the gates said, in one line."""
        gates = [
            f"{each['label']} {each.get('change', each.get('change_points')):+.2%}"
            f" {each['verdict']}"
            for each in self.plain["figures"]
            if each["is_gate"]
        ]
        left = len(self.plain["left_out"])
        return f"{', '.join(gates)}; {left} left out; {self.seconds:.0f} s"


def most_alarms(repetitions: int, level: float = _LEVEL) -> int:
    """Return the most alarms that ``repetitions`` may bring in 99 of 100 cases at this level."""
    chance = 0.0
    for count in range(repetitions + 1):
        chance += (
            math.comb(repetitions, count) * level**count * (1 - level) ** (repetitions - count)
        )
        if chance >= 0.99:
            return count
    return repetitions


def compare(base: str, candidate: str, results: Path, *, seed: int, replicates: int) -> Compared:
    """Compare two servers by runs in pairs."""
    began_ns = monotonic_ns()
    before = set(results.iterdir())
    command = [
        *(sys.executable, "-m", "loadtest", "run", str(_PROFILE)),
        *("--host", candidate, "--against", base, "--replicates", str(replicates)),
        *("--seed", str(seed), "--results", str(results), *_LIMITS),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    made = [folder for folder in results.iterdir() if folder not in before]
    if not made:
        raise SystemExit(f"the comparison could not be made:\n{finished.stderr}")
    plain = json.loads((made[0] / "comparison.json").read_text())
    return Compared(finished.returncode, plain, (monotonic_ns() - began_ns) / _NS_PER_S)


def _find_changes(arguments: argparse.Namespace, base: str, servers: dict[str, str]) -> int:
    """Compare with each changed server; return how many changes were missed."""
    missed = 0
    for name, (_, path) in _CHANGES.items():
        for number in range(arguments.detections):
            compared = compare(
                base,
                servers[name],
                arguments.results,
                seed=1000 + 100 * number,
                replicates=arguments.replicates,
            )
            is_found = compared.exit_code == 1 and compared.verdict_of(path) == "worse"
            missed += not is_found
            print(f"{name}: {'found' if is_found else 'MISSED'}: {compared.line()}", flush=True)
    return missed


def _count_alarms(arguments: argparse.Namespace, base: str) -> int:
    """Compare a server with itself; return how often a gate was called worse."""
    codes = []
    for number in range(arguments.repetitions):
        seed = 1 + 100 * (number + arguments.first)
        compared = compare(
            base, base, arguments.results, seed=seed, replicates=arguments.own_replicates
        )
        codes.append(compared.exit_code)
        print(
            f"the same server, {number + 1} of {arguments.repetitions}:"
            f" {compared.plain['outcome']}: {compared.line()}",
            flush=True,
        )
    return codes.count(1)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.detection", description=__doc__
    )
    parser.add_argument("--replicates", type=int, default=5, help="pairs a comparison")
    parser.add_argument(
        "--own-replicates", type=int, default=3, help="pairs of a server with itself"
    )
    parser.add_argument("--repetitions", type=int, default=20, help="comparisons with itself")
    parser.add_argument("--first", type=int, default=0, help="repetitions made elsewhere before")
    parser.add_argument("--detections", type=int, default=1, help="comparisons for each change")
    parser.add_argument("--results", type=Path, help="where the runs are kept (nowhere)")
    return parser


def _servers(stack: ExitStack) -> Iterator[tuple[str, str]]:
    for name, (options, _) in _CHANGES.items():
        yield name, stack.enter_context(running_server(*options))


def main(words: Sequence[str] | None = None) -> int:
    """Compare, print the counts, and return 0 if they are what they should be."""
    arguments = _options().parse_args(words)
    with ExitStack() as stack:
        if arguments.results is None:
            arguments.results = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        arguments.results.mkdir(parents=True, exist_ok=True)
        base = stack.enter_context(running_server(*_BASE))
        missed = _find_changes(arguments, base, dict(_servers(stack)))
        alarms = _count_alarms(arguments, base)
    made, most = len(_CHANGES) * arguments.detections, most_alarms(arguments.repetitions)
    print(f"changes found: {made - missed} of {made}, by {arguments.replicates} replicates each")
    print(
        f"false alarms: {alarms} of {arguments.repetitions} comparisons of a server with itself;"
        f" at a level of {_LEVEL:.0%} at most {most} are to be expected"
    )
    return 0 if not missed and alarms <= most else 1


if __name__ == "__main__":
    sys.exit(main())
