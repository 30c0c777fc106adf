"""The feeding server as the benchmark drives it: lines in, one JSON object a line out."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.lines import Lines

__all__ = ["FeedPlan", "FeedReport", "Feeder"]

_ANSWER_TIMEOUT_S = 10.0
# A feed waits for its last ACKs, and gives up when none has come for a second.
_FEED_GRACE_S = 30.0


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """What to feed."""

    seconds: float
    rate_per_s: float = 0
    """Deliveries per second; 0: as fast as ``window`` lets."""
    window: int = 1024
    """Deliveries that may be without their ACK; 0: any number."""
    is_watching: bool = False
    """Feed nothing: the devices send messages themselves."""

    def __str__(self) -> str:
        verb = "watch" if self.is_watching else "feed"
        return f"{verb} rate={self.rate_per_s:g} seconds={self.seconds:g} window={self.window}"


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What was fed, from the first event to the last ACK."""

    messages: int
    events: int
    acks: int
    acks_known: int
    """ACKs that name a delivery to the connection they came on."""
    skipped: int
    duration_ns: int
    feeder_cpu_ns: int
    lag_max_ns: int
    errors_sent: int
    stray_frames: int
    refused: int
    active_devices: int


class Feeder:
    """One run of the feeding server; use it in a ``with`` statement.

    Args:
        program: Where it was built.
        devices: As many active chat sessions are waited for.
        heart_beat: What CONNECTED offers; ``0,0`` is none.
        is_fanning_out: Publish the messages that devices send.
        is_busy: Never sleep once a device came, so that no client pays for waking the server.
    """

    def __init__(
        self,
        program: Path,
        devices: int,
        *,
        heart_beat: str = "0,0",
        is_fanning_out: bool = False,
        is_busy: bool = False,
    ) -> None:
        command = [str(program), "--devices", str(devices), "--heart-beat", heart_beat]
        command += ["--fan-out"] * is_fanning_out + ["--busy"] * is_busy
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input = self._process.stdin
        self._lines = Lines("the feeder", self._process.stdout)
        self.port = int(self.wait_for("listening", _ANSWER_TIMEOUT_S)["port"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._input.close()  # the end of its input ends it
        self._process.wait(_ANSWER_TIMEOUT_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def wait_for(self, phase: str, timeout_s: float) -> dict[str, Any]:
        """Return what the feeder says on entering ``phase``; earlier phases are passed over.

        Raises:
            BenchmarkError: It did not get there in time.
        """
        while True:
            said: dict[str, Any] = json.loads(self._lines.next(timeout_s))
            if said["phase"] == phase:
                return said

    def begin(self, plan: FeedPlan) -> None:
        """Begin to feed; return at the first event."""
        self._input.write(f"{plan}\n".encode())
        self.wait_for("feeding", _ANSWER_TIMEOUT_S)

    def finish(self, plan: FeedPlan) -> FeedReport:
        """Wait for the end of what ``begin`` began."""
        said = self.wait_for("fed", plan.seconds + _FEED_GRACE_S)
        del said["phase"]
        report = FeedReport(**said)
        if report.refused or report.stray_frames:
            raise BenchmarkError(
                f"the client broke the protocol: {report.refused} connections refused, "
                f"{report.stray_frames} frames not understood"
            )
        return report
