from pathlib import Path

import pytest

from loadtest.report import Ending
from loadtest.run.leader.pipeline import tell_pipeline
from loadtest.run.presentation import presentation
from tests.support.summaries import failed_summary, passing_summary


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the summary of a step of GitHub Actions that this process is part of."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    return tmp_path / "step.md"


def test_a_run_is_added_to_the_step_and_annotated(
    step: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_pipeline(failed_summary())

    assert step.read_text().startswith("# FAIL")
    assert capsys.readouterr().out.startswith("::error title=")


def test_a_summary_on_standard_output_stays_json(
    step: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presentation, "ending", Ending.JSON)
    tell_pipeline(failed_summary())
    printed = capsys.readouterr()

    assert printed.out == ""
    assert printed.err.startswith("::error title=")


def test_a_place_that_cannot_be_written_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(presentation, "complain", told.append)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    tell_pipeline(passing_summary())

    assert "GITHUB_STEP_SUMMARY" in told[0]
