"""One trial as a run of its own, in a process of its own.

A fresh process per trial costs two seconds and buys that no trial colours the next: no connection,
no user, no heap and, with the embedded server, no channel of the last one is left. It also is
exactly the command ``loadtest run``, so that ``--processes``, master and workers, signals and the
folder of the run are those of any run.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.clock import NS_PER_S, Clock, monotonic_ns
from loadtest.errors import LoadtestError

__all__ = ["TrialFailedError", "TrialRun", "run_trial"]

_TICK_S = 0.5
# So long a run may take to end once a person wanted it.
_END_TICKS = 240
_EXIT_USAGE = 2
_EXIT_STOPPED = 130
_SUMMARY = "summary.json"
_LOG_LINES_SHOWN = 12


class TrialFailedError(LoadtestError):
    """A trial left no result."""

    def __init__(self, what: str, log: str) -> None:
        super().__init__(what, log)
        self.what = what
        self.log = log

    def __str__(self) -> str:
        shown = "\n".join(self.log.splitlines()[-_LOG_LINES_SHOWN:])
        return f"{self.what}; its last lines:\n{shown}"


@dataclass(frozen=True, slots=True)
class TrialRun:
    """What a trial left behind."""

    folder: Path | None
    """The folder of the run; None: it was stopped before it had any."""
    length_s: float
    is_stopped: bool
    """Whether a person ended it."""


def run_trial(
    arguments: Sequence[str],
    results: Path,
    log: Path,
    *,
    each_tick: Callable[[int, float], None],
    interrupts: Callable[[], int] = lambda: 0,
    clock: Clock = monotonic_ns,
) -> TrialRun:
    """Run ``loadtest run`` with ``arguments`` to its end.

    Args:
        arguments: What stands behind ``loadtest run``.
        results: The folder of the study, in which the run makes its own.
        log: What the run prints is appended to it.
        each_tick: Called twice a second with the process's id and the seconds since its start.
        interrupts: Tells how often a person wanted an end so far. Each time is passed on to the
            run: the first one ends it in order, the second one at once.
        clock: For tests.

    Raises:
        TrialFailedError: The run had no result.
    """
    command = [sys.executable, "-m", "loadtest", "run", *arguments, "--results", str(results)]
    before = _runs(results)
    started_ns = clock()
    with (
        log.open("ab") as output,
        # In a session of its own, so that Ctrl-C reaches it once: from us.
        subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        is_stopped = _watch(
            process, lambda: each_tick(process.pid, (clock() - started_ns) / NS_PER_S), interrupts
        )
    length_s = (clock() - started_ns) / NS_PER_S
    found = sorted(_runs(results) - before)
    is_stopped = is_stopped or process.returncode == _EXIT_STOPPED
    if not found and not is_stopped:
        what = f"the run of a trial ended with exit code {process.returncode} and no result"
        raise TrialFailedError(what, log.read_text(encoding="utf-8", errors="replace"))
    return TrialRun(found[-1] if found else None, length_s, is_stopped)


def _watch(
    process: "subprocess.Popen[bytes]", tick: Callable[[], None], interrupts: Callable[[], int]
) -> bool:
    """Wait for the end of a run; return whether a person wanted it."""
    passed_on, ticks_left = 0, _END_TICKS
    while True:
        try:
            process.wait(_TICK_S)
        except subprocess.TimeoutExpired:
            tick()
        else:
            return passed_on > 0
        if interrupts() > passed_on:
            passed_on += 1
            process.send_signal(signal.SIGINT)
        ticks_left -= passed_on > 0
        if not ticks_left:
            process.kill()


def _runs(results: Path) -> set[Path]:
    return {path.parent for path in results.glob(f"*/{_SUMMARY}")}
