"""SIGHUP, the end of a terminal or of a remote session: it ends a run as SIGTERM does."""

import os
import signal
from types import FrameType

__all__ = ["end_at_hang_up"]


def end_at_hang_up() -> None:
    """Take SIGHUP for SIGTERM from now on, unless somebody wants it ignored, as ``nohup`` does."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
