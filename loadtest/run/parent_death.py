"""What a forked process does when the process that forked it is gone: it ends, too.

Locust forks its workers. Without this they would go on loading the target when their leader is
killed, as nobody is left who could tell them to stop.
"""

import ctypes
import os
import signal

__all__ = ["end_forks_with_their_parent", "is_orphan"]

# From <linux/prctl.h>; the standard library has no name for it.
_PR_SET_PDEATHSIG = 1

# Of the process that imports this first; a fork sees its parent's number in it.
_first_process = os.getpid()
_parent_of_fork: int | None = None


def end_forks_with_their_parent() -> None:
    """Have every later fork of this process ended in order (SIGTERM) when this process ends."""
    os.register_at_fork(after_in_child=_ask_for_the_signal)


def is_orphan() -> bool:
    """Whether this process was forked, and its parent has ended."""
    return _parent_of_fork is not None and os.getppid() != _parent_of_fork


def _ask_for_the_signal() -> None:
    global _parent_of_fork, _first_process
    _parent_of_fork, _first_process = _first_process, os.getpid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if is_orphan():
        # It ended between the fork and this call, so that the kernel sends nothing any more.
        os.kill(os.getpid(), signal.SIGTERM)
