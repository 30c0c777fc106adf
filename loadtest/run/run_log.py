"""The file ``run.log`` of a run: everything that was logged while it went on.

Locust keeps its loggers apart from the root, so both are written down. Details that would drown a
terminal, such as a traceback, go into the file alone.
"""

import logging
from pathlib import Path

__all__ = ["RunLog"]

_LOGGERS = ("", "locust")


class RunLog:
    """Writes the log of one run until it is closed."""

    def __init__(self, path: Path) -> None:
        self._handler = logging.FileHandler(path, encoding="utf-8")
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
