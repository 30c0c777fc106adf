"""Standard output and error that may go away without taking a run along.

A terminal is closed, ``| head`` has read enough, a disk is full: whatever is printed then is lost,
and nothing else. Before a run begins, a standard output that cannot be written is a usage error; a
reader that has read enough never is.
"""

import errno
import os
import sys
from typing import Any, TextIO, cast

from loadtest.errors import UsageError

__all__ = ["GuardedStream", "guard_output"]

# Nobody listens any more: a closed pipe, a closed terminal, a closed file.
_GONE = frozenset({errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO})


class GuardedStream:
    """A text stream whose failure to write is taken note of; otherwise it is the stream itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_lost = False
        self.problem = ""
        """Why something could not be written; empty: it could, or nobody wanted to read it."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        """Return what the stream has."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write ``text``, or lose it."""
        if self._is_lost:
            return len(text)
        try:
            return self._stream.write(text)
        except (OSError, ValueError) as error:
            self._lose(error)
            return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write some texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand what was written to the operating system, or lose it."""
        if self._is_lost:
            return
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._lose(error)

    def check(self) -> None:
        """Check that what was written has arrived.

        Raises:
            UsageError: It has not, and somebody wanted it.
        """
        self.flush()
        if self.problem:
            raise UsageError(f"standard output cannot be written: {self.problem}")

    def _lose(self, error: OSError | ValueError) -> None:
        """From now on write to nowhere; what waits in buffers goes there as well."""
        if isinstance(error, OSError) and error.errno not in _GONE:
            self.problem = (error.strerror or str(error)).lower()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self._stream.fileno())
        except (OSError, ValueError):
            self._is_lost = True  # closed as an object
        finally:
            os.close(nowhere)


def guard_output() -> GuardedStream:
    """Guard standard output and error of this process, once; return the former."""
    if not isinstance(sys.stdout, GuardedStream):
        sys.stdout = cast(TextIO, GuardedStream(sys.stdout))
    if not isinstance(sys.stderr, GuardedStream):
        sys.stderr = cast(TextIO, GuardedStream(sys.stderr))
    return cast(GuardedStream, sys.stdout)
