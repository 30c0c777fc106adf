"""Channels that span workers: one ledger, several clocks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.clock import CLOCK_OFFSET_VARIABLE
from tests.support.namespaces import namespaces, why_no_namespaces
from tests.support.runs import (
    SMALL,
    Run,
    free_port,
    run_command,
    run_locust,
    server_stats,
    two_processes,
)
from tests.support.server_process import running_server

# So few messages need not make a notification: only what every run makes is promised.
PROMISE = 'thresholds=["ledger.channel.message.created.lost == 0"]'
SPANNING = (*SMALL, "--set", "run.span_workers=true", "--set", PROMISE, "--headless")
LOCUSTFILE = Path(__file__).parents[2] / "locustfiles" / "chat.py"
WHY_NO_HOSTS = why_no_namespaces()
MESSAGE = "channel.message.created"
CERTAIN = (
    MESSAGE,
    "thread.keystrokes.created",
    "thread.typing.started",
    "channel.participant.active",
    "message.read_receipt.created",
)
"""Events whose cause is known here before they arrive; the others may change hands once it is."""
AHEAD_MS = 250
"""By how much the clock of one worker is set ahead."""
DELAY_MS = 30
"""What the server adds to the way of every event."""


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


def test_channels_over_two_processes_are_counted_as_the_server_counts(
    tmp_path: Path, started: list[Run]
) -> None:
    with running_server() as url:
        run = run_locust(tmp_path, *SPANNING, *two_processes(), "--host", url, "--run-time", "8s")
        started.append(run)
        finished = run.finish()
        stats = server_stats(url)

    assert finished.exit_code == 0, finished.output + finished.errors
    summary = finished.summary
    assert summary["adds_up"] is True
    delivered = stats["deliveries_on_channel_topics"]
    for event, seen in summary["ledger"].items():
        assert seen["lost"] == seen["unexpected"] == 0, event
        if event in CERTAIN:
            arrived = seen["delivered"] + seen["boundary_seen"] + seen["duplicate"]
            assert arrived == delivered.get(event, 0), event
    crossed = summary["cross_worker"][MESSAGE]["latency"]["count"]
    assert crossed > 0
    assert crossed + summary["latency"][MESSAGE]["count"] == summary["ledger"][MESSAGE]["delivered"]
    assert summary["notifications"]["missed"] == summary["notifications"]["spurious"] == 0


def test_a_message_that_the_server_drops_is_lost_on_every_worker(
    tmp_path: Path, started: list[Run]
) -> None:
    with running_server("--fault", f"drop.{MESSAGE}=0.2") as url:
        run = run_locust(
            tmp_path,
            *SPANNING,
            *two_processes(),
            *("--host", url),
            *("--run-time", "8s"),
            *("--set", "run.delivery_deadline_s=2"),
        )
        started.append(run)
        summary = run.finish().summary
        stats = server_stats(url)

    dropped = stats["faults_on_channel_topics"]["drop"][MESSAGE]
    seen = summary["ledger"][MESSAGE]
    unseen_boundary = seen["boundary"] - seen["boundary_seen"]
    assert 0 < seen["lost"] <= dropped <= seen["lost"] + unseen_boundary
    assert summary["adds_up"] is True


def test_a_killed_worker_s_devices_are_not_taken_for_losses(
    tmp_path: Path, started: list[Run]
) -> None:
    with running_server() as url:
        run = run_locust(tmp_path, *SPANNING, *two_processes(), "--host", url, "--run-time", "14s")
        started.append(run)
        subprocess.run(["kill", "-KILL", run.worker_once_spawned()], check=True)
        finished = run.finish()

    assert finished.exit_code == 3, finished.output + finished.errors
    summary = finished.summary
    assert "worker_lost" in {reason["code"] for reason in summary["reasons"]}
    assert summary["adds_up"] is True
    assert summary["ledger"][MESSAGE]["lost"] == 0


@pytest.mark.skipif(bool(WHY_NO_HOSTS), reason=WHY_NO_HOSTS or "it can be done")
def test_between_two_hosts_latency_is_right_within_the_printed_uncertainty(
    tmp_path: Path, started: list[Run]
) -> None:
    """Uncorrected, half the latencies would be 250 ms too long, and the others below 0."""
    port = free_port()
    fault = ("--fault", f"delay_ms={DELAY_MS}")
    with namespaces(2) as hosts, running_server("--bind", "0.0.0.0", *fault) as url:
        target = f"http://{hosts[0].gateway}:{url.rpartition(':')[2]}"
        locust = (sys.executable, "-m", "locust", "-f", str(LOCUSTFILE))
        for host, ahead_ms in zip(hosts, (0, AHEAD_MS), strict=True):
            variables = {CLOCK_OFFSET_VARIABLE: str(ahead_ms)}
            master = ("--worker", "--master-host", host.gateway, "--master-port", str(port))
            worker = host.command(*locust, *master, **variables)
            started.append(run_command(worker, tmp_path / "worker"))
        run = run_locust(
            tmp_path / "results",
            *SPANNING,
            *("--master", "--master-bind-port", str(port), "--expect-workers", "2"),
            *("--host", target),
            *("--run-time", "8s"),
        )
        started.append(run)
        finished = run.finish()
        stats = server_stats(url.replace("0.0.0.0", "127.0.0.1"))

    assert finished.exit_code == 0, finished.output + finished.errors
    summary = finished.summary
    clocks = sorted(summary["generator"]["clocks"], key=lambda clock: clock["offset_ms"])
    for clock, ahead_ms in zip(clocks, (AHEAD_MS, 0), strict=True):
        assert abs(clock["offset_ms"] + ahead_ms) <= clock["uncertainty_ms"]
    uncertainty_ms = summary["generator"]["clock_uncertainty_ms"]
    assert uncertainty_ms < AHEAD_MS / 2
    across = summary["cross_worker"][MESSAGE]
    assert across["negative_count"] == 0
    assert across["service_latency"]["min_ms"] >= DELAY_MS - uncertainty_ms
    assert across["service_latency"]["p50_ms"] < DELAY_MS + AHEAD_MS / 2 + uncertainty_ms
    assert summary["service_latency"][MESSAGE]["min_ms"] >= DELAY_MS, "of one clock, it is exact"
    seen = summary["ledger"][MESSAGE]
    assert seen["lost"] == seen["unexpected"] == 0
    assert (
        seen["delivered"] + seen["boundary_seen"] == stats["deliveries_on_channel_topics"][MESSAGE]
    )
