"""The files of a study."""

from pathlib import Path

from loadtest.capacity.folder import read_study
from loadtest.capacity.rendering import render_study
from tests.support.studies import study


def test_a_study_leaves_three_files(tmp_path: Path) -> None:
    render_study(tmp_path, study())
    render_study(tmp_path, study())

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["capacity.json", "capacity.md", "report.html"]
    assert read_study(tmp_path) == study()
