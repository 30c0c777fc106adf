"""The processes that trials have started: they end when the self-test is told to end.

A terminal sends Ctrl-C to all processes of a command. SIGTERM and SIGHUP reach one alone, and what
it has started would go on.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["end_with_children", "started"]

_running: dict[int, "subprocess.Popen[Any]"] = {}


@contextmanager
def started(process: "subprocess.Popen[Any]") -> Iterator[None]:
    """Have a process ended with this one while the context is open."""
    _running[process.pid] = process
    try:
        yield
    finally:
        del _running[process.pid]


def end_with_children() -> None:
    """From now on, let SIGTERM and SIGHUP end all that runs, as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Below nohup a hang-up is ignored, and stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(_number: int, _frame: FrameType | None) -> None:
    for process in tuple(_running.values()):
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
    raise KeyboardInterrupt
