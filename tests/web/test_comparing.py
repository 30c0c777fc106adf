"""Two earlier runs beside each other."""

from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.report import RunFolder
from loadtest.web.comparing import comparison_page
from tests.support.summaries import failed_summary, passing_summary


def test_the_page_names_both_runs_and_decides_nothing_from_one_a_side(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder, summary in zip(folders, (passing_summary(), failed_summary()), strict=True):
        folder.mkdir()
        RunFolder(folder).write_summary(summary)
    page = comparison_page(*folders)

    assert page.startswith("<!DOCTYPE html>")
    assert "undecided" in page.lower()


def test_a_run_without_a_summary_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        comparison_page(tmp_path, tmp_path)
