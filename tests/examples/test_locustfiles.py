"""Every locustfile runs as its own first lines say, for a moment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.runs import SMALL, Run, run_locust, run_locustfile


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


def test_the_profile_driven_locustfile_runs(tmp_path: Path, started: list[Run]) -> None:
    run = run_locust(tmp_path, *SMALL, "--headless", "--run-time", "4s")
    started.append(run)
    finished = run.finish()

    assert finished.exit_code == 0, finished.output + finished.errors
    assert "EVENT" in finished.output + finished.errors, "our rows stand among Locust's"


def test_the_scripted_locustfile_runs_without_a_failure(tmp_path: Path, started: list[Run]) -> None:
    users = ("--users", "6", "--spawn-rate", "6", "--run-time", "8s")
    run = run_locustfile("scripted.py", tmp_path, "--headless", *users)
    started.append(run)
    finished = run.finish()

    assert finished.exit_code == 0, finished.output + finished.errors
    summary = finished.summary
    assert summary["workload"] == "closed"
    assert summary["actions"]["message"]["count"] > 0
    assert not any(action["errors"] for action in summary["actions"].values())
    assert summary["ledger"]["channel.message.created"]["lost"] == 0
