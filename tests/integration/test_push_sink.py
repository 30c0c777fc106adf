"""The push sink inside a run: who is not connected at all gets one push for each message."""

from pathlib import Path

import pytest

from tests.support.runs import run_loadtest, two_processes

PROFILE = "loadtest/selftest/steady.toml"
# Four cells, so that two workers have two each; a quarter of the users never connect.
ABSENT = (
    *("--set", "population.users=48", "--set", "population.cells=4"),
    *("--set", "channels.room.count=4", "--set", "generator.lag_p99_limit_ms=5000"),
    *("--set", "population.devices_per_user={ 0 = 0.25, 1 = 0.75 }", "--set", "run.duration_s=4"),
    *("--set", "run.delivery_deadline_s=10", "--set", "run.drain_s=12"),
)


@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("workers", "options"),
    [
        pytest.param(1, (), id="in one process"),
        pytest.param(2, (), id="with two workers"),
        pytest.param(2, ("--set", "run.span_workers=true"), id="with channels over both of them"),
    ],
)
def test_each_absent_member_gets_one_push_for_each_message(
    tmp_path: Path, workers: int, options: tuple[str, ...]
) -> None:
    processes = two_processes() if workers > 1 else ()
    run = run_loadtest(tmp_path, PROFILE, "--push-sink", *ABSENT, *processes, *options)
    try:
        finished = run.finish()
    finally:
        run.kill()

    push = finished.summary["push"]
    assert push["expected"] > 50
    assert push["delivered"] == push["expected"], finished.output
    assert (push["missed"], push["duplicate"], push["spurious"]) == (0, 0, 0)
    assert push["received"] == push["delivered"] + push["boundary_seen"]
    assert (push["unassigned"], push["unreadable"]) == (0, 0)
    assert push["latency"]["count"] == push["delivered"]
    assert finished.summary["adds_up"] is True
