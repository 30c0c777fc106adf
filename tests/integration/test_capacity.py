"""A whole study against the embedded server: its trials, its files, and the way on.

The machine that runs it may be busy with other tests, so that a trial may be invalid. What a study
is worth on a quiet one is counted in ``tests/benchmarks``.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loadtest.capacity.folder import read_study
from tests.support.server_process import running_server

pytestmark = pytest.mark.timeout(150)

STEADY = Path(__file__).parents[2] / "loadtest" / "selftest" / "steady.toml"
LIMIT = 60
OPTIONS = (
    *("--set", "workload.keystroke_bursts=0", "--set", "workload.read_probability=0"),
    *("--set", "workload.edit_probability=0"),
    *("--set", "generator.lag_p99_limit_ms=2000", "--set", "generator.loop_lag_p99_limit_ms=2000"),
    *("--threshold", "fanout.p90 < 400"),
    *("--from", "40", "--to", "160", "--hold", "4s", "--settle", "1s"),
)


def study(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadtest", "capacity", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_study_finds_between_which_loads_a_known_service_rate_is(tmp_path: Path) -> None:
    """Each message is one action, and the server does 60 a second: 40 passes, 80 does not."""
    with running_server("--fault", f"actions_per_s={LIMIT}") as url:
        pid = ("--budget", "30s", "--results", str(tmp_path))
        done = study(str(STEADY), "--host", url, *OPTIONS, *pid)

    assert done.returncode in (0, 3), done.stdout + done.stderr
    (folder,) = tmp_path.iterdir()
    found = read_study(folder)
    assert found.stopped_by in ("budget", "generator")
    assert found.answer in " ".join(done.stdout.split())
    assert len(found.trials) >= 2
    for trial in found.trials:
        summary = json.loads((folder / trial.run_id / "summary.json").read_text())
        assert summary["run_id"] == trial.run_id
        assert trial.outcome == "invalid" or (trial.outcome == "pass") == (trial.load < LIMIT)
    assert {"capacity.md", "report.html", "trials.log"} <= {each.name for each in folder.iterdir()}
