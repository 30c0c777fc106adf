"""Lines of a child process, each awaited with a limit.

A benchmark must end whatever a tool does: every wait has a deadline, and what a tool said last is
in the error.
"""

import os
import selectors
import time
from collections import deque
from typing import IO

from tests.benchmarks.errors import BenchmarkError, SilentError

__all__ = ["Lines"]

_READ_BYTES = 65_536


class Lines:
    """Reads lines from a pipe.

    Args:
        name: Whose lines they are, for errors.
        pipe: Its standard output, in bytes.
    """

    def __init__(self, name: str, pipe: IO[bytes]) -> None:
        self._name = name
        self._descriptor = pipe.fileno()
        self._rest = b""
        self._lines: deque[str] = deque()

    def next(self, timeout_s: float) -> str:
        """Return the next line without its end.

        Raises:
            SilentError: None came in time.
            BenchmarkError: The process ended.
        """
        deadline_s = time.monotonic() + timeout_s
        while not self._lines:
            self._wait(deadline_s, timeout_s)
            read = os.read(self._descriptor, _READ_BYTES)
            if not read:
                raise BenchmarkError(f"{self._name} ended; it said last: {self._rest.decode()!r}")
            *complete, self._rest = (self._rest + read).split(b"\n")
            self._lines.extend(line.decode("utf-8", "replace") for line in complete)
        return self._lines.popleft()

    def _wait(self, deadline_s: float, timeout_s: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._descriptor, selectors.EVENT_READ)
            if not selector.select(max(0.0, deadline_s - time.monotonic())):
                raise SilentError(f"{self._name} said nothing for {timeout_s:g} s")
