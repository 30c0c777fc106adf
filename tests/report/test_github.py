"""What a pipeline of GitHub shows: within its limits, and never a command of somebody else."""

from pathlib import Path
from typing import Any

import pytest

from loadtest.errors import UsageError
from loadtest.report.github import (
    LONGEST_SUMMARY_BYTES,
    add_to_step_summary,
    annotation,
    run_annotation,
)
from loadtest.report.tables import Tone
from tests.support.summaries import (
    failed_summary,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
)

ACTIONS = {"GITHUB_ACTIONS": "true"}


def test_a_failed_run_is_one_error_with_its_reason() -> None:
    assert run_annotation(failed_summary(), ACTIONS) == (
        "::error title=Load test smoke%3A FAIL::The run is valid and 1 of 2 thresholds broke."
        " delivery.message.lost is 27; limit == 0"
    )


@pytest.mark.parametrize("summary", [inconclusive_summary(), stopped_summary()])
def test_what_decides_nothing_is_a_warning(summary: dict[str, Any]) -> None:
    line = run_annotation(summary, ACTIONS)

    assert line.startswith("::warning title=Load test smoke%3A ")
    assert "\n" not in line


def test_a_passed_run_and_a_run_elsewhere_say_nothing() -> None:
    assert run_annotation(passing_summary(), ACTIONS) == ""
    assert run_annotation(failed_summary(), {}) == ""


def test_many_reasons_are_counted() -> None:
    summary = failed_summary()
    summary["reasons"] *= 5
    assert run_annotation(summary, ACTIONS).endswith("; and 2 more")


def test_a_text_from_outside_makes_no_command_of_its_own() -> None:
    line = annotation(Tone.BAD, "a,b:c\n::x", "50 %\r\n::error::fake", ACTIONS)
    assert line == "::error title=a%2Cb%3Ac%0A%3A%3Ax::50 %25%0D%0A::error::fake"
    assert len(line.splitlines()) == 1


def test_a_summary_is_added_behind_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    path.write_text("before\n")
    add_to_step_summary("# PASS\n", {"GITHUB_STEP_SUMMARY": str(path)})
    add_to_step_summary("# FAIL\n", {"GITHUB_STEP_SUMMARY": str(path)})

    assert path.read_text() == "before\n# PASS\n\n# FAIL\n\n"


def test_outside_of_a_pipeline_nothing_is_written(tmp_path: Path) -> None:
    add_to_step_summary("# PASS\n", {})
    add_to_step_summary("# PASS\n", {"GITHUB_STEP_SUMMARY": ""})
    assert list(tmp_path.iterdir()) == []


def test_a_long_summary_is_cut_at_a_line_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    long = "\n".join(f"| row {number} | ünïcode |" for number in range(60_000))
    add_to_step_summary(long, {"GITHUB_STEP_SUMMARY": str(path)})
    add_to_step_summary("# no room\n", {"GITHUB_STEP_SUMMARY": str(path)})
    text = path.read_bytes().decode()

    assert 900_000 < path.stat().st_size <= LONGEST_SUMMARY_BYTES
    assert text.rstrip().endswith("in the files of the run.")
    assert all(line.endswith("|") for line in text.splitlines() if line.startswith("| row"))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"GITHUB_STEP_SUMMARY=.*: cannot be written: Is a direct"):
        add_to_step_summary("x", {"GITHUB_STEP_SUMMARY": str(tmp_path)})
