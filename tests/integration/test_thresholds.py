"""A threshold that ends a run, in a process of its own; the summary is all that it prints."""

import json
from pathlib import Path

from tests.support.runs import run_loadtest


def test_a_threshold_ends_the_run_which_is_reported_and_fails(tmp_path: Path) -> None:
    finished = run_loadtest(
        tmp_path,
        *("smoke", "--devices", "20", "--duration", "60s", "--json"),
        *(
            "--set",
            "generator.lag_p99_limit_ms=9999",
            "--set",
            "generator.loop_lag_p99_limit_ms=9999",
        ),
        *("--threshold", "fanout.p50 < 1us abort after 5s"),
    ).finish()

    assert finished.exit_code == 1, finished.output + finished.errors
    summary = json.loads(finished.output)
    assert summary == finished.summary
    assert summary["verdict"] == "FAIL"
    assert summary["aborted"]["expression"] == "fanout.p50 < 1us abort after 5s"
    assert 5 <= summary["sending_s"] < 50
    assert [reason["code"] for reason in summary["reasons"]] == ["threshold"]
