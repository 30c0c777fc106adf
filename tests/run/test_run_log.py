"""The log of a run."""

import logging
from pathlib import Path

import pytest

from loadtest.run.run_log import RunLog


def test_what_any_logger_says_is_written_down(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    logging.getLogger("some.part").warning("the root hears it")
    logging.getLogger("locust.runners").warning("Locust's does not reach the root")
    log.close()

    text = (tmp_path / "run.log").read_text()
    assert "WARNING some.part: the root hears it" in text
    assert "WARNING locust.runners: Locust's does not reach the root" in text


def test_details_go_into_the_file_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = RunLog(tmp_path / "run.log")
    log.detail("a traceback of\nmany lines", logging.ERROR)
    log.close()

    assert "ERROR loadtest: a traceback of\nmany lines" in (tmp_path / "run.log").read_text()
    assert not caplog.records


def test_after_its_end_nothing_is_written(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    log.close()
    log.close()
    logging.getLogger("some.part").warning("too late")

    assert (tmp_path / "run.log").read_text() == ""
