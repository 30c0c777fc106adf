"""The verb as a person calls it: exit codes, refusals and files."""

import json
from pathlib import Path

import pytest

from loadtest.cli.main import main
from loadtest.comparison.study import Study, write_pairs
from tests.support.comparisons import STEADY
from tests.support.replicates import MESSAGE, replicates
from tests.support.runs_on_disk import write_side
from tests.support.summaries import inconclusive_summary

P50 = f"latency.{MESSAGE}.p50_ms"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with runs of an old server, a slower one, and one that is the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for name, factor in (("old", 1.0), ("slow", 1.1), ("same", 1.001)):
        write_side(tmp_path / name, replicates([factor * value for value in STEADY]), [4.0, 5.0])
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["old", "slow"], 1, id="a gate is worse"),
        pytest.param(["old", "same"], 0, id="no gate is worse"),
        pytest.param(["slow", "old"], 0, id="better is not worse"),
        pytest.param(["old/run-1", "slow/run-1"], 0, id="one run a side decides nothing"),
        pytest.param(["old/run-1", "slow/run-1", "--require-decision"], 3, id="a decision is due"),
        pytest.param(["old", "slow", "--gate", "sessions.user_session_start.p50_ms"], 0, id="gate"),
        pytest.param(["old", "slow", "--tolerance", "20%"], 0, id="a wide tolerance"),
        pytest.param(["old/run-*", "slow/run-[1-3]"], 1, id="patterns"),
        pytest.param(["old"], 2, id="no candidate and no pairs"),
        pytest.param([], 2, id="nothing named"),
        pytest.param(["old", "none"], 2, id="no such run"),
        pytest.param(["old", "slow", "--gate", "p50"], 2, id="no such figure"),
    ],
)
@pytest.mark.usefixtures("place")
def test_exit_codes(arguments: list[str], code: int) -> None:
    assert main(["compare", *arguments]) == code


def test_the_table_ends_with_the_outcome(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["compare", "old", "slow"])
    last = capsys.readouterr().out.strip().splitlines()[-1]

    assert last.startswith("WORSE: The candidate is worse in 2 of 5 gates: fanout.p50")


def test_runs_that_cannot_be_compared_are_refused_and_marked_if_forced(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_side(place / "bad", [{**inconclusive_summary(), "seed": 8}] * 3)

    assert main(["compare", "old", "bad"]) == 2
    told = capsys.readouterr().err
    assert "candidate run run-1 is INCONCLUSIVE: generator_lag" in told
    assert "seeds of base and candidate differ: 7 against 8" in told
    assert main(["compare", "old", "bad", "--force"]) != 2
    assert "compared with --force although seeds" in capsys.readouterr().out


def test_every_file_that_is_asked_for_is_written(place: Path) -> None:
    files = ["--html", "c.html", "--markdown", "c.md", "--json", "c.json"]
    main(["compare", "old", "slow", "--power", "10%", *files])

    assert (place / "c.html").read_text().startswith("<!DOCTYPE html>")
    assert (place / "c.md").read_text().startswith("## ")
    plain = json.loads((place / "c.json").read_text())
    assert plain["outcome"] == "worse"
    assert plain["base"]["runs"][0] == "old/run-1"
    assert plain["power"][P50]["replicates_needed"] >= 3


def test_a_file_that_cannot_be_written_is_named(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "old", "slow", "--json", "none/c.json"]) == 2
    assert "none/c.json: cannot be written: No such file" in capsys.readouterr().err


def test_a_study_is_compared_in_its_pairs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = Study(left_out=["pair 2, base run r is STOPPED; the pair was made again"])
    study.base += write_side(place / "study" / "base", replicates(STEADY)).replicates
    study.candidate += write_side(place / "study" / "candidate", replicates(STEADY)).replicates
    write_pairs(place / "study", study, ("main", "branch"))

    assert main(["compare", "study"]) == 0
    told = capsys.readouterr().out
    assert "5 pairs, paired t" in told
    assert "left out: pair 2, base run r is STOPPED" in told


def test_the_figures_that_can_be_gates_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--figures"]) == 0
    assert P50 in capsys.readouterr().out


@pytest.mark.parametrize("text", ["0", "1", "150%", "x", "-5%"])
@pytest.mark.usefixtures("place")
def test_a_share_must_be_one(text: str) -> None:
    assert main(["compare", "old", "slow", f"--tolerance={text}"]) == 2
