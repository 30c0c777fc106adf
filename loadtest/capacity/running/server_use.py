"""What the server's processes use while a trial goes on: processor, memory, connections.

The processes are on this machine: one that a person names by its id, or the embedded server that a
trial has started. A process that has ended, or that may not be looked at, gives nothing.
"""

from dataclasses import dataclass

import psutil

from loadtest.capacity.study import ServerUse

__all__ = ["Sample", "ServerSampler", "use_between"]

_EMBEDDED = "loadtest.cli.serve"
_BYTES_PER_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """How things stood at one instant."""

    at_s: float
    cpu_s: float
    memory_bytes: int
    sockets: int | None


class ServerSampler:
    """Samples one server with its child processes.

    Args:
        pid: The server's process; None: the embedded server below the trial's process.
    """

    def __init__(self, pid: int | None) -> None:
        self._pid = pid
        self.samples: list[Sample] = []

    def sample(self, trial_pid: int, at_s: float) -> None:
        """Take one sample, if there is a process to look at."""
        try:
            server = psutil.Process(self._pid) if self._pid else _embedded_below(trial_pid)
            if server is None:
                return
            family = [server, *server.children(recursive=True)]
            times = [each.cpu_times() for each in family]
            self.samples.append(
                Sample(
                    at_s,
                    sum(each.user + each.system for each in times),
                    sum(each.memory_info().rss for each in family),
                    _sockets(family),
                )
            )
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return


def use_between(samples: list[Sample], from_s: float, to_s: float) -> ServerUse | None:
    """Return what was used between two instants; None if fewer than two samples are there."""
    held = [each for each in samples if from_s <= each.at_s <= to_s]
    if len(held) < 2:
        return None
    first, last = held[0], held[-1]
    sockets = [each.sockets for each in held if each.sockets is not None]
    return ServerUse(
        cpu_cores=round((last.cpu_s - first.cpu_s) / (last.at_s - first.at_s), 3),
        memory_mb=round(max(each.memory_bytes for each in held) / _BYTES_PER_MB, 1),
        sockets=max(sockets, default=None),
    )


def _embedded_below(pid: int) -> psutil.Process | None:
    for each in psutil.Process(pid).children(recursive=True):
        if _EMBEDDED in each.cmdline():
            return each
    return None


def _sockets(family: list[psutil.Process]) -> int | None:
    try:
        return sum(
            bool(connection.status == psutil.CONN_ESTABLISHED)
            for each in family
            for connection in each.net_connections(kind="tcp")
        )
    except psutil.AccessDenied:
        return None
