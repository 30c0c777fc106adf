"""A comparison of two settings, with real runs in processes of their own."""

import json
from pathlib import Path

import pytest

from tests.support.runs import SMALL, run_loadtest


@pytest.mark.timeout(110)
def test_two_settings_are_compared_by_runs_that_follow_each_other(tmp_path: Path) -> None:
    """One pair shows no noise, so that with ``--require-decision`` the exit code is 3."""
    run = run_loadtest(
        tmp_path,
        "smoke",
        *SMALL,
        *("--duration", "4s", "--replicates", "1", "--repeats", "2", "--require-decision"),
        *("--against-set", "workload.message_rate_per_s=20"),
    )
    try:
        finished = run.finish()
    finally:
        run.kill()

    assert finished.exit_code == 3, finished.output + finished.errors
    assert "UNDECIDED: " in finished.output
    (folder,) = tmp_path.glob("*-smoke-pairs-*")
    plain = json.loads((folder / "comparison.json").read_text())
    assert plain["outcome"] == "undecided"
    assert {each["name"] for each in plain["differences"]} >= {
        "profile.workload.message_rate_per_s"
    }
    for side in ("base", "candidate"):
        (kept,) = plain[side]["runs"]
        assert (folder / kept / "latency.hlog").is_file()
