"""Every locustfile runs as its own first lines say, for a moment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.runs import REPOSITORY, SMALL, Run, run_locust, run_locustfile


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


def test_the_profile_driven_locustfile_runs(tmp_path: Path, started: list[Run]) -> None:
    # Enough of everything that the profile's thresholds have something to judge.
    busy = ("--set", "workload.message_rate_per_s=200")
    run = run_locust(tmp_path, *SMALL, *busy, "--headless", "--run-time", "6s")
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


@pytest.mark.parametrize(
    ("name", "actions"),
    [
        pytest.param("support_agent.py", {"message", "get_channel", "create_channel"}, id="agent"),
        pytest.param("notifications.py", {"message", "create_channel"}, id="notifications"),
    ],
)
def test_an_example_runs_with_a_valid_ledger(
    name: str, actions: set[str], tmp_path: Path, started: list[Run]
) -> None:
    users = ("--users", "8", "--spawn-rate", "8", "--run-time", "16s")
    run = run_locustfile(name, tmp_path, "--headless", *users)
    started.append(run)
    finished = run.finish()

    assert finished.exit_code == 0, finished.output + finished.errors
    assert "Traceback" not in finished.output + finished.errors
    summary, notifications = finished.summary, finished.summary["notifications"]
    assert summary["adds_up"]
    assert actions <= {each for each, figures in summary["actions"].items() if figures["count"]}
    assert not any(action["errors"] for action in summary["actions"].values())
    for event, entry in summary["ledger"].items():
        assert (entry["lost"], entry["duplicate"], entry["unexpected"]) == (0, 0, 0), event
    assert summary["ledger"]["channel.message.created"]["delivered"] > 0
    assert notifications["delivered"] + notifications["boundary"] > 0
    assert notifications["missed"] == notifications["handoff_gap"] == 0


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("locustfiles/*.py")), ids=lambda p: p.name)
def test_an_example_fits_on_a_page(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 60
