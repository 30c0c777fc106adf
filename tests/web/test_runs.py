"""Earlier runs: what is listed, and which files can be had."""

from pathlib import Path

import pytest

from loadtest.report import RunFolder
from loadtest.web.runs import EarlierRuns
from tests.support.summaries import failed_summary, passing_summary
from tests.support.web_desk import FakeDesk

FIRST, SECOND = "20261126T020053Z-smoke-26e8", "20261127T020053Z-ci-26e8"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for name, summary in ((FIRST, passing_summary()), (SECOND, failed_summary())):
        folder = tmp_path / name
        folder.mkdir()
        RunFolder(folder).write_summary(summary)
        (folder / "report.html").write_text("<title>report</title>")
    return tmp_path


def test_the_latest_run_stands_first(results: Path) -> None:
    rows = EarlierRuns(FakeDesk(results)).rows()

    assert [(row["run_id"], row["verdict"]) for row in rows] == [(SECOND, "FAIL"), (FIRST, "PASS")]
    assert rows[1]["p99_ms"] is not None
    assert rows[1]["files"] == ["report.html", "summary.json"]


def test_a_run_that_goes_on_is_not_listed_and_a_broken_one_says_why(results: Path) -> None:
    (results / "20261128T020053Z-goes-on-26e8").mkdir()
    broken = results / "20261129T020053Z-broken-26e8"
    broken.mkdir()
    (broken / "summary.json").write_text("{")

    rows = EarlierRuns(FakeDesk(results)).rows()
    assert [row["run_id"] for row in rows] == [broken.name, SECOND, FIRST]
    assert "not JSON" in rows[0]["problem"]


def test_a_summary_is_read_again_only_if_it_has_changed(results: Path) -> None:
    runs = EarlierRuns(FakeDesk(results))
    assert runs.rows()[1] is runs.rows()[1]


@pytest.mark.parametrize(
    ("run_id", "name"),
    [
        pytest.param(FIRST, "../" + SECOND + "/summary.json", id="a way out"),
        pytest.param("..", "secret", id="above"),
        pytest.param(FIRST, ".summary.json.part", id="hidden"),
        pytest.param(FIRST, "nothing", id="not there"),
        pytest.param("20260101T000000Z-none-0000", "summary.json", id="no such run"),
    ],
)
def test_no_path_leads_out_of_a_run_s_folder(results: Path, run_id: str, name: str) -> None:
    (results.parent / "secret").write_text("secret")
    (results / FIRST / ".summary.json.part").write_text("{}")

    assert EarlierRuns(FakeDesk(results)).file(run_id, name) is None


def test_a_file_of_a_run_can_be_had(results: Path) -> None:
    path = EarlierRuns(FakeDesk(results)).file(FIRST, "report.html")
    assert path is not None
    assert path.read_text() == "<title>report</title>"


def test_without_results_there_are_no_runs(tmp_path: Path) -> None:
    assert EarlierRuns(FakeDesk(tmp_path / "none")).rows() == []
