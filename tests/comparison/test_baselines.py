from pathlib import Path

import pytest

from loadtest.comparison.baselines import (
    baseline_names,
    baseline_path,
    remove_baseline,
    save_baseline,
)
from loadtest.comparison.replicates import Side, read_side
from loadtest.errors import UsageError
from tests.support.replicates import replicates
from tests.support.runs_on_disk import write_side


@pytest.fixture
def runs(tmp_path: Path) -> Side:
    return write_side(tmp_path / "results", replicates([4.0, 4.1]), latencies_ms=[4.0])


def test_a_baseline_is_a_folder_of_runs_that_can_be_read_by_name(
    tmp_path: Path, runs: Side
) -> None:
    baselines = tmp_path / "baselines"
    (runs.replicates[0].folder / "report.html").write_text("a page")
    path = save_baseline(baselines, "release-1.2", runs.replicates)

    assert sorted(each.name for each in (path / "run-1").iterdir()) == [
        "latency.hlog",
        "summary.json",
    ]
    assert read_side("release-1.2", baselines).summaries == runs.summaries
    assert baseline_names(baselines) == ("release-1.2",)


def test_a_baseline_is_never_overwritten(tmp_path: Path, runs: Side) -> None:
    save_baseline(tmp_path, "main", runs.replicates[:1])
    with pytest.raises(UsageError, match="exists already; remove it first"):
        save_baseline(tmp_path, "main", runs.replicates)
    assert len(read_side("main", tmp_path).replicates) == 1


def test_a_removed_baseline_is_gone_and_others_stay(tmp_path: Path, runs: Side) -> None:
    for name in ("old", "new"):
        save_baseline(tmp_path / "b", name, runs.replicates)

    assert remove_baseline(tmp_path / "b", "old") == 2
    assert baseline_names(tmp_path / "b") == ("new",)


def test_only_what_is_a_baseline_is_removed(tmp_path: Path, runs: Side) -> None:
    save_baseline(tmp_path, "main", runs.replicates)
    (tmp_path / "main" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"holds notes\.txt, which is no run"):
        remove_baseline(tmp_path, "main")
    with pytest.raises(UsageError, match=r"there is none in .*; there are: main, results"):
        remove_baseline(tmp_path, "other")


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc", "-x", "a" * 65, "a b"])
def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="a name has 1 to 64 letters"):
        baseline_path(tmp_path, name)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, runs: Side) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written: Not a directory; use --baselines DIR"):
        save_baseline(tmp_path / "file", "main", runs.replicates)
