"""The verb ``doctor``: what this machine has, and what load it can carry by that.

Nothing is sent to anybody. The exit code is 0 unless something is missing without which no run can
be believed.
"""

import argparse
import itertools
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadtest.clock import monotonic_ns, process_cpu_ns
from loadtest.device.readers import reader_name
from loadtest.run.limits import machine_limits
from loadtest.run.versions import versions

__all__ = ["add_arguments", "run"]

_EXIT_OK = 0
_EXIT_UNFIT = 3
_CLOCK = Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
_MEMORY = Path("/proc/meminfo")
# What docs/performance.md measures: memory of a device, and events for each second of a core.
_KIB_PER_DEVICE = 9
_EVENTS_PER_CPU_S = 34_000
# A core that does nothing else is still wanted by the kernel, by Locust and by bursts.
_CPU_SHARE = 0.6
_KIB_PER_MIB = 1024
_STEPS = 2_000


@dataclass(frozen=True, slots=True)
class _Line:
    """What was found, and what is to be done about it; nothing if it is well."""

    what: str
    found: str
    remedy: str = ""
    is_grave: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb: there are none."""
    parser.epilog = "Exit code 3: no run on this machine could be believed."


def run(_options: argparse.Namespace) -> int:
    """Print what was found and return the exit code."""
    lines = list(_lines())
    width = max(len(line.what) for line in lines)
    for line in lines:
        sign = "!" if line.remedy else "✓"
        print(f" {sign} {line.what:<{width}}  {line.found}")
        if line.remedy:
            print(f"   {'':<{width}}  → {line.remedy}")
    return _EXIT_UNFIT if any(line.is_grave for line in lines) else _EXIT_OK


def _lines() -> Iterator[_Line]:
    yield _Line("versions", ", ".join(f"{name} {number}" for name, number in versions().items()))
    yield _reader()
    yield _system()
    yield _clock_step()
    yield from _capacity()


def _reader() -> _Line:
    name = reader_name()
    remedy = ""
    if name != "compiled":
        remedy = "events cost more in Python: install a C compiler, then this package once more"
    return _Line("reader", name, remedy)


def _system() -> _Line:
    found = f"{platform.system()} {platform.release()}, {platform.machine()}"
    if sys.platform == "linux":
        return _Line("system", found)
    return _Line("system", found, "only Linux is tested", is_grave=True)


def _clock_step() -> _Line:
    """Return what the clock is, and its smallest step as far as it can be seen."""
    instants = [monotonic_ns() for _ in range(_STEPS)]
    steps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    smallest = min((step for step in steps if step > 0), default=0)
    source = _CLOCK.read_text().strip() if _CLOCK.is_file() else "unknown source"
    found = f"{source}, step of {smallest} ns or less"
    if 0 < smallest < 1_000_000:
        return _Line("clock", found)
    return _Line("clock", found, "its steps are too coarse to time a delivery", is_grave=True)


def _capacity() -> Iterator[_Line]:
    limits, cores = machine_limits(), os.cpu_count() or 1
    by_files, by_ports = limits.devices_per_process, limits.ports_per_address
    many = ""
    if by_files < by_ports:
        many = f"ulimit -Hn {by_ports + 64} lets one process use all ports"
    yield _Line("open files", f"{by_files:,} devices in one process", many)
    yield _Line("local ports", f"{by_ports:,} devices from one address to one of the server")
    memory_mib = _free_memory_mib()
    if memory_mib:
        devices = memory_mib * _KIB_PER_MIB // _KIB_PER_DEVICE
        yield _Line("memory", f"{memory_mib:,} MiB free: about {devices:,} idle devices")
    busy = _busy_share(cores)
    free = max(cores * (1 - busy), 0.0)
    events = round(free * _CPU_SHARE * _EVENTS_PER_CPU_S, -3)
    yield _Line(
        "processors",
        f"{cores}, {free:.1f} of them free now: about {events:,.0f} events/s over as many processes"
        " (by docs/performance.md; other processors differ)",
        "other work would be measured as if it were the server's" if busy > 1 / 2 else "",
    )


def _free_memory_mib() -> int:
    try:
        lines = _MEMORY.read_text().splitlines()
    except OSError:
        return 0
    found = next((line for line in lines if line.startswith("MemAvailable:")), "")
    return int(found.split()[1]) // _KIB_PER_MIB if found else 0


def _busy_share(cores: int) -> float:
    """Return which share of the processors was busy in the last minute, without this process."""
    own = process_cpu_ns() / 1e9 / 60
    return min(max(os.getloadavg()[0] - own, 0.0) / cores, 1.0)
