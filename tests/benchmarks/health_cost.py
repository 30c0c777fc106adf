"""What the watch on the generator's own health costs: processor time per second of a run.

Two processes take turns: an engine with nothing to do, and the same with the health monitor and its
second-by-second records, as every run has it. The difference is the cost. An idle process is the
dearest place for it, as each look must wake the processor first; so it is an upper bound.
"""

import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.errors import BenchmarkError

__all__ = ["HealthCost", "health_cost"]

_TIMEOUT_S = 60
_TOP = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class HealthCost:
    """CPU seconds per second of run, of each round."""

    without: tuple[float, ...]
    watched: tuple[float, ...]

    @property
    def cpu_s_per_s(self) -> float:
        """The median difference of a round; noise can make it negative."""
        differences = (b - a for a, b in zip(self.without, self.watched, strict=True))
        return statistics.median(differences)

    def __str__(self) -> str:
        whole = statistics.median(self.watched)
        return (
            f"health sampling: {self.cpu_s_per_s:.4f} CPU seconds per second of run, of the "
            f"{whole:.4f} that an idle engine takes with it (median of {len(self.watched)} rounds)"
        )


def health_cost(*, rounds: int, seconds: float) -> HealthCost:
    """Measure the cost, in rounds of twice ``seconds``.

    Raises:
        BenchmarkError: A process failed.
    """
    pairs = [(_measured("without", seconds), _measured("watched", seconds)) for _ in range(rounds)]
    return HealthCost(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))


def _measured(how: str, seconds: float) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.health_cost", how, str(seconds)]
    done = subprocess.run(
        command,
        cwd=_TOP,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S + seconds,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"health sampling could not be measured: {done.stderr[-300:]}")
    return float(done.stdout)


def _idle(how: str, seconds: float) -> None:
    """Run an engine with nothing to do and print the CPU seconds per second that it takes."""
    # Locust patches the process that imports it, which must not be the benchmark's own.
    import gevent

    from loadtest.clock import NS_PER_S, monotonic_ns, process_cpu_ns
    from loadtest.engine import Engine, EngineSettings, Mailbox, Periodic
    from loadtest.engine.target import target_from_url
    from loadtest.metrics import Ledger
    from loadtest.run.worker.health import HealthMonitor

    def complain(text: str) -> None:
        raise AssertionError(text)

    settings = EngineSettings(target_from_url("http://127.0.0.1:9"))
    engine = Engine(settings, Mailbox(), on_error=complain)
    ledger, monitor = Ledger(), HealthMonitor(engine)

    def tell(now_ns: int) -> None:
        ledger.health(monitor.sample(now_ns))

    def roll_up(now_ns: int) -> None:
        ledger.roll(now_ns)

    roll = Periodic(NS_PER_S, roll_up, monotonic_ns() + NS_PER_S)
    if how == "watched":
        engine.schedule(roll, Periodic(NS_PER_S, tell, monotonic_ns() + NS_PER_S))
        monitor.start()
    else:
        engine.schedule(roll)
    engine.start()
    started_ns, cpu_ns = monotonic_ns(), process_cpu_ns()
    gevent.sleep(seconds)
    taken_ns, elapsed_ns = process_cpu_ns() - cpu_ns, monotonic_ns() - started_ns
    engine.stop()
    print(taken_ns / elapsed_ns)


if __name__ == "__main__":
    _idle(sys.argv[1], float(sys.argv[2]))
