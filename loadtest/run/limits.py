"""Limits of this machine that a plan would break, found before anything is sent.

A connection takes an open file and a local port. Without either the generator fails, and it would
look as if the server had refused its users.
"""

import math
import resource
from pathlib import Path

from loadtest.errors import UsageError

__all__ = ["MachineLimits", "check_limits", "machine_limits"]

# Of a process apart from its connections: libraries, logs, results, the bus.
_FILES_BESIDES = 64
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class MachineLimits:
    """How many connections this machine lets a process and a source address have."""

    def __init__(self, open_files: int, ports_per_address: int) -> None:
        self.open_files = open_files
        """Of one process; none: as many as it wants."""
        self.ports_per_address = ports_per_address
        """Connections from one local address to one address of the server."""

    @property
    def devices_per_process(self) -> int:
        """How many devices one process can carry by its open files."""
        return max(self.open_files - _FILES_BESIDES, 0)


def machine_limits() -> MachineLimits:
    """Return the limits of this machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = 1 << 30 if hard == resource.RLIM_INFINITY else hard
    try:
        lowest, highest = (int(part) for part in _PORT_RANGE.read_text().split())
    except (OSError, ValueError):
        lowest, highest = 1_024, 65_535  # not Linux, or hidden: the most that there can be
    return MachineLimits(files, highest - lowest + 1)


def check_limits(
    devices: int,
    *,
    processes: int,
    source_addresses: int,
    server_addresses: int,
    limits: MachineLimits,
) -> None:
    """Check that this machine can have the connections of so many devices.

    Args:
        devices: All devices that run on this machine.
        processes: Over how many processes they are spread.
        source_addresses: How many local addresses they connect from; 0: the kernel's one.
        server_addresses: How many addresses the server's name has.
        limits: Those of the machine.

    Raises:
        UsageError: It cannot; with what to change.
    """
    problems = []
    each = math.ceil(devices / processes)
    if each > limits.devices_per_process:
        needed = each + _FILES_BESIDES
        fitting = math.ceil(devices / max(limits.devices_per_process, 1))
        problems.append(
            f"open files: {each:,} devices in one process need {needed:,}, and its limit is"
            f" {limits.open_files:,}; raise it (ulimit -Hn {needed}) or use --processes {fitting}"
        )
    ports = limits.ports_per_address * max(source_addresses, 1) * server_addresses
    if devices > ports:
        wanted = math.ceil(devices / (limits.ports_per_address * server_addresses))
        problems.append(
            f"local ports: {devices:,} devices need as many, and there are {ports:,}; widen"
            f" net.ipv4.ip_local_port_range, or connect from {wanted} addresses (--source-address)"
        )
    if problems:
        raise UsageError(*problems)
