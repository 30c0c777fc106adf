"""What is left of Locust's own output."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.run.presentation import Presentation, quiet_locust


@pytest.fixture
def locust_logger() -> Iterator[logging.Logger]:
    logger, tables = logging.getLogger("locust"), logging.getLogger("locust.stats_logger")
    root = logging.getLogger()
    before = [(each, each.level, each.handlers[:]) for each in (logger, tables, root)]
    yield logger
    for each, level, handlers in before:
        each.setLevel(level)
        each.handlers[:] = handlers


def test_the_terminal_shows_errors_alone_and_files_everything(
    locust_logger: logging.Logger, tmp_path: Path
) -> None:
    terminal, file = logging.StreamHandler(), logging.FileHandler(tmp_path / "locust.log")
    locust_logger.handlers[:] = [terminal, file]
    locust_logger.setLevel(logging.WARNING)
    quiet_locust()
    file.close()

    assert terminal.level == logging.ERROR
    assert file.level == logging.NOTSET
    assert locust_logger.level == logging.INFO, "the run's log takes Locust's remarks"
    assert not logging.getLogger("locust.stats_logger").isEnabledFor(logging.ERROR)


def test_without_a_verb_of_ours_complaints_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    Presentation().complain("the results cannot be written")

    assert caplog.messages == ["the results cannot be written"]
