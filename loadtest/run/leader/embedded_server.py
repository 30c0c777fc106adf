"""The embedded server as a child process: the target when no other is named.

It runs in a process of its own, so that it takes a processor of its own and its work does not stand
in the generator's way. It ends with us, also when we are killed: it watches the pipe to us.
"""

import signal
import subprocess
import sys
from collections.abc import Sequence

from loadtest.errors import TargetError

__all__ = ["EmbeddedServer"]

_PREFIX = "listening on "
_END_TIMEOUT_S = 5


class EmbeddedServer:
    """A reference server on a free port of the loopback address.

    Args:
        arguments: More options of ``loadtest serve``.
        push_url: What it calls for users who are not connected; empty: nothing.

    Raises:
        TargetError: It could not be started.
    """

    def __init__(self, arguments: Sequence[str] = (), *, push_url: str = "") -> None:
        self.push_url = push_url
        command = [sys.executable, "-m", "loadtest.cli.serve", "--port", "0", "--exit-with-parent"]
        if push_url:
            command += ["--push-url", push_url]
        self._process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C at a terminal reaches a whole process group; the server must outlive the drain.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line.startswith(_PREFIX):
            self.stop()
            raise TargetError("embedded server", "it did not start; see its message above")
        self.address = line.removeprefix(_PREFIX)
        """Such as ``http://127.0.0.1:40123``."""

    @property
    def is_running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    @property
    def end(self) -> str:
        """How the process ended, in words; empty: it has not."""
        code = self._process.poll()
        if code is None:
            return ""
        if code < 0:
            return f"gone (ended by {signal.Signals(-code).name})"
        return f"gone (ended with exit code {code})"

    def stop(self) -> None:
        """End the process and wait for it."""
        if self.is_running:
            self._process.terminate()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
