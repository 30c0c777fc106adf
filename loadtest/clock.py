"""The one place that reads a clock, and the one source of randomness without a seed.

Every instant is an integer count of nanoseconds of the system-wide monotonic clock, which all
processes of one host share; wall-clock time is for labels only. A part that needs the time takes it
as an argument or takes a ``Clock``, so that a test can script it. What is random in a workload
comes from a seed (see ``loadtest.workload``); only names and masks, which no figure depends on,
come from here.

The environment variable ``LOADTEST_CLOCK_OFFSET_MS`` sets a process's clock ahead by so much. It is
there for tests alone: two processes of one host then differ like those of two hosts.
"""

import datetime
import os
import random
import time
from collections.abc import Callable

__all__ = [
    "CLOCK_OFFSET_VARIABLE",
    "NS_PER_MS",
    "NS_PER_S",
    "NS_PER_US",
    "US_PER_MS",
    "Clock",
    "clock_set_ahead",
    "monotonic_ns",
    "process_cpu_ns",
    "thread_cpu_ns",
    "unseeded_random",
    "utc_now",
]

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
US_PER_MS = 1_000
NS_PER_S = 1_000_000_000

CLOCK_OFFSET_VARIABLE = "LOADTEST_CLOCK_OFFSET_MS"
"""Sets the clock of a process ahead, for tests."""

Clock = Callable[[], int]
"""Returns the present instant in monotonic nanoseconds."""


def clock_set_ahead(offset_ms: str | None) -> Clock:
    """Return the monotonic clock, ahead by ``offset_ms`` milliseconds; a minus sets it back."""
    if not offset_ms:
        # The function itself, not a wrapper: the engine calls it once per read of a socket.
        return time.monotonic_ns
    offset_ns = round(float(offset_ms) * NS_PER_MS)
    return lambda: time.monotonic_ns() + offset_ns


monotonic_ns: Clock = clock_set_ahead(os.environ.get(CLOCK_OFFSET_VARIABLE))

# User and system time of all threads of this process.
process_cpu_ns: Clock = time.process_time_ns

# The same of the calling thread alone.
thread_cpu_ns: Clock = time.thread_time_ns


def utc_now() -> datetime.datetime:
    """Return the wall-clock time, for labels and run ids."""
    return datetime.datetime.now(datetime.UTC)


def unseeded_random() -> random.Random:
    """Return a new generator that the operating system has seeded, for names and masks."""
    return random.Random()
