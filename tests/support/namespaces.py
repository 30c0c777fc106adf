"""Network namespaces, which stand for hosts: each has its own addresses and a way to this one."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Namespace", "namespaces", "why_no_namespaces"]

# 198.18.0.0/15 is for tests of networks. Of its addresses each process of tests takes its own.
_SUBNETS_PER_PROCESS = 8
_PROCESSES = 4096


@dataclass(frozen=True)
class Namespace:
    """One namespace, and how it and this host reach each other."""

    name: str
    gateway: str
    """Address of this host, as seen from there."""

    def command(self, *arguments: str, **variables: str) -> list[str]:
        """Return the command that runs ``arguments`` there, with variables of its environment."""
        settings = [f"{name}={value}" for name, value in variables.items()]
        return ["ip", "netns", "exec", self.name, "env", *settings, *arguments]


def why_no_namespaces() -> str:
    """Return why none can be made here; nothing if they can."""
    if shutil.which("ip") is None:
        return "there is no command ip"
    if os.geteuid() != 0:
        return "network namespaces need root"
    probe = f"ltp{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode:
        return f"ip netns add: {made.stderr.strip()}"
    linked = subprocess.run(
        ["ip", "-n", probe, "link", "add", "ltp0", "type", "veth", "peer", "name", "ltp1"],
        capture_output=True,
        text=True,
    )
    _ip("netns", "del", probe)
    return f"ip link add type veth: {linked.stderr.strip()}" if linked.returncode else ""


@contextmanager
def namespaces(count: int) -> Iterator[Sequence[Namespace]]:
    """Make so many namespaces, and remove them at the end."""
    made: list[Namespace] = []
    try:
        made.extend(map(_make, range(count)))
        yield made
    finally:
        for namespace in made:
            # The link goes with it, at both ends.
            _ip("netns", "del", namespace.name)


def _make(number: int) -> Namespace:
    name = f"lt{os.getpid()}-{number}"
    subnet = 4 * (os.getpid() % _PROCESSES * _SUBNETS_PER_PROCESS + number)
    prefix = f"198.{18 + subnet // 65536 % 2}.{subnet // 256 % 256}"
    here, there = (f"{prefix}.{subnet % 256 + host}" for host in (1, 2))
    outside, inside = f"{name}r", f"{name}n"
    _ip("netns", "add", name)
    _ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
    _ip("addr", "add", f"{here}/30", "dev", outside)
    _ip("link", "set", outside, "up")
    _ip("-n", name, "addr", "add", f"{there}/30", "dev", inside)
    _ip("-n", name, "link", "set", inside, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("-n", name, "route", "add", "default", "via", here)
    return Namespace(name, here)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
