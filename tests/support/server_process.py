"""The embedded server in a child process, as the command line starts it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["running_server"]

_STOP_TIMEOUT_S = 20


@contextmanager
def running_server(*options: str) -> Iterator[str]:
    """Run a server on a free port while the context is open; yields its URL."""
    command = [sys.executable, "-m", "loadtest.cli.serve", "--port", "0", "--exit-with-parent"]
    with subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), f"the server said {line!r}"
        try:
            yield line.removeprefix("listening on ").strip()
        finally:
            process.stdin.close()
            process.wait(_STOP_TIMEOUT_S)
