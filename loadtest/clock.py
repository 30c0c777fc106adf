"""The one place that reads a clock, and the one source of randomness without a seed.

Every instant is an integer count of nanoseconds of the system-wide monotonic clock, which all
processes of one host share; wall-clock time is for labels only. A part that needs the time takes it
as an argument or takes a ``Clock``, so that a test can script it. What is random in a workload
comes from a seed (see ``loadtest.workload``); only names and masks, which no figure depends on,
come from here.
"""

import datetime
import random
import time
from collections.abc import Callable

__all__ = [
    "NS_PER_MS",
    "NS_PER_S",
    "NS_PER_US",
    "Clock",
    "monotonic_ns",
    "process_cpu_ns",
    "thread_cpu_ns",
    "unseeded_random",
    "utc_now",
]

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

Clock = Callable[[], int]
"""Returns the present instant in monotonic nanoseconds."""

# The function itself, not a wrapper: the engine calls it once per read of a socket.
monotonic_ns: Clock = time.monotonic_ns

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
