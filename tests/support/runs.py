"""Real runs of the command, in child processes, small enough for two busy cores."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.support.schema import broken_rules

__all__ = [
    "Finished",
    "Run",
    "free_port",
    "run_command",
    "run_loadtest",
    "run_locust",
    "run_locustfile",
    "server_stats",
    "two_processes",
    "wait_for_deliveries",
]

REPOSITORY = Path(__file__).parent.parent.parent
_TIMEOUT_S = 90
# Shared machines are noisy: how late the generator was is not what these tests are about.
SMALL = (
    "--devices",
    "30",
    # With this one a few notifications are due even in six seconds.
    "--seed",
    "2",
    "--set",
    "run.ramp_s=1",
    "--set",
    "generator.lag_p99_limit_ms=2000",
    "--set",
    "generator.loop_lag_p99_limit_ms=5000",
)


@dataclass(frozen=True)
class Finished:
    """A run that has ended."""

    exit_code: int
    output: str
    errors: str
    results: Path

    @property
    def summary(self) -> dict[str, Any]:
        """The summary that it left, which keeps to the schema that ships."""
        (path,) = self.results.glob("*/summary.json")
        summary: dict[str, Any] = json.loads(path.read_text())
        assert broken_rules(summary) == []
        return summary


class Run:
    """A run that goes on."""

    def __init__(self, command: Sequence[str], results: Path) -> None:
        self.results = results
        self._process = subprocess.Popen(
            [*command, "--results", str(results)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "100"},
        )

    @property
    def pid(self) -> int:
        """The process that leads the run."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole process group, as a terminal does."""
        os.killpg(self._process.pid, number)

    def wait_for_text(self, text: str) -> None:
        """Read the output until ``text`` stands in it."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if text in line:
                return
        raise AssertionError(f"the run ended without {text!r}")

    def worker_once_spawned(self) -> str:
        """Return the process id of a worker, once all users are there."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "All users spawned" in line:
                break
        found = subprocess.run(
            ["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=True
        )
        return found.stdout.split()[0]

    def close_output(self) -> None:
        """Read nothing more of its standard output."""
        assert self._process.stdout is not None
        self._process.stdout.close()

    def exit_code(self) -> int:
        """Wait for the end, whatever it prints."""
        assert self._process.stderr is not None
        self._process.stderr.read()
        return self._process.wait(_TIMEOUT_S)

    def finish(self) -> Finished:
        """Wait for the end."""
        output, errors = self._process.communicate(timeout=_TIMEOUT_S)
        return Finished(self._process.returncode, output, errors, self.results)

    def kill(self) -> None:
        """End it whatever it does, for the clean-up of a failed test."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def two_processes() -> tuple[str, ...]:
    """Return the options of a run with two workers."""
    return ("--processes", "2")


def run_command(command: Sequence[str], results: Path) -> Run:
    """Start any command that takes part in a run."""
    return Run(command, results)


def run_loadtest(results: Path, *arguments: str) -> Run:
    """Start ``loadtest run`` with these arguments."""
    return Run([sys.executable, "-m", "loadtest", "run", *arguments], results)


def run_locust(results: Path, *arguments: str) -> Run:
    """Start Locust with the profile-driven users."""
    return run_locustfile("chat.py", results, *arguments)


def run_locustfile(name: str, results: Path, *arguments: str) -> Run:
    """Start Locust with one of the project's locustfiles."""
    path = str(REPOSITORY / "locustfiles" / name)
    return Run([sys.executable, "-m", "locust", "-f", path, *arguments], results)


def server_stats(url: str) -> dict[str, Any]:
    """Return what a reference server has delivered, once it has no connection left."""
    for _ in range(100):
        with urlopen(f"{url}/stats", timeout=10) as answer:
            stats: dict[str, Any] = json.loads(answer.read())
        if not stats["connections"]["open"]:
            return stats
        time.sleep(0.1)
    raise AssertionError("the server still has connections")


def wait_for_deliveries(url: str, count: int) -> None:
    """Wait until a reference server has delivered so much."""
    for _ in range(300):
        with urlopen(f"{url}/stats", timeout=10) as answer:
            if json.loads(answer.read())["deliveries_total"] >= count:
                return
        time.sleep(0.1)
    raise AssertionError(f"the server has not delivered {count} copies")
