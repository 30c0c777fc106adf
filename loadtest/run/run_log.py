"""The file ``run.log`` of a run: everything that was logged while it went on.

Locust keeps its loggers apart from the root, so both are written down. Details that would drown a
terminal, such as a traceback, go into the file alone.
"""

import contextlib
import logging
import sys
from pathlib import Path

from loadtest.run.presentation import presentation

__all__ = ["RunLog"]

_LOGGERS = ("", "locust")


class _LogFile(logging.FileHandler):
    """The file, until it cannot be written: that is said once, and nothing is lost but the log."""

    _is_broken = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, unless the file takes none any more."""
        if not self._is_broken:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - Python's own name
        """Take note that a line could not be written."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._is_broken:
            self._is_broken = True
            reason = (error.strerror or str(error)).lower()
            presentation.complain(f"{self.baseFilename}: cannot be written: {reason}")

    def close(self) -> None:
        """Close the file; what was left to write may have no place."""
        with contextlib.suppress(OSError):
            super().close()


class RunLog:
    """Writes the log of one run until it is closed."""

    def __init__(self, path: Path) -> None:
        self._handler = _LogFile(path, encoding="utf-8")
        self._handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
        )
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(self._handler)

    def detail(self, text: str, level: int = logging.INFO) -> None:
        """Write ``text`` into the file, and nowhere else."""
        record = logging.LogRecord("loadtest", level, "", 0, text, None, None)
        self._handler.handle(record)

    def close(self) -> None:
        """Write no more; may be called twice."""
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(self._handler)
        self._handler.close()
