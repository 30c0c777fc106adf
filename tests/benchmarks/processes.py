"""CPU and memory of a process and of everything it started.

A client under test may be a shell script with a virtual machine below it, or a process with forked
workers. It is started as the leader of a session of the operating system, and every process of that
session counts. CPU is user and system time, in nanoseconds.
"""

import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Usage", "cpu_ns", "cpu_ns_of", "processes_of", "proportional_bytes", "usage_of"]

_PROC = Path("/proc")
# Fields of /proc/<pid>/stat, counted after the name in parentheses: state, parent, group, session.
_SESSION_FIELD = 3
_PROCESS_CPU_CLOCK = 2


@dataclass(frozen=True, slots=True)
class Usage:
    """What a session of processes has used so far."""

    cpu_ns: int
    proportional_bytes: int


def processes_of(leader: int) -> list[int]:
    """Return the ids of all processes in the session that ``leader`` leads."""
    return [
        int(entry.name)
        for entry in _PROC.iterdir()
        if entry.name.isdigit() and _session_of(entry) == leader
    ]


def _session_of(entry: Path) -> int:
    try:
        status = (entry / "stat").read_text()
    except OSError:
        return 0  # it ended while we looked
    return int(status.rpartition(")")[2].split()[_SESSION_FIELD])


def cpu_ns(pid: int) -> int:
    """Return the CPU time of one process, all its threads; 0 if it has ended."""
    # Linux has a CPU clock for every process: exact, where /proc counts hundredths of a second.
    try:
        return time.clock_gettime_ns(~pid << 3 | _PROCESS_CPU_CLOCK)
    except OSError:
        return 0


def proportional_bytes(pid: int) -> int:
    """Return the memory of one process, shared pages by their share; 0 if it has ended."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def usage_of(leader: int) -> Usage:
    """Return what the session of ``leader`` has used so far."""
    pids = processes_of(leader)
    return Usage(sum(map(cpu_ns, pids)), sum(map(proportional_bytes, pids)))


def cpu_ns_of(leader: int) -> int:
    """Return the CPU time of the session of ``leader``; cheaper than ``usage_of``."""
    return sum(map(cpu_ns, processes_of(leader)))
