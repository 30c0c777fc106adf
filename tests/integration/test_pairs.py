"""Comparisons as a pipeline starts them: processes of their own, and their exit codes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtest.comparison.study import read_pairs
from tests.support.comparisons import STEADY
from tests.support.replicates import replicates
from tests.support.runs import SMALL, Run, run_loadtest, two_processes
from tests.support.runs_on_disk import write_side

SHORT = (*SMALL, "--duration", "4s", "--set", 'thresholds=["delivery.message.lost == 0"]')
SETTING = ("--against-set", "workload.message_rate_per_s=20")


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


def comparison_in(results: Path) -> tuple[Path, dict[str, Any]]:
    """Return the folder of the one comparison, and what it found."""
    (folder,) = results.glob("*-smoke-pairs-*")
    plain: dict[str, Any] = json.loads((folder / "comparison.json").read_text())
    return folder, plain


@pytest.mark.timeout(110)
def test_two_settings_are_compared_by_runs_of_two_processes(
    tmp_path: Path, started: list[Run]
) -> None:
    """One pair shows no noise, so that with ``--require-decision`` the exit code is 3."""
    one_pair = ("--replicates", "1", "--repeats", "2", "--require-decision")
    run = run_loadtest(tmp_path, "smoke", *SHORT, *SETTING, *one_pair, *two_processes())
    started.append(run)
    finished = run.finish()

    assert finished.exit_code == 3, finished.output + finished.errors
    assert "UNDECIDED: " in finished.output
    folder, plain = comparison_in(tmp_path)
    assert plain["outcome"] == "undecided"
    assert "profile.workload.message_rate_per_s" in {each["name"] for each in plain["differences"]}
    stored = read_pairs(folder)
    for side in (stored.base, stored.candidate):
        (kept,) = side.replicates
        assert (kept.folder / "latency.hlog").is_file()
        assert kept.summary["generator"]["workers"] == 2


@pytest.mark.timeout(110)
def test_a_person_who_stops_a_comparison_keeps_its_whole_pairs(
    tmp_path: Path, started: list[Run]
) -> None:
    run = run_loadtest(tmp_path, "smoke", *SHORT, *SETTING, "--replicates", "5")
    started.append(run)
    run.wait_for_text("pair 1")
    run.wait_for_text("pair 1")
    run.signal(signal.SIGINT)
    finished = run.finish()

    assert finished.exit_code == 130, finished.output + finished.errors
    assert "Traceback" not in finished.output + finished.errors
    folder, plain = comparison_in(tmp_path)
    assert len(plain["base"]["runs"]) <= 1
    assert len(read_pairs(folder).base.replicates) == len(plain["base"]["runs"])


@pytest.mark.parametrize(
    ("factor", "options", "code"),
    [
        pytest.param(1.0, (), 0, id="no gate is worse"),
        pytest.param(1.2, (), 1, id="a gate is worse"),
        pytest.param(1.2, ("--gate", "nothing"), 2, id="no such gate"),
        pytest.param(1.0, ("--require-decision",), 3, id="one gate is undecided"),
    ],
)
def test_exit_codes_of_stored_runs(
    tmp_path: Path, factor: float, options: tuple[str, ...], code: int
) -> None:
    """Nothing was missed among few notifications, which is undecided within 0.01 points."""
    for name, slower in (("old", 1.0), ("new", factor)):
        write_side(tmp_path / name, replicates([slower * value for value in STEADY]))
    finished = subprocess.run(
        [sys.executable, "-m", "loadtest", "compare", "old", "new", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == code, finished.stdout + finished.stderr
