import random
from pathlib import Path

import orjson
import pytest

from loadtest.cli.main import main
from loadtest.clock import NS_PER_MS, utc_now
from loadtest.metrics import merge
from loadtest.recording import Journal, Recorder
from loadtest.recording.journal import RunFrame
from loadtest.report import RunFolder, write_results
from loadtest.report.run_record import RunRecord, run_results
from loadtest.report.summary import RunFacts
from tests.support.observation_calls import RUN_ID, STARTED_NS, recorded
from tests.support.summaries import passing_summary


def _record(workers: int = 1, *, is_final: bool = True) -> RunRecord:
    facts = RunFacts(
        run_id=RUN_ID,
        host="http://127.0.0.1:1",
        dialect=2,
        is_embedded=True,
        profile={"name": "smoke"},
        seed=1,
        duration_s=4.0,
        versions={"loadtest": "0.1.0"},
        lag_p99_limit_ms=20.0,
        workers=workers,
    )
    return RunRecord(facts, utc_now(), "", is_final=is_final)


def _observe(recorder: Recorder) -> None:
    recorder.observer.user_session_started(1, 11, STARTED_NS)
    recorder.observer.message_sent(1, 1, 1, 1, STARTED_NS, STARTED_NS)
    recorder.settle(STARTED_NS + 1_500 * NS_PER_MS)
    recorder.write(STARTED_NS)


def _finish(recorder: Recorder) -> None:
    now_ns = STARTED_NS + 2_000 * NS_PER_MS
    recorder.finish(now_ns, drained=True)
    recorder.roll(now_ns)
    recorder.end()


def _append(path: Path, record: RunRecord) -> None:
    """Write the run's facts behind the calls, as the leading process does."""
    beside = path.with_suffix(".facts")
    journal = Journal(beside)
    journal.write(RunFrame(RUN_ID, record.to_plain()))
    journal.close()
    frame = beside.read_bytes().partition(b"\n")[2]
    with path.open("ab") as recording:
        recording.write(frame)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return tmp_path / "run.rec"


def test_a_recording_gives_the_files_of_its_run(recording: Path, tmp_path: Path) -> None:
    record = _record()
    with recorded(recording) as recorder:
        _observe(recorder)
        _finish(recorder)
        totals = merge([recorder.snapshot()])
    _append(recording, record)
    folder = RunFolder.create(tmp_path, "smoke", record.started, random.Random(1))
    write_results(folder, run_results(totals, record))

    assert main(["report", "--from-recording", str(recording)]) == 0
    again = RunFolder(tmp_path / "run.rec.report")
    assert again.names() == folder.names()
    for name in folder.names():
        assert (again.path / name).read_bytes() == (folder.path / name).read_bytes()


def test_a_cut_recording_is_inconclusive_and_says_so(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with recorded(recording) as recorder:
        _observe(recorder)
    _append(recording, _record(is_final=False))
    there = tmp_path / "there"

    assert main(["report", "--from-recording", str(recording), "--into", str(there)]) == 0
    assert "run.rec: cut 1.5 s after the start, after 3 calls" in capsys.readouterr().err
    summary = RunFolder(there).read_summary()
    assert summary["verdict"] == "INCONCLUSIVE"
    assert summary["duration_s"] == 1.5
    assert "worker_lost" in [reason["code"] for reason in summary["reasons"]]
    assert summary["adds_up"] is True


def test_a_worker_whose_file_is_not_named_is_missing(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with recorded(recording) as recorder:
        _observe(recorder)
        _finish(recorder)
    _append(recording, _record(workers=2))

    assert main(["report", "--from-recording", str(recording)]) == 0
    assert "worker 1 is missing: name its file, too" in capsys.readouterr().err
    summary = RunFolder(recording.with_name("run.rec.report")).read_summary()
    assert summary["generator"]["workers_lost"] == 1


def test_a_recording_without_the_run_s_facts_is_refused(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with recorded(recording) as recorder:
        _finish(recorder)

    assert main(["report", "--from-recording", str(recording)]) == 2
    assert "name the file without a number, too" in capsys.readouterr().err


def test_a_report_is_never_written_over(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with recorded(recording) as recorder:
        _finish(recorder)
    _append(recording, _record())

    assert main(["report", "--from-recording", str(recording), "--into", str(tmp_path)]) == 2
    assert "cannot be made: File exists; use --into" in capsys.readouterr().err


def test_a_run_is_named_in_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "results/x", "--from-recording", "y"]) == 2
    assert "either the folder of a run or, with --from-recording" in capsys.readouterr().err


def test_the_folder_of_a_run_is_rendered_again(recording: Path, tmp_path: Path) -> None:
    record = _record()
    folder = RunFolder.create(tmp_path, "smoke", record.started, random.Random(1))
    with recorded(recording) as recorder:
        _finish(recorder)
        write_results(folder, run_results(merge([recorder.snapshot()]), record))
    summary = orjson.loads((folder.path / "summary.json").read_bytes())
    (folder.path / "report.html").unlink()

    assert main(["report", str(folder.path)]) == 0
    assert "report.html" in folder.names()
    assert folder.read_summary() == summary


@pytest.fixture
def two_runs(tmp_path: Path) -> Path:
    """Results with two runs, of which the second is the later one."""
    results = tmp_path / "results"
    for name in ("20261122T190000Z-early-0001", "20261122T200000Z-late-0002"):
        RunFolder(results / name).path.mkdir(parents=True)
        RunFolder(results / name).write_summary({**passing_summary(), "run_id": name})
    return results


@pytest.mark.parametrize(
    "named",
    [
        pytest.param((), id="the latest one"),
        pytest.param(("20261122T200000Z-late-0002",), id="a run id"),
        pytest.param(("{results}/20261122T200000Z-late-0002",), id="a folder"),
        pytest.param(("{results}/20261122T200000Z-late-0002/summary.json",), id="its summary"),
    ],
)
def test_a_run_may_be_named_in_many_ways(
    named: tuple[str, ...], two_runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [each.format(results=two_runs) for each in named]

    assert main(["report", *asked, "--results", str(two_runs)]) == 0
    assert "20261122T200000Z-late-0002" in capsys.readouterr().out.replace("\n", "")


def test_without_any_run_there_is_nothing_to_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--results", str(tmp_path)]) == 2
    assert "there is no run in it" in capsys.readouterr().err
