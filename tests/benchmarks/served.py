"""The embedded server under the deliveries of one large channel."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.errors import BenchmarkError

__all__ = ["Served"]

_MESSAGES_PER_S = 20
_RUN_S = 60
_ENTER_TIMEOUT_S = 50.0
_LOOK_PERIOD_S = 0.25
_STOP_TIMEOUT_S = 30.0


class Served:
    """A server, and a run of the profile ``busy-room`` against it; use it in a ``with`` statement.

    Args:
        devices: Members of the channel, all of whom are there.
        folder: For the results of the run.
    """

    def __init__(self, devices: int, folder: Path) -> None:
        self._devices = devices
        self._folder = folder
        self._log = (folder / "run.txt").open("wb")
        words = [sys.executable, "-m", "loadtest", "serve", "--port", "0", "--exit-with-parent"]
        self._server = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._server.stdout is not None
        self.url = self._server.stdout.readline().strip().removeprefix("listening on ")
        self._run = self._start_run()

    def _start_run(self) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "loadtest", "run", "busy-room", "--host", self.url]
        words += ["--devices", str(self._devices), "--results", str(self._folder)]
        for each in (
            f"workload.message_rate_per_s={_MESSAGES_PER_S}",
            f"run.duration_s={_RUN_S}",
            "run.ramp_s=4",
            "chat_sessions.enter_within_s=1",
        ):
            words += ["--set", each]
        return subprocess.Popen(words, stdout=self._log, stderr=subprocess.STDOUT)

    def wait_until_entered(self) -> None:
        """Wait until all devices are in the channel.

        Raises:
            BenchmarkError: They do not get there in time.
        """
        deadline_s = time.monotonic() + _ENTER_TIMEOUT_S
        while self.stats()["chat_sessions"]["open"] < self._devices:
            if self._run.poll() is not None or time.monotonic() > deadline_s:
                said = (self._folder / "run.txt").read_text()[-500:]
                raise BenchmarkError(f"not all devices entered the channel: {said}")
            time.sleep(_LOOK_PERIOD_S)

    def stats(self) -> dict[str, Any]:
        """Return what the server counts, its CPU time among it."""
        with urllib.request.urlopen(f"{self.url}/stats", timeout=10) as answer:
            stats: dict[str, Any] = json.load(answer)
        return stats

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run.terminate()
        self._run.wait(_STOP_TIMEOUT_S)
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(_STOP_TIMEOUT_S)
        assert self._server.stdout is not None
        self._server.stdout.close()
        self._log.close()
