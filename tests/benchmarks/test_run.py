"""The whole benchmark in miniature, with the rows that need nothing but a compiler and Python."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.run import main

_QUICK = ["--devices", "20", "--channel-size", "5", "--rounds", "1", "--seconds", "0.2"]


def _document(results: Path) -> dict[str, Any]:
    (path,) = results.glob("bench-*.json")
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.mark.benchmark
@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("row", ["limit", "websockets", "locust"])
def test_a_row_is_measured_to_its_last_event(row: str, tmp_path: Path) -> None:
    words = [*_QUICK, "--only", row, "--results", str(tmp_path), "--scratch", str(tmp_path)]

    assert main(words) == 0
    document = _document(tmp_path)
    (measured,) = document["measurements"]
    assert measured["row"] == row
    assert measured["acks"] == measured["events"] != 0
    assert document["left_out"] == []


@pytest.mark.benchmark
@pytest.mark.usefixtures("programs")
def test_our_own_row_measures_what_it_sent_itself(tmp_path: Path) -> None:
    words = [*_QUICK, "--sleeping-server", "--only", "loadtest"]
    words += ["--results", str(tmp_path), "--scratch", str(tmp_path)]

    assert main(words) == 0
    (measured,) = _document(tmp_path)["measurements"]
    assert measured["events"] > 0
    assert measured["acks_known"] == measured["acks"]
    assert measured["report"]["recorded"] >= measured["events"]
    assert measured["report"]["unexpected"] == 0


@pytest.mark.usefixtures("programs")
def test_a_row_that_cannot_be_measured_is_left_out_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [*_QUICK, "--only", "tsung", "--results", str(tmp_path), "--scratch", str(tmp_path)]
    real_which = shutil.which
    monkeypatch.setattr("shutil.which", lambda name: None if name == "tsung" else real_which(name))

    assert main(words) == 1
    (omission,) = _document(tmp_path)["left_out"]
    assert omission["row"] == "tsung"
    assert omission["reason"].endswith("`tsung` is not installed; on Debian: apt-get install tsung")


@pytest.mark.usefixtures("programs")
def test_more_devices_than_open_files_are_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.benchmarks.run._open_files_max", lambda: 50)
    words = [*_QUICK, "--only", "limit", "--results", str(tmp_path), "--scratch", str(tmp_path)]

    assert main(words) == 1
    (omission,) = _document(tmp_path)["left_out"]
    assert "20 devices need 84 open files in one process, the limit is 50" in omission["reason"]


def test_an_unknown_row_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "jmeter"])

    assert "jmeter; rows are limit, loadtest" in capsys.readouterr().err
