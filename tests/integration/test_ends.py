"""How whole runs end when somebody interferes; only real processes and signals can show it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.runs import SMALL, Run, run_loadtest


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


def workers_of(run: Run) -> list[int]:
    """Return the processes that a leader has forked; its server is started, and not forked."""
    found = subprocess.run(
        ["pgrep", "-P", str(run.pid), "-f", "loadtest run"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(pid) for pid in found.stdout.split()]


def test_a_worker_that_gets_a_signal_leaves_no_pass(tmp_path: Path, started: list[Run]) -> None:
    run = run_loadtest(tmp_path, "smoke", *SMALL, "--duration", "9s", "--processes", "2")
    started.append(run)
    run.wait_for_text("running")
    os.kill(workers_of(run)[0], signal.SIGTERM)
    finished = run.finish()

    assert finished.exit_code == 3, finished.output + finished.errors
    assert "ended before it was told to" in finished.errors
    assert finished.summary["generator"]["workers_early"] == 1
    assert "worker_ended_early" in {reason["code"] for reason in finished.summary["reasons"]}


def test_workers_end_with_a_leader_that_is_killed(tmp_path: Path, started: list[Run]) -> None:
    run = run_loadtest(tmp_path, "smoke", *SMALL, "--duration", "60s", "--processes", "2")
    started.append(run)
    run.wait_for_text("running")
    workers = workers_of(run)
    os.kill(run.pid, signal.SIGKILL)

    assert len(workers) == 2
    deadline = 300
    while deadline and any(Path(f"/proc/{pid}").exists() for pid in workers):
        time.sleep(0.1)
        deadline -= 1
    assert deadline, "they would have gone on for a minute"


def test_a_hang_up_ends_a_run_whose_output_nobody_reads(tmp_path: Path, started: list[Run]) -> None:
    run = run_loadtest(tmp_path, "smoke", *SMALL, "--duration", "60s")
    started.append(run)
    run.wait_for_text("running")
    run.close_output()
    os.kill(run.pid, signal.SIGHUP)

    assert run.exit_code() == 130
    [summary] = tmp_path.glob("*/summary.json")
    assert '"verdict": "STOPPED"' in summary.read_text()
