"""The folder of a study: what is written is read again, and whatever is wrong is said."""

from pathlib import Path

import pytest

from loadtest.capacity.folder import read_study, study_file, write_study
from loadtest.errors import UsageError
from tests.support.studies import study


def test_a_study_is_found_by_its_folder_or_by_its_file(tmp_path: Path) -> None:
    write_study(tmp_path, study())

    assert read_study(tmp_path) == read_study(tmp_path / "capacity.json") == study()
    assert study_file(tmp_path) == tmp_path / "capacity.json"


def test_a_study_is_replaced_whole(tmp_path: Path) -> None:
    write_study(tmp_path, study(answer="going on"))
    write_study(tmp_path, study())

    assert read_study(tmp_path) == study()
    assert [each.name for each in tmp_path.iterdir()] == ["capacity.json"]


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"capacity\.json: cannot be written: No such file"):
        write_study(tmp_path / "gone", study())
    with pytest.raises(UsageError, match="name the folder of a study"):
        read_study(tmp_path / "gone")
