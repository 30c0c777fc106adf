"""A real run, recorded, killed or not, and judged again."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.runs import (
    REPOSITORY,
    SMALL,
    Run,
    run_loadtest,
    run_locust,
    two_processes,
)

_SAME = ("summary.json", "timeline.csv", "latency.hlog", "summary.md", "report.html")


@pytest.fixture
def started() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.kill()


def _judge_again(*paths: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "loadtest", "report", "--from-recording", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)


def _assert_same(results: Path, again: Path) -> None:
    (folder,) = results.iterdir()
    for name in _SAME:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_recorded_run_gives_the_same_files_again(tmp_path: Path, started: list[Run]) -> None:
    results, recording = tmp_path / "results", tmp_path / "run.rec"
    run = run_loadtest(results, "smoke", *SMALL, "--duration", "6s", "--record", str(recording))
    started.append(run)
    assert run.finish().exit_code == 0
    replayed = _judge_again(recording)

    assert not replayed.stderr
    _assert_same(results, tmp_path / "run.rec.report")


@pytest.mark.parametrize("span_workers", ["false", "true"])
def test_so_does_one_with_two_workers(
    tmp_path: Path, started: list[Run], span_workers: str
) -> None:
    results, recording = tmp_path / "results", tmp_path / "run.rec"
    options = ["--headless", *two_processes(), "--run-time", "6s", "--record", str(recording)]
    # In so short a run nobody need be notified: only what every run makes is promised.
    options += ["--set", 'thresholds=["ledger.channel.message.created.lost == 0"]']
    run = run_locust(results, *SMALL, *options, "--set", f"run.span_workers={span_workers}")
    started.append(run)
    finished = run.finish()
    assert finished.exit_code == 0, finished.output + finished.errors
    replayed = _judge_again(*(tmp_path / f"run.rec{end}" for end in ("", ".1", ".2")))

    assert not replayed.stderr
    _assert_same(results, tmp_path / "run.rec.report")


def test_a_killed_run_can_be_judged_up_to_the_cut(tmp_path: Path, started: list[Run]) -> None:
    recording = tmp_path / "run.rec"
    run = run_loadtest(
        tmp_path / "results", "smoke", *SMALL, "--duration", "60s", "--record", str(recording)
    )
    started.append(run)
    # The second line of progress: whatever its second is, there is a recording by then.
    for _ in range(2):
        run.wait_for_text("running")
    run.signal(signal.SIGKILL)
    run.finish()
    replayed = _judge_again(recording)

    assert "run.rec: cut " in replayed.stderr
    assert '"INCONCLUSIVE"' in (tmp_path / "run.rec.report" / "summary.json").read_text()


def test_a_recording_is_never_written_over(tmp_path: Path, started: list[Run]) -> None:
    recording = tmp_path / "run.rec"
    recording.write_text("precious")
    run = run_loadtest(tmp_path / "results", "smoke", *SMALL, "--record", str(recording))
    started.append(run)
    finished = run.finish()

    assert finished.exit_code == 2
    assert "exists already" in finished.errors + finished.output
    assert recording.read_text() == "precious"
