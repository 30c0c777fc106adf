"""A client under test: its processes, its phases, and what it says at its end."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self

from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.lines import Lines
from tests.benchmarks.processes import Usage, cpu_ns_of, processes_of, usage_of

__all__ = ["Client", "Command"]

_READY_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_EXCERPT_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class Command:
    """How a client is started."""

    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    """Added to the environment of the benchmark."""
    is_obedient: bool = True
    """It says ``ready``, waits for ``go``, and reports at SIGTERM."""
    on_stopped: list[str] | None = None
    """A command that cleans up what the client leaves behind."""


class Client:
    """One run of a client; use it in a ``with`` statement. It leads a session of its own."""

    def __init__(self, command: Command) -> None:
        self._command = command
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            command.arguments,
            env=os.environ | command.environment,
            stdin=subprocess.PIPE,
            # Nobody reads what a disobedient client prints, and a full pipe would stop it.
            stdout=subprocess.PIPE if command.is_obedient else self._errors,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._input = self._process.stdin
        self._output = self._process.stdout
        self._lines = Lines("the client", self._output) if self._output is not None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        if self._output is not None:
            self._output.close()
        self._errors.close()
        if self._command.on_stopped is not None:
            subprocess.run(
                self._command.on_stopped,
                env=os.environ | self._command.environment,
                capture_output=True,
                check=False,
            )

    def wait_until_ready(self) -> None:
        """Wait until an obedient client is about to make its first device.

        Raises:
            BenchmarkError: It ended, or is not ready in time.
        """
        self._line_from("ready", _READY_TIMEOUT_S)

    def tell(self, word: str) -> None:
        """Send a line: ``go``, or ``feed`` to one that sends messages itself."""
        with contextlib.suppress(BrokenPipeError):
            self._input.write(f"{word}\n".encode())

    @property
    def is_obedient(self) -> bool:
        """Whether it waits for words and reports."""
        return self._command.is_obedient

    def cpu_ns(self) -> int:
        """Return the CPU time of all its processes; cheaper than ``usage``."""
        return cpu_ns_of(self._process.pid)

    def usage(self) -> Usage:
        """Return what all its processes have used so far."""
        return usage_of(self._process.pid)

    def require_running(self) -> None:
        """Make sure that it still runs.

        Raises:
            BenchmarkError: It has ended; the error quotes it.
        """
        status = self._process.poll()
        if status is not None:
            raise BenchmarkError(f"the client ended with status {status}: {self.said()}")

    def stop(self) -> dict[str, Any]:
        """End it; return what an obedient one reports, nothing of another."""
        if not self._command.is_obedient:
            return {}
        self._process.send_signal(signal.SIGTERM)
        report: dict[str, Any] = json.loads(self._line_from("{", _STOP_TIMEOUT_S))
        return report

    def said(self) -> str:
        """Return the end of what it wrote besides its answers."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _EXCERPT_BYTES))
        return self._errors.read().decode("utf-8", "replace").strip()

    def _line_from(self, start: str, timeout_s: float) -> str:
        """Return the next line that starts so; a tool's other lines are passed over."""
        assert self._lines is not None
        try:
            while True:
                line = self._lines.next(timeout_s)
                if line.startswith(start):
                    return line
        except BenchmarkError as error:
            raise BenchmarkError(f"{error}; it wrote: {self.said()}") from error

    def _kill(self) -> None:
        for pid in processes_of(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
