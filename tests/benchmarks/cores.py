"""How far two processes carry more than one: ``python -m tests.benchmarks.cores``.

``--processes`` gives each process an engine, a ledger and devices of its own; they share nothing
but the machine. So the question is what an event costs when two engines run side by side, each fed
by a server of its own. The servers' CPU is not counted. A factor of 2 would be perfect.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loadtest.clock import utc_now
from tests.benchmarks.measure import Measurement, Settings, measure
from tests.benchmarks.native import build_programs
from tests.benchmarks.rows import OURS, rows_of
from tests.benchmarks.table import machine

__all__ = ["main", "scaling"]


def scaling(alone: Sequence[Measurement], paired: Sequence[Measurement]) -> float:
    """Return how many times the events of one process two carry with a core each.

    That is the events per CPU second of both together, over those of one alone.
    """
    one = statistics.median(each.events_per_cpu_s for each in alone)
    return 2 * statistics.median(each.events_per_cpu_s for each in paired) / one


def _measure(settings: Settings, devices: int, number: int) -> Measurement:
    row = next(row for row in rows_of(None) if row.key == OURS)
    with tempfile.TemporaryDirectory() as folder:
        return measure(row, devices, number, settings, Path(folder))


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the factor, write the JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cores", description=__doc__)
    add = parser.add_argument
    add("--devices", type=int, default=1_000, help="devices of each process (%(default)s)")
    add(
        "--rate", type=float, default=0, help="deliveries per second of each; 0: as fast as it goes"
    )
    add("--seconds", type=float, default=5, help="length of each feed (%(default)s)")
    add("--rounds", type=int, default=3, help="of one alone, then two at once (%(default)s)")
    add("--results", type=Path, default=Path("results"), help="folder of the JSON (%(default)s)")
    add(
        "--scratch",
        type=Path,
        default=Path(tempfile.gettempdir()) / "chatkitty-loadtest-benchmarks",
        help="folder for programs, outside the repository (%(default)s)",
    )
    arguments = parser.parse_args(words)
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        programs=build_programs(arguments.scratch),
        scratch=arguments.scratch,
        channel_size=100,
        seconds=arguments.seconds,
        rate_per_s=arguments.rate,
        open_rate_per_s=arguments.rate or 1,
        window=1024,
        heart_beat="0,0",
        # Two servers that never sleep would take the cores that the two engines need.
        is_server_busy=False,
    )
    alone: list[Measurement] = []
    paired: list[Measurement] = []
    for number in range(1, arguments.rounds + 1):
        alone.append(_measure(settings, arguments.devices, number))
        with ThreadPoolExecutor(2) as both:
            running = [both.submit(_measure, settings, arguments.devices, number) for _ in range(2)]
            paired += [each.result() for each in running]
        sys.stdout.write(
            f"round {number}: {_rates(alone[-1:])} alone, {_rates(paired[-2:])} paired\n"
        )
        sys.stdout.flush()
    factor = scaling(alone, paired)
    sys.stdout.write(f"two processes carry {factor:.2f} times what one carries\n")
    now = utc_now()
    document = {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "scaling": factor,
        "alone_events_per_cpu_s": [each.events_per_cpu_s for each in alone],
        "paired_events_per_cpu_s": [each.events_per_cpu_s for each in paired],
    }
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"cores-{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(f"written to {path}\n")
    return 0


def _rates(measurements: Sequence[Measurement]) -> str:
    return " and ".join(f"{each.events_per_cpu_s:,.0f}" for each in measurements)


if __name__ == "__main__":
    sys.exit(main())
