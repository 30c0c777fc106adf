"""Limits of the machine are found before a run breaks them."""

from pathlib import Path

import pytest

from loadtest.errors import UsageError
from loadtest.run import limits as limits_module
from loadtest.run.limits import (
    MachineLimits,
    check_limits,
    machine_limits,
)

LIMITS = MachineLimits(open_files=1_064, ports_per_address=28_232)


def problems(devices: int, *, processes: int = 1, sources: int = 0, servers: int = 1) -> list[str]:
    try:
        check_limits(
            devices,
            processes=processes,
            source_addresses=sources,
            server_addresses=servers,
            limits=LIMITS,
        )
    except UsageError as error:
        return list(error.problems)
    return []


def test_what_fits_is_no_problem() -> None:
    assert problems(1_000) == []
    assert problems(2_000, processes=2) == []


def test_open_files_are_those_of_each_process() -> None:
    assert problems(3_000, processes=2) == [
        "open files: 1,500 devices in one process need 1,564, and its limit is 1,064; raise it"
        " (ulimit -Hn 1564) or use --processes 3"
    ]


def test_ports_are_those_of_all_processes_and_every_pair_of_addresses_has_its_own() -> None:
    assert problems(60_000, processes=100) == [
        "local ports: 60,000 devices need as many, and there are 28,232; widen"
        " net.ipv4.ip_local_port_range, or connect from 3 addresses (--source-address)"
    ]
    assert problems(60_000, processes=100, sources=3) == []
    assert problems(60_000, processes=100, servers=3) == []


def test_both_are_said_at_once() -> None:
    assert [each.partition(":")[0] for each in problems(50_000)] == ["open files", "local ports"]


def test_the_limits_are_those_of_the_kernel() -> None:
    found = machine_limits()

    assert 0 < found.ports_per_address < 65_536
    assert found.devices_per_process > 0


def test_without_a_range_of_ports_the_most_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "_PORT_RANGE", tmp_path / "nowhere")

    assert machine_limits().ports_per_address == 64_512
