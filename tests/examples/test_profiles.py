"""Every profile of the library runs, scaled down, and its ledger is valid."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from loadtest.profile import profile_names

_TOP = Path(__file__).parents[2]
_TIMEOUT_S = 100

_SHORT = (
    "run.duration_s=5",
    "run.ramp_s=0.5",
    "chat_sessions.enter_within_s=0.5",
    "workload.message_rate_per_s=10",
    # Several runs at once, on a machine that is not ours alone.
    "generator.lag_p99_limit_ms=5000",
    "generator.loop_lag_p99_limit_ms=5000",
    # Of nine seconds, those who are cut off miss more than half.
    "generator.dropped_ratio_limit=1",
    # A library's promises are made for its own size, on a machine of one's own.
    "thresholds=[]",
)
_ALSO: Mapping[str, Sequence[str]] = {
    "reconnect-storm": ("run.duration_s=9", "connection_cuts.at_s=2"),
    "rolling-restart": (
        "run.duration_s=10",
        "connection_cuts.at_s=1",
        "connection_cuts.every_s=1",
        "connection_cuts.waves=2",
    ),
}
# A handful of devices is left: the share of slow ones must be one that the seed meets.
_SLOW: Mapping[str, Sequence[str]] = {"slow-readers": ("device.slow_share=0.6",)}


def _run(name: str, results: Path) -> tuple[int, str, dict[str, Any]]:
    """Run a profile as a person does; return exit code, output and summary."""
    settings = {
        each.partition("=")[0]: each
        for each in (*_SHORT, *_ALSO.get(name, ()), *_SLOW.get(name, ()))
    }
    command = [sys.executable, "-m", "loadtest", "run", name, "--scale", "0.01"]
    for each in settings.values():
        command += ["--set", each]
    done = subprocess.run(
        [*command, "--results", str(results)],
        cwd=_TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    (summary,) = results.glob("*/summary.json")
    return done.returncode, done.stdout, json.loads(summary.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_runs_scaled_down_with_a_valid_ledger(name: str, tmp_path: Path) -> None:
    code, output, summary = _run(name, tmp_path)

    assert summary["reasons"] == [], output
    assert code == 0, output
    assert summary["adds_up"]
    assert summary["load"]["actions"]["message"] > 0
    assert summary["generator"]["workers_lost"] == 0
    for event, counts in summary["ledger"].items():
        assert counts["delivered"] + counts["lost"] == counts["expected"], event
        assert not counts["duplicate"], event
    if name in _ALSO:
        _check_that_all_connections_came_back(summary, output)
    else:
        _check_that_nothing_was_lost(summary)
    if name == "reconnect-storm":
        _check_that_the_storm_is_not_held_against_the_server(summary, output)


def _check_that_nothing_was_lost(summary: dict[str, Any]) -> None:
    messages = summary["ledger"]["channel.message.created"]
    assert messages["delivered"] == messages["expected"] > 0
    assert summary["notifications"]["missed"] == summary["notifications"]["spurious"] == 0
    assert summary["load"]["connections_lost"] == 0


def _check_that_all_connections_came_back(summary: dict[str, Any], output: str) -> None:
    reconnect = summary["actions"]["reconnect"]
    assert reconnect["completed"] == summary["load"]["connections_lost"] > 0, output
    assert reconnect["errors"] == 0
    # The SDK's pause of 5 s, and what it takes to connect.
    assert reconnect["min_ms"] >= 5_000
    recovery = summary["recovery"]
    assert recovery["count"] == recovery["chat_sessions_lost"] > 0


def _check_that_the_storm_is_not_held_against_the_server(
    summary: dict[str, Any], output: str
) -> None:
    """Devices that are cut in the same instant cannot see each other go."""
    for event, counts in summary["ledger"].items():
        assert (counts["lost"], counts["late"], counts["unexpected"]) == (0, 0, 0), (event, output)
