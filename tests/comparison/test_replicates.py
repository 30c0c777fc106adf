import os
from pathlib import Path

import pytest

from loadtest.comparison.replicates import read_side
from loadtest.errors import UsageError
from tests.support.replicates import replicates
from tests.support.runs_on_disk import write_side

NOWHERE = Path("no-baselines")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write_side(tmp_path / "results", replicates([4.0, 4.1, 4.2]))
    return tmp_path / "results"


def test_one_run_a_folder_of_runs_and_a_pattern_are_all_understood(results: Path) -> None:
    def names(named: str) -> list[str]:
        return [run.name for run in read_side(named, NOWHERE).replicates]

    assert names(str(results / "run-2")) == ["run-2"]
    assert names(str(results)) == ["run-1", "run-2", "run-3"]
    assert names(f"{results}/run-[13]") == ["run-1", "run-3"]


def test_a_pattern_may_be_relative(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(results.parent)
    side = read_side("results/*-1", NOWHERE)

    assert [run.folder for run in side.replicates] == [Path("results/run-1")]


def test_a_name_that_is_no_path_is_a_baseline(results: Path) -> None:
    side = read_side("results", results.parent)

    assert side.label == "results"
    assert len(side.replicates) == 3


def test_nothing_found_says_what_can_be_named() -> None:
    with pytest.raises(UsageError, match="release-1: there is no run there, and no baseline"):
        read_side("release-1", NOWHERE)


def test_every_summary_that_cannot_be_read_is_named(results: Path) -> None:
    for name in ("run-1", "run-3"):
        (results / name / "summary.json").write_text("{")
    with pytest.raises(UsageError) as caught:
        read_side(str(results), NOWHERE)

    first, second = caught.value.problems
    assert f"run-1{os.sep}" in first
    assert f"run-3{os.sep}" in second
