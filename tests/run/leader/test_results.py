"""From what workers report to results: verdicts, files, complaints."""

import errno
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.metrics import ExitCode
from loadtest.run.leader.failures import failure_lines
from loadtest.run.leader.results import RunContext, RunResults
from loadtest.run.leader.shortfall import WORKER_GONE
from loadtest.run.options import RunOptions
from loadtest.run.presentation import presentation
from tests.support.profiles import profile
from tests.support.scenes import Scene, ns

COMMON = ('thresholds=["ledger.channel.message.created.lost == 0"]',)


@pytest.fixture
def complaints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(presentation, "complain", found.append)
    return found


def options(results: Path, *overrides: str, record: str = "") -> RunOptions:
    return RunOptions(
        profile=profile(*COMMON, *overrides),
        host=None,
        results=str(results),
        allowed_host="",
        record=record,
    )


def conducted(results: Path, *overrides: str, workers: int = 1, record: str = "") -> RunResults:
    context = RunContext("http://127.0.0.1:1", is_embedded=True, workers=workers)
    return RunResults(
        options(results, *overrides, record=record),
        context,
        random=random.Random(len([*results.iterdir()])),
    )


def snapshot(worker: int = 0, *, lost: int = 0) -> dict[str, Any]:
    """Return the last report of a worker on which a message was sent."""
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1_010, *range(1, 4 - lost))
    scene.settle(60_000)
    scene.ledger.finish(ns(60_000), drained=True)
    scene.ledger.roll(ns(60_000))
    return {**scene.ledger.snapshot(), "worker": worker}


def summary(results: Path) -> dict[str, Any]:
    [path] = results.glob("*/summary.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_run_that_was_measured_passes_and_leaves_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(), is_final=True)
    results.finish()

    assert results.exit_code is ExitCode.PASSED
    assert results.is_finished
    folder = tmp_path / results.run_id
    assert {"summary.json", "run.log", "report.html"} <= {path.name for path in folder.iterdir()}
    assert "PASS" in capsys.readouterr().out
    assert summary(tmp_path)["ledger"]["channel.message.created"]["delivered"] == 3


def test_a_broken_threshold_fails_the_run(tmp_path: Path) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(lost=1), is_final=True)
    results.finish()

    assert results.exit_code is ExitCode.FAILED


def test_only_the_first_end_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(), is_final=True)
    results.finish()
    capsys.readouterr()
    results.finish()

    assert capsys.readouterr().out == ""


def test_a_run_that_a_person_stopped_is_stopped(tmp_path: Path) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(), is_final=True)
    results.note_stopped()
    results.finish()

    assert results.exit_code is ExitCode.STOPPED


def test_a_worker_without_a_final_report_is_lost_and_what_it_had_reported_is_kept(
    tmp_path: Path, complaints: list[str]
) -> None:
    results = conducted(tmp_path, workers=2)
    results.take(snapshot(0), is_final=True)
    results.take(snapshot(1), is_final=False)
    results.note_lost(1, "host_1")
    results.finish()

    assert results.exit_code is ExitCode.INCONCLUSIVE
    found = summary(tmp_path)
    assert found["reasons"][0]["code"] == "worker_lost"
    assert found["generator"]["workers_lost"] == 1
    assert found["ledger"]["channel.message.created"]["delivered"] == 6
    assert complaints == [
        "worker 2 of 2 (host_1) is lost: its figures end with its report number 1, of one each "
        "second"
    ]


def test_a_defect_of_ours_makes_a_run_inconclusive_and_is_told_once(
    tmp_path: Path, complaints: list[str]
) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(), is_final=True)
    for _ in range(3):
        results.note_error("Traceback:\n  in a line\nKeyError: 4\n")
    results.finish()

    log = tmp_path / results.run_id / "run.log"
    assert results.exit_code is ExitCode.INCONCLUSIVE
    assert complaints == [f"KeyError: 4 (see {log})"]
    assert "  in a line" in log.read_text()
    assert summary(tmp_path)["reasons"][0]["code"] == "generator_error"


def test_without_an_end_there_is_no_verdict(tmp_path: Path) -> None:
    assert conducted(tmp_path).exit_code is ExitCode.INCONCLUSIVE


def test_results_that_cannot_be_written_are_no_success(
    tmp_path: Path, complaints: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(), is_final=True)
    (tmp_path / results.run_id / "summary.json").write_text("in the way")
    results.finish()

    assert results.exit_code is ExitCode.INCONCLUSIVE
    assert "never overwritten" in complaints[0]
    assert "INCONCLUSIVE" in capsys.readouterr().out, "the summary is on the terminal"
    found = summary(tmp_path)
    assert found["verdict"] == "INCONCLUSIVE", "on disk as well"
    assert [reason["code"] for reason in found["reasons"]] == ["results_not_written"]


def test_a_full_disk_leaves_no_file_with_another_verdict(
    tmp_path: Path,
    complaints: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(), is_final=True)
    written: list[str] = []

    def fsync(_file: int) -> None:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append("summary.json")

    monkeypatch.setattr(os, "fsync", fsync)
    results.finish()

    assert results.exit_code is ExitCode.INCONCLUSIVE
    assert "no space left on device; free some space" in complaints[0]
    assert "INCONCLUSIVE" in capsys.readouterr().out
    assert [path.name for path in results.folder.iterdir()] == ["run.log"]


def test_what_was_planned_for_a_worker_that_ended_early_is_dropped(
    tmp_path: Path, complaints: list[str]
) -> None:
    three_cells = ("population.cells=3", "population.users=60")
    results = conducted(tmp_path, *three_cells, workers=2)
    results.take(snapshot(0), is_final=True)
    results.take(snapshot(1), is_final=False)
    results.note_early(1, "host_1")
    seconds = 60 + results._collection.latest_s(1)
    results._clock = lambda: results._started_ns + seconds * NS_PER_S
    results.note_draining()
    results.note_lost(1, "host_1")
    results.finish()

    found = summary(tmp_path)
    assert [reason["code"] for reason in found["reasons"]] == [
        "worker_ended_early",
        "arrivals_dropped",
    ]
    assert found["generator"]["workers_lost"] == 1
    dropped = found["actions"]["message"]["dropped_by_reason"]
    planned = options(tmp_path, *three_cells).planned_load().messages_per_s * 60 / 3
    assert dropped == {WORKER_GONE: pytest.approx(planned, abs=1)}


def test_a_run_that_was_shorter_than_planned_does_not_pass(tmp_path: Path) -> None:
    context = RunContext("http://127.0.0.1:1", is_embedded=True, duration_s=120)
    results = RunResults(options(tmp_path), context, random=random.Random(1))
    results.take(snapshot(), is_final=True)
    results._clock = lambda: results._started_ns + 113 * NS_PER_S
    results.note_draining()
    results.finish()

    found = summary(tmp_path)
    assert (found["planned_s"], found["sending_s"]) == (120, 113)
    [reason] = found["reasons"]
    assert (reason["code"], reason["value"]) == ("ended_early", 7)
    assert results.exit_code is ExitCode.INCONCLUSIVE


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    context = RunContext("http://127.0.0.1:1", is_embedded=True)
    with pytest.raises(UsageError, match="use --results DIR"):
        RunResults(options(tmp_path / "file"), context, random=random.Random(1))


def test_a_second_run_of_a_process_records_beside_the_first(tmp_path: Path) -> None:
    recording = tmp_path / "run.rec"
    paths = []
    for _ in range(2):
        results = conducted(tmp_path, record=str(recording))
        assert results.journal is not None
        paths.append(results.journal.path)
        results.finish()

    assert paths[0] == recording
    assert paths[1].name.startswith("run.rec.2")


def test_progress_is_shown_where_our_command_line_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(presentation, "shows_progress", True)
    results = conducted(tmp_path, workers=2)
    results.take(snapshot(), is_final=False)
    results.note_draining()
    results.take(snapshot(1), is_final=True)
    lines = capsys.readouterr().out.splitlines()

    assert ["running:" in lines[0], "draining:" in lines[1]] == [True, True]
    results.finish()


def test_why_actions_failed_is_in_the_log(tmp_path: Path) -> None:
    results = conducted(tmp_path)
    scene = Scene()
    scene.online(1)
    for reason in ("no RECEIPT within 10 s", "no RECEIPT within 10 s"):
        scene.ledger.action_failed("message", 1, 0, 1, reason)  # type: ignore[arg-type]
    scene.ledger.action_dropped("edit", 1, 0, "its message has not come back")  # type: ignore[arg-type]
    scene.lose(1, 5)
    scene.ledger.roll(10)
    results.take(scene.ledger.snapshot(), is_final=True)
    results.finish()

    log = (tmp_path / results.run_id / "run.log").read_text()
    assert "message failed 2 times: no RECEIPT within 10 s" in log
    assert "edit not offered 1 times: its message has not come back" in log
    assert "connection lost 1 times: reset" in log


def test_a_run_without_failures_has_nothing_to_say(tmp_path: Path) -> None:
    results = conducted(tmp_path)
    results.take(snapshot(), is_final=True)

    assert failure_lines(results._collection.totals()) == []
    results.finish()


def test_what_is_said_before_the_devices_start_is_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presentation, "shows_progress", True)
    results = conducted(tmp_path)
    results.say("users: 2 of 2 (2 made)")
    results.give_up()

    assert "users: 2 of 2 (2 made)" in capsys.readouterr().out
    assert "users: 2 of 2 (2 made)" in (results.folder / "run.log").read_text()
    assert [path.name for path in results.folder.iterdir()] == ["run.log"]


def test_a_run_lasts_from_when_everything_is_there(tmp_path: Path) -> None:
    instants = iter([0, 50 * NS_PER_S, 53 * NS_PER_S])
    context = RunContext("http://127.0.0.1:1", is_embedded=True)
    results = RunResults(
        options(tmp_path),
        context,
        random=random.Random(1),
        clock=lambda: next(instants),
    )
    results.note_begun()
    results.take(snapshot(), is_final=True)
    results.finish()

    assert summary(tmp_path)["duration_s"] == 3
