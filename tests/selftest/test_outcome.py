import datetime
from pathlib import Path

import orjson
import pytest

from loadtest.errors import UsageError
from loadtest.selftest.checks import exact
from loadtest.selftest.outcome import (
    FILE_NAME,
    CaseResult,
    Outcome,
    latest_outcome,
    write_outcome,
)

_AT = datetime.datetime(2026, 11, 22, 19, 15, tzinfo=datetime.UTC)
_GOOD = CaseResult("drop", (exact("messages lost", 3, 3),))
_BAD = CaseResult("delay", (exact("messages lost", 0, 0), exact("stalls", 2, 1)))


def _outcome(*results: CaseResult) -> Outcome:
    return Outcome("0.1.0", _AT, is_quick=True, results=results)


@pytest.mark.parametrize(
    ("result", "passed"),
    [
        pytest.param(_GOOD, True, id="every check held"),
        pytest.param(_BAD, False, id="one check did not"),
        pytest.param(CaseResult("drop"), False, id="nothing was checked"),
        pytest.param(CaseResult("drop", failure="no server"), False, id="it could not be run"),
    ],
)
def test_a_case_passes_if_there_was_something_to_hold(result: CaseResult, passed: bool) -> None:
    assert result.passed is passed
    assert _outcome(_GOOD, result).passed is passed


def test_later_runs_find_the_outcome_of_their_own_version(tmp_path: Path) -> None:
    write_outcome(tmp_path / "results", _outcome(_GOOD))

    assert latest_outcome(tmp_path / "results", "0.1.0") == {
        "version": "0.1.0",
        "passed": True,
        "quick": True,
        "at": "2026-11-22T19:15:00+00:00",
    }
    assert latest_outcome(tmp_path / "results", "0.2.0") is None


def test_a_newer_outcome_replaces_the_older_one(tmp_path: Path) -> None:
    write_outcome(tmp_path, _outcome(_GOOD))
    write_outcome(tmp_path, _outcome(_GOOD, _BAD))
    latest = latest_outcome(tmp_path, "0.1.0")

    assert latest is not None
    assert latest["passed"] is False


def test_every_check_is_kept(tmp_path: Path) -> None:
    path = write_outcome(tmp_path, _outcome(_GOOD, CaseResult("cuts", failure="no server")))
    good, cuts = orjson.loads(path.read_bytes())["cases"]

    assert [check["figure"] for check in good["checks"]] == ["messages lost"]
    assert (cuts["passed"], cuts["failure"]) == (False, "no server")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"schema": "other", "version": "0.1.0"}'])
def test_a_file_that_says_nothing_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

    assert latest_outcome(tmp_path, "0.1.0") is None


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert latest_outcome(tmp_path, "0.1.0") is None


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file/selftest\.json: cannot be written"):
        write_outcome(tmp_path / "file", _outcome(_GOOD))
