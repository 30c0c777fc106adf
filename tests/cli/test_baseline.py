from pathlib import Path

import pytest

from loadtest.cli.main import main
from tests.support.replicates import replicates
from tests.support.runs_on_disk import write_side
from tests.support.summaries import inconclusive_summary


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_side(tmp_path / "results", replicates([4.0, 4.1, 4.2]))
    return tmp_path


def test_a_baseline_is_saved_listed_shown_compared_and_removed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", "save", "main", "results/run-[12]", "results/run-3"]) == 0
    assert main(["baseline", "list"]) == 0
    assert "main: 3 runs of smoke" in capsys.readouterr().out
    assert main(["baseline", "show", "main"]) == 0
    told = capsys.readouterr().out
    assert "run-2  PASS  seed 7  p50 4.10 ms  p99 16.0 ms  lost 0" in told
    assert main(["compare", "main", "results"]) == 0
    assert main(["baseline", "remove", "main"]) == 0
    assert not (place / "baselines" / "main").exists()
    assert main(["baseline", "list"]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["save", "main"], "name the runs", id="nothing to save"),
        pytest.param(["save"], "name the baseline", id="no name"),
        pytest.param(["save", "../x", "results"], "a name has 1 to 64 letters", id="a path"),
        pytest.param(["show", "other"], "there is none in baselines; there are: none", id="show"),
        pytest.param(["remove", "other"], "there is none in baselines", id="remove"),
    ],
)
@pytest.mark.usefixtures("place")
def test_what_cannot_be_done_is_explained(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["baseline", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_an_invalid_run_is_no_baseline_unless_forced(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_side(place / "bad", [inconclusive_summary()])

    assert main(["baseline", "save", "bad", "bad"]) == 2
    assert "run-1: INCONCLUSIVE: generator_lag" in capsys.readouterr().err
    assert main(["baseline", "save", "bad", "bad", "--force"]) == 0
