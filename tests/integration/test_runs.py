"""Whole runs as a user starts them, against the embedded server on a port that is free."""

import csv
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

from loadtest.metrics.figures.histogram import HIGHEST_US
from tests.support.runs import (
    SMALL,
    Run,
    run_loadtest,
    run_locust,
    server_stats,
    two_processes,
    wait_for_deliveries,
)
from tests.support.server_process import running_server

FILES = {
    *("summary.json", "timeline.csv", "latency.hlog", "profile.toml", "run.log"),
    *("summary.md", "report.html", "junit.xml", "metrics.txt", "figures.csv"),
    *("benchmark-smaller.json", "benchmark-bigger.json", "bencher.json"),
}


def logged(path: Path) -> Counter[str]:
    """Return the number of latencies by tag, as a public reader of such logs finds them."""
    counts: Counter[str] = Counter()
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, 3))
    while (histogram := reader.get_next_interval_histogram()) is not None:
        counts[histogram.get_tag()] += histogram.get_total_count()
    reader.close()
    return counts


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


def test_a_run_ends_in_a_verdict_and_leaves_every_file(tmp_path: Path, started: list[Run]) -> None:
    run = run_loadtest(tmp_path, "smoke", *SMALL, "--duration", "6s")
    started.append(run)
    finished = run.finish()

    assert finished.exit_code == 0, finished.output + finished.errors
    assert "PASS" in finished.output
    assert "Traceback" not in finished.output + finished.errors
    (folder,) = tmp_path.iterdir()
    assert {path.name for path in folder.iterdir()} == FILES
    assert str(folder) in finished.output.replace("\n", "")
    message = finished.summary["ledger"]["channel.message.created"]
    assert message["expected"] > 0
    assert message["delivered"] + message["lost"] == message["expected"]
    assert message["lost"] == 0
    assert finished.summary["adds_up"] is True
    assert logged(folder / "latency.hlog")["channel.message.created"] == message["delivered"]


@pytest.mark.parametrize("dialect", ["1", "2"])
def test_merged_counts_of_two_processes_are_the_server_s_own(
    tmp_path: Path, started: list[Run], dialect: str
) -> None:
    with running_server() as url:
        run = run_locust(
            tmp_path,
            *SMALL,
            "--headless",
            *two_processes(),
            *("--host", url),
            *("--dialect", dialect),
            *("--run-time", "7s"),
            # In so short a run nobody need be notified: only what every run makes is promised.
            *("--set", 'thresholds=["ledger.channel.message.created.lost == 0"]'),
        )
        started.append(run)
        finished = run.finish()
        stats = server_stats(url)

    assert finished.exit_code == 0, finished.output + finished.errors
    summary = finished.summary
    assert summary["generator"]["workers"] == 2
    seen = summary["ledger"]["channel.message.created"]
    arrived = seen["delivered"] + seen["boundary_seen"] + seen["duplicate"] + seen["unexpected"]
    assert arrived == stats["deliveries_on_channel_topics"]["channel.message.created"]
    assert seen["delivered"] > 0


def test_an_interrupt_reports_what_was_measured(tmp_path: Path, started: list[Run]) -> None:
    run = run_loadtest(tmp_path, "smoke", *SMALL, "--duration", "60s")
    started.append(run)
    run.wait_for_text("running")
    run.signal(signal.SIGINT)
    finished = run.finish()

    assert finished.exit_code == 130, finished.output + finished.errors
    assert finished.summary["verdict"] == "STOPPED"
    assert "Traceback" not in finished.output + finished.errors


def test_a_killed_worker_makes_the_run_inconclusive_and_keeps_the_rest(
    tmp_path: Path, started: list[Run]
) -> None:
    with running_server() as url:
        run = run_locust(
            tmp_path,
            *("--profile", "loadtest/selftest/steady.toml", *SMALL[2:]),
            *("--set", "population.cells=2"),  # one for each worker
            "--headless",
            *two_processes(),
            *("--host", url),
            *("--run-time", "14s"),
        )
        started.append(run)
        victim = run.worker_once_spawned()
        wait_for_deliveries(url, 3_000)  # some seconds of both workers
        subprocess.run(["kill", "-KILL", victim], check=True)
        finished = run.finish()

    assert finished.exit_code == 3, finished.output + finished.errors
    summary = finished.summary
    assert summary["verdict"] == "INCONCLUSIVE"
    assert "worker_lost" in {reason["code"] for reason in summary["reasons"]}
    assert summary["generator"]["workers_lost"] == 1
    assert summary["adds_up"] is True
    (folder,) = tmp_path.iterdir()
    assert {path.name for path in folder.iterdir()} >= FILES
    assert re.search(r"worker [12] of 2 \(.*\) is lost: its figures end", finished.errors)
    seconds = list(csv.DictReader((folder / "timeline.csv").read_text().splitlines()))
    assert max(int(row["devices"]) for row in seconds) == 24
    last = [int(row["devices"]) for row in seconds[-3:-1]]
    assert last == [12, 12], "the other worker was there to the end"
    assert sum(int(row["deliveries"]) for row in seconds[-4:]) > 0


def test_a_server_that_goes_away_is_no_reason_to_lose_what_was_measured(
    tmp_path: Path, started: list[Run]
) -> None:
    with running_server() as url:
        run = run_loadtest(tmp_path, "smoke", *SMALL, "--duration", "8s", "--host", url)
        started.append(run)
        run.wait_for_text("running")
    finished = run.finish()

    summary = finished.summary
    assert summary["load"]["user_sessions"] > 0
    assert summary["load"]["connections_lost"] > 0
    assert finished.exit_code == 1, "a threshold of the profile says that nothing may be lost"
    assert "Traceback" not in finished.output + finished.errors


def test_a_wrong_api_key_is_said_before_users_start(tmp_path: Path, started: list[Run]) -> None:
    with running_server("--api-key", "right") as url:
        run = run_loadtest(tmp_path, "smoke", *SMALL, "--host", url)
        started.append(run)
        finished = run.finish()

    assert finished.exit_code == 2, finished.output + finished.errors
    assert "AccessDeniedError" in finished.errors


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("nosuch",), r"nosuch.*smoke", id="a profile that does not exist"),
        pytest.param(("smoke", "--set", "workload.rate=1"), r"workload\.rate", id="unknown key"),
        pytest.param(("smoke", "--set", "run.duration_s=-1"), r"duration_s", id="impossible value"),
        pytest.param(("smoke", "--devices", "0"), r"--devices", id="no devices"),
        pytest.param(("smoke", "--duration", "soon"), r"--duration", id="no duration"),
        pytest.param(("smoke", "--host", "chat:1"), r"--host", id="no address"),
        pytest.param(
            ("smoke", "--host", "http://127.0.0.1:1"), r"refused", id="nobody listens there"
        ),
        pytest.param(
            ("smoke", "--host", "https://api.chatkitty.com"),
            r"--i-am-allowed-to-load",
            id="the vendor's own host",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_sent(
    tmp_path: Path, started: list[Run], arguments: tuple[str, ...], words: str
) -> None:
    run = run_loadtest(tmp_path / "results", *arguments)
    started.append(run)
    finished = run.finish()

    assert finished.exit_code == 2, finished.output + finished.errors
    assert re.search(words, finished.errors, re.DOTALL), finished.errors
    assert "Traceback" not in finished.errors
    assert not (tmp_path / "results").exists()
